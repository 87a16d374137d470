#include "core/value.hpp"

#include <gmock/gmock.h>

namespace scalectl::core {
namespace {

TEST(Object, KeepsTheOrderOfItsKeys) {
  Object object{{"z", 1}, {"a", 2}};
  object.set("m", 3);
  std::string keys;
  for (const auto& [key, value] : object) keys += key;
  EXPECT_EQ(keys, "zam");
}

TEST(Object, SetAgain_ReplacesTheValueInItsPlace) {
  Object object{{"a", 1}, {"b", 2}};
  object.set("a", "new");
  EXPECT_EQ(object.size(), 2U);
  EXPECT_EQ(object.begin()->first, "a");
  EXPECT_EQ(*object.find("a")->if_text(), "new");
}

TEST(Object, FindOfAnotherKey_IsNothing) { EXPECT_EQ(Object({{"a", 1}}).find("A"), nullptr); }

TEST(Value, WhatItWasMadeOf_IsItsOnlyType) {
  EXPECT_TRUE(Value().is_null());
  EXPECT_EQ(*Value(true).if_bool(), true);
  EXPECT_EQ(Value(true).if_integer(), nullptr);
  EXPECT_EQ(*Value(7U).if_integer(), 7);
  EXPECT_EQ(*Value(0.5).if_real(), 0.5);
  EXPECT_EQ(Value(0.5).if_integer(), nullptr);
  EXPECT_EQ(*Value("x").if_text(), "x");
  EXPECT_EQ(Value("x").if_bool(), nullptr);
  EXPECT_EQ(Value(Array{1, 2}).if_array()->size(), 2U);
}

TEST(Value, Number_IsTheNumberOrZero) {
  EXPECT_EQ(Value(3).number(), 3.0);
  EXPECT_EQ(Value(2.5).number(), 2.5);
  EXPECT_EQ(Value("3").number(), 0.0);
  EXPECT_EQ(Value(true).number(), 0.0);
}

TEST(Value, OnlyIntegersAndReals_AreNumbers) {
  EXPECT_TRUE(Value(3).is_number());
  EXPECT_TRUE(Value(2.5).is_number());
  EXPECT_FALSE(Value(true).is_number());
  EXPECT_FALSE(Value().is_number());
}

}  // namespace
}  // namespace scalectl::core
