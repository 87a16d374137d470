#include "core/json.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "support/thrown.hpp"

namespace scalectl::core {
namespace {

using test::error_of;
using testing::HasSubstr;
using testing::StartsWith;

TEST(ToJson, EachType_IsItsJson) {
  EXPECT_EQ(to_json(Value()), "null");
  EXPECT_EQ(to_json(true), "true");
  EXPECT_EQ(to_json(-7), "-7");
  EXPECT_EQ(to_json(0.5), "0.5");
  EXPECT_EQ(to_json(5.0), "5.0");
  EXPECT_EQ(to_json(Array{1, "a", Value()}), R"([1,"a",null])");
  EXPECT_EQ(to_json(Object{{"z", 1}, {"a", Object{{"b", 2}}}}), R"({"z":1,"a":{"b":2}})");
}

TEST(ToJson, Text_IsEscaped) { EXPECT_EQ(to_json("a\"b\\c\nd\x01é"), R"("a\"b\\c\nd\u0001é")"); }

TEST(ToJson, BadUtf8_IsReplaced) { EXPECT_EQ(to_json("a\xFFz"), "\"a\uFFFDz\""); }

TEST(ToJson, NotFinite_IsNull) {
  EXPECT_EQ(to_json(Array{std::nan(""), std::numeric_limits<double>::infinity()}), "[null,null]");
}

TEST(ToJson, WithIndent_HasOneKeyALine) {
  EXPECT_EQ(to_json(Object{{"a", 1}, {"b", 2}}, 2), "{\n  \"a\": 1,\n  \"b\": 2\n}");
}

TEST(ParseJson, WhatWasWritten_IsReadBack) {
  const std::string text = R"({"z":[1,-2.5,true,null,"é\n"],"a":{"b":{}}})";
  EXPECT_EQ(to_json(parse_json(text, "x")), text);
}

TEST(ParseJson, IntegersAndReals_StayApart) {
  const Value value = parse_json("[1, 1.0]", "x");
  EXPECT_NE((*value.if_array())[0].if_integer(), nullptr);
  EXPECT_NE((*value.if_array())[1].if_real(), nullptr);
}

TEST(ParseJson, Comments_AreAllowed) {
  EXPECT_EQ(to_json(parse_json("{ // why\n \"a\": /* not 2 */ 1 }", "x")), R"({"a":1})");
}

TEST(ParseJson, Mistake_NamesSourceLineAndColumn) {
  const Error error = error_of([] { parse_json("{\n  \"a\": 1,\n  b\n}", "plan.json"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), StartsWith("plan.json:3:3: not valid JSON: "));
}

TEST(ParseJson, NothingAtAll_IsRefused) {
  EXPECT_THAT(error_of([] { parse_json("", "plan.json"); }).message(),
              HasSubstr("plan.json:1:1: not valid JSON"));
}

}  // namespace
}  // namespace scalectl::core
