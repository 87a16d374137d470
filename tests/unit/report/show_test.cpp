#include "report/show.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace scalectl::report {
namespace {

using core::Unit;
using core::Value;

TEST(Show, EachUnit_IsWrittenForPeople) {
  struct Case {
    Value value;
    Unit unit;
    const char* text;
  };
  const Case cases[] = {
      {0.0, Unit::kSeconds, "0 s"},         {0.00002, Unit::kSeconds, "20 us"},
      {0.0123, Unit::kSeconds, "12.3 ms"},  {0.412, Unit::kSeconds, "412 ms"},
      {6.234, Unit::kSeconds, "6.23 s"},    {62.34, Unit::kSeconds, "62.3 s"},
      {623.4, Unit::kSeconds, "623 s"},     {5184000, Unit::kSeconds, "60d"},
      {1023, Unit::kBytes, "1023 B"},       {1024, Unit::kBytes, "1.0 KiB"},
      {11534336, Unit::kBytes, "11.0 MiB"}, {1.5 * 1099511627776.0, Unit::kBytes, "1.5 TiB"},
      {0.98, Unit::kRatio, "98.0 %"},       {1.234, Unit::kTimes, "1.23x"},
      {12.34, Unit::kTimes, "12.3x"},       {123.4, Unit::kTimes, "123x"},
      {1234567, Unit::kCount, "1,234,567"}, {1234.6, Unit::kCount, "1,235"},
      {1234567, Unit::kPlain, "1,234,567"}, {0.12345, Unit::kPlain, "0.1235"},
      {1234.6, Unit::kPlain, "1,235"},      {Value(), Unit::kBytes, "-"},
      {true, Unit::kPlain, "yes"},          {false, Unit::kCount, "no"},
      {"text", Unit::kSeconds, "text"}};
  for (const Case& c : cases) EXPECT_EQ(show(c.value, c.unit), c.text);
}

TEST(Show, NumberThatIsNone_IsADash) {
  for (const Unit unit : {Unit::kPlain, Unit::kCount, Unit::kSeconds}) {
    EXPECT_EQ(show(std::nan(""), unit), "-");
    EXPECT_EQ(show(std::numeric_limits<double>::infinity(), unit), "-");
  }
}

TEST(Plain, IsTheNumberOrTextAlone) {
  EXPECT_EQ(plain(1234567), "1234567");
  EXPECT_EQ(plain(0.5), "0.5");
  EXPECT_EQ(plain(5.0), "5");
  EXPECT_EQ(plain("a b"), "a b");
  EXPECT_EQ(plain(true), "true");
  EXPECT_EQ(plain(Value()), "");
  EXPECT_EQ(plain(std::nan("")), "");
}

TEST(UnitOf, IsTheSuffixOfTheName) {
  EXPECT_EQ(unit_of("elapsed_s"), Unit::kSeconds);
  EXPECT_EQ(unit_of("wal_bytes"), Unit::kBytes);
  EXPECT_EQ(unit_of("hot_ratio"), Unit::kRatio);
  EXPECT_EQ(unit_of("slowest_time_ratio"), Unit::kTimes);
  EXPECT_EQ(unit_of("throughput_rps"), Unit::kCount);
  EXPECT_EQ(unit_of("rows"), Unit::kPlain);
  EXPECT_EQ(unit_of("_s"), Unit::kPlain);
}

TEST(Flatten, NestedNames_AreJoinedAndListsLeftOut) {
  const core::Object object{{"a", core::Object{{"b", core::Object{{"c", 1}}}, {"d", 2}}},
                            {"list", core::Array{1, 2}},
                            {"e", Value()}};
  std::string names;
  for (const auto& [name, value] : flatten(object, ".")) names += name + " ";
  EXPECT_EQ(names, "a.b.c a.d e ");
}

TEST(LabelOf, IsTheNameForPeople) {
  EXPECT_EQ(label_of("wal_bytes"), "wal");
  EXPECT_EQ(label_of("elapsed_s"), "elapsed");
  EXPECT_EQ(label_of("throughput_rps"), "throughput/s");
  EXPECT_EQ(label_of("hot_ratio"), "hot ratio");
  EXPECT_EQ(label_of("DATABASE_URL"), "DATABASE_URL");
}

}  // namespace
}  // namespace scalectl::report
