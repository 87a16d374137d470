#include "core/parse.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::core {
namespace {

using std::chrono::sys_days;
using test::error_of;
using testing::HasSubstr;

const std::string kHugeNumber(400, '9');

TEST(ParseDuration, EachUnit_IsItsLengthInSeconds) {
  const std::pair<const char*, double> cases[] = {
      {"250us", 0.00025}, {"300ms", 0.3},      {"5s", 5},        {"90", 90},
      {"0", 0},           {"2m", 120},         {"2min", 120},    {"1.5h", 5400},
      {"2d", 172800},     {"1m30s", 90},       {"1h0.5m", 3630}, {"1d2h3m4s5ms", 93784.005},
      {".5s", 0.5},       {"36500d", 3.1536e9}};
  for (const auto& [text, seconds] : cases) {
    EXPECT_DOUBLE_EQ(parse_duration(text).count(), seconds) << text;
  }
}

TEST(ParseDuration, AnythingElse_IsRefused) {
  for (const std::string text :
       {"",    "s",   "5x",  "5s5", "1h30",   "30s1m", "5s5s",   "-5s",  "+5s", " 5s",
        "5s ", "5 s", "1e3", "5S",  "1.2.3s", ".",     "1m,30s", "0x10", "nan", "inf"}) {
    const Error error = error_of([&] { parse_duration(text); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "\"" + text + "\" is not a duration");
    EXPECT_THAT(error.hint(), HasSubstr("1m30s"));
  }
}

TEST(ParseDuration, BeyondAHundredYears_IsRefused) {
  EXPECT_THAT(error_of([] { parse_duration("36501d"); }).hint(), HasSubstr("100 years"));
  EXPECT_THROW(parse_duration(kHugeNumber + "s"), Error);
}

TEST(ParseCount, Suffixes_AreThousands) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"0", 0},
      {"5000", 5000},
      {"10k", 10'000},
      {"10K", 10'000},
      {"1M", 1'000'000},
      {"1.5M", 1'500'000},
      {"2G", 2'000'000'000},
      {"1.1k", 1100},
      {"0.001k", 1},
      {"1000000000000000", 1'000'000'000'000'000}};
  for (const auto& [text, count] : cases) EXPECT_EQ(parse_count(text), count) << text;
}

TEST(ParseCount, AnythingElse_IsRefused) {
  for (const std::string text :
       {"", "k", "-1", "+1", "1 000", "1,000", "10kk", "10m", "1e6", "0x10", "10KiB"}) {
    EXPECT_EQ(error_of([&] { parse_count(text); }).message(), "\"" + text + "\" is not a count");
  }
}

TEST(ParseCount, PartOfAUnit_IsRefusedAndNotRounded) {
  for (const char* text : {"1.5", "1.0005k", "0.0000001", "1.0000000001k"}) {
    EXPECT_THAT(error_of([&] { parse_count(text); }).hint(), HasSubstr("whole number")) << text;
  }
}

TEST(ParseCount, Beyond10To15_IsRefused) {
  EXPECT_THAT(error_of([] { parse_count("1000000000000001"); }).hint(), HasSubstr("10^15"));
  EXPECT_THROW(parse_count(kHugeNumber), Error);
}

TEST(ParseSize, Units_ArePowersOf1000_OrWithAnIOf1024) {
  const std::pair<const char*, std::int64_t> cases[] = {{"512", 512},
                                                        {"512B", 512},
                                                        {"1KB", 1000},
                                                        {"1kB", 1000},
                                                        {"64KiB", 65536},
                                                        {"1.5KiB", 1536},
                                                        {"1MB", 1'000'000},
                                                        {"1MiB", 1'048'576},
                                                        {"2GB", 2'000'000'000},
                                                        {"1GiB", 1'073'741'824},
                                                        {"1TB", 1'000'000'000'000}};
  for (const auto& [text, bytes] : cases) EXPECT_EQ(parse_size(text), bytes) << text;
}

TEST(ParseSize, AnythingElse_IsRefused) {
  for (const std::string text : {"", "B", "1K", "1kib", "1 MB", "-1MB", "0.5B"}) {
    EXPECT_EQ(error_of([&] { parse_size(text); }).message(), "\"" + text + "\" is not a size");
  }
}

TEST(ParseRatio, NumberOrPercentage_IsTheShare) {
  const std::pair<const char*, double> cases[] = {{"0", 0},     {"1", 1},    {"0.05", 0.05},
                                                  {"5%", 0.05}, {"100%", 1}, {"12.5%", 0.125}};
  for (const auto& [text, share] : cases) EXPECT_DOUBLE_EQ(parse_ratio(text), share) << text;
}

TEST(ParseRatio, AnythingElse_IsRefused) {
  for (const std::string text : {"", "%", "1.01", "101%", "5", "-0.1", "5 %", "5%%", "0,5"}) {
    EXPECT_EQ(error_of([&] { parse_ratio(text); }).message(), "\"" + text + "\" is not a share");
  }
}

TEST(ParseInteger, WithOrWithoutMinus_IsTheNumber) {
  EXPECT_EQ(parse_integer("-17"), -17);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
}

TEST(ParseInteger, AnythingElse_IsRefused) {
  for (const std::string text : {"", "-", "+1", "1.0", "1k", " 1", "1 ", "9223372036854775808"}) {
    EXPECT_EQ(error_of([&] { parse_integer(text); }).message(),
              "\"" + text + "\" is not a whole number");
  }
}

constexpr sys_days kSomeDay = std::chrono::year(2026) / 1 / 31;

TEST(ParseTime, DateOrDateAndTime_IsUtc) {
  EXPECT_EQ(parse_time("2026-01-31", {}), kSomeDay);
  EXPECT_EQ(parse_time("2026-01-31T23:59:58Z", {}),
            kSomeDay + std::chrono::hours(24) - std::chrono::seconds(2));
}

TEST(ParseTime, Now_IsTheGivenMoment) { EXPECT_EQ(parse_time("now", kSomeDay), kSomeDay); }

TEST(ParseTime, AnythingElse_IsRefused) {
  for (const std::string text :
       {"", "today", "2026-1-31", "2026-02-29", "2026-13-01", "2026-01-00", "2026/01/31",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z",
        "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00Zx", "-026-01-01",
        "2026-01-31T-1:00:00Z", "2026-01-31T-0:00:00Z"}) {
    EXPECT_EQ(error_of([&] { parse_time(text, {}); }).message(), "\"" + text + "\" is not a time");
  }
}

TEST(FormatDuration, IsWrittenAsPeopleDo) {
  const std::pair<double, const char*> cases[] = {{0, "0s"},     {0.3, "300ms"}, {5, "5s"},
                                                  {90, "1m30s"}, {60, "1m"},     {5400, "1h30m"},
                                                  {86400, "1d"}, {1.5, "1.5s"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(format_duration(Seconds(seconds)), text);
}

}  // namespace
}  // namespace scalectl::core
