#include "load/schedule.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "support/thrown.hpp"

namespace scalectl::load {
namespace {

using core::kSecond;
using core::Nanos;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using Wide = unsigned __int128;

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kDay = 24 * kHour;
constexpr Nanos kNever = Schedule::kNever;

Schedule constant(const char* rate, Nanos duration) {
  return Schedule::constant(parse_rate(rate), duration);
}
Schedule staged(const char* text) { return Schedule::stages(parse_stages(text)); }

// --- the text of rates, stages and shards ---

TEST(ParseRate, ExactRatio_InLowestTerms) {
  const std::pair<const char*, Rate> cases[] = {{"1000/s", {1, 1'000'000}},
                                                {"1000", {1, 1'000'000}},
                                                {"997", {997, kSecond}},
                                                {"30/m", {1, 2 * kSecond}},
                                                {"30/min", {1, 2 * kSecond}},
                                                {"1k/s", {1, 1'000'000}},
                                                {"2.5/s", {1, 400'000'000}},
                                                {"1/h", {1, 3600 * kSecond}},
                                                {"0.5/h", {1, 2 * kHour}},
                                                {"1.5k/m", {1, 40'000'000}},
                                                {"10M/s", {1, 100}},
                                                {"10000000", {1, 100}},
                                                {"0.000001/h", {1, 1'000'000 * kHour}}};
  for (const auto& [text, rate] : cases) EXPECT_EQ(parse_rate(text), rate) << text;
}

TEST(ParseRate, AnythingElse_IsRefusedWithItsPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "column 1: a positive number is expected"},
      {"/s", "column 1: a positive number is expected"},
      {"-1", "column 1: a positive number is expected"},
      {"x", "column 1: a positive number is expected"},
      {".", "column 1: a positive number is expected"},
      {"0", "column 1: a positive number is expected"},
      {"0.0/s", "column 1: a positive number is expected"},
      {"10x", "column 3: /s, /m or /h is expected"},
      {"1e3", "column 2: /s, /m or /h is expected"},
      {"1 /s", "column 2: /s, /m or /h is expected"},
      {"1.2.3", "column 4: /s, /m or /h is expected"},
      {"1kk", "column 3: /s, /m or /h is expected"},
      {"1k/", "column 4: s, m or h is expected"},
      {"100/d", "column 5: s, m or h is expected"},
      {"100/s ", "column 5: s, m or h is expected"},
      {"1.0000001", "column 9: more than 6 decimals"},
      {"1234567890123456789", "column 19: too many digits"},
      {"10000001", "column 1: more than 10^7/s"},
      {"10.1M/s", "column 1: more than 10^7/s"},
      {"999999999999999999M", "column 1: more than 10^7/s"}};
  for (const auto& [text, why] : cases) {
    const core::Error error = error_of([&, t = text] { parse_rate(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "\"" + std::string(text) + "\" is not a rate: " + why);
    EXPECT_THAT(error.hint(), HasSubstr("30/m"));
  }
}

TEST(RateToText, IsWhatParsesToIt) {
  for (const char* text : {"1000/s", "30/m", "1/h", "997/s", "1/m", "0/s"}) {
    EXPECT_EQ(to_text(parse_stages(std::string("1s:") + text)[0].target), text);
  }
  EXPECT_EQ(to_text(parse_rate("0.0125/s")), "45/h");
  EXPECT_EQ(to_text(parse_rate("1000.5/s")), "60030/m");
  EXPECT_EQ(to_text(parse_rate("0.5/h")), "0.000138889/s");
}

TEST(ParseStages, DurationAndRate_InTheMannerOfK6) {
  EXPECT_THAT(parse_stages("30s:100,1m:1000/s, 1m30s:30/m,0s:0"),
              ElementsAre(Stage{30 * kSecond, {1, 10'000'000}}, Stage{60 * kSecond, {1, 1'000'000}},
                          Stage{90 * kSecond, {1, 2 * kSecond}}, Stage{0, {0, 1}}));
}

TEST(ParseStages, AnythingElse_IsRefusedWithStageAndColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "stage 1 \"\" at column 1: DURATION:RATE is expected"},
      {"30s:100,1m=5", "stage 2 \"1m=5\" at column 9: DURATION:RATE is expected"},
      {"30s:100,", "stage 2 \"\" at column 9: DURATION:RATE is expected"},
      {"1x:5", "stage 1 \"1x:5\" at column 1: \"1x\" is not a duration"},
      {"1s:5,:5", "stage 2 \":5\" at column 6: \"\" is not a duration"},
      {"1s:5,2s:5x",
       "stage 2 \"2s:5x\" at column 6: \"5x\" is not a rate: column 2: /s, /m or /h is expected"},
      {"1s:-5",
       "stage 1 \"1s:-5\" at column 1: \"-5\" is not a rate: column 1: a positive number is "
       "expected"}};
  for (const auto& [text, message] : cases) {
    const core::Error error = error_of([&, t = text] { parse_stages(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), message);
    EXPECT_NE(error.hint(), "");
  }
}

TEST(ParseShard, IndexAndCount_FromZero) {
  EXPECT_EQ(parse_shard("0/1"), (Shard{0, 1}));
  EXPECT_EQ(parse_shard("3/4"), (Shard{3, 4}));
}

TEST(ParseShard, AnythingElse_IsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "INDEX/COUNT is expected"},
      {"1", "INDEX/COUNT is expected"},
      {"4/4", "the index goes from 0 to 3"},
      {"0/0", "the count is at least 1"},
      {"-1/4", "\"-1\" is not a whole number"},
      {"1/", "\"\" is not a whole number"},
      {"1/4/2", "\"4/2\" is not a whole number"},
      {"0/1000000000", "\"1000000000\" is not a whole number"}};
  for (const auto& [text, why] : cases) {
    const core::Error error = error_of([&, t = text] { parse_shard(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "\"" + std::string(text) + "\" is not a shard: " + why);
  }
}

// --- constant rates ---

TEST(Schedule, ConstantRate_StartsAtTheCeilingOfKPeriods) {
  const Schedule schedule = constant("997/s", 60 * kSecond);
  EXPECT_EQ(schedule.total(), 59'820U);
  EXPECT_EQ(schedule.end(), 60 * kSecond);
  const std::pair<std::uint64_t, Nanos> cases[] = {{0, 0},
                                                   {1, 1'003'010},
                                                   {2, 2'006'019},
                                                   {996, 998'996'991},
                                                   {997, kSecond},
                                                   {998, 1'001'003'010},
                                                   {1994, 2 * kSecond},
                                                   {59'819, 59'998'996'991},
                                                   {59'820, kNever},
                                                   {std::uint64_t(-1), kNever}};
  for (const auto& [k, at] : cases) EXPECT_EQ(schedule.start(k), at) << k;
}

TEST(Schedule, ConstantRate_EverySecondHasItsShare) {
  for (const char* rate : {"997/s", "1000/s", "2.5/s", "333.333/s"}) {
    const Schedule schedule = constant(rate, 60 * kSecond);
    for (Nanos second = 0; second < 60; ++second) {
      const auto planned = static_cast<double>(schedule.expected((second + 1) * kSecond) -
                                               schedule.expected(second * kSecond));
      EXPECT_NEAR(planned, parse_rate(rate).per_second(), 1) << rate << " " << second;
    }
  }
}

TEST(Schedule, Totals_AreThoseBeforeTheEnd) {
  const std::tuple<const char*, Nanos, std::uint64_t> cases[] = {{"1000/s", kSecond, 1000},
                                                                 {"1000/s", kSecond + 1, 1001},
                                                                 {"1000/s", kSecond - 1, 1000},
                                                                 {"2.5/s", kSecond, 3},
                                                                 {"1/h", 60 * kSecond, 1},
                                                                 {"1/h", kHour + 1, 2},
                                                                 {"1/s", 1, 1},
                                                                 {"10M/s", kSecond, 10'000'000},
                                                                 {"30/m", 10 * kSecond, 5},
                                                                 {"0.7/s", 10 * kSecond, 7}};
  for (const auto& [rate, duration, total] : cases) {
    EXPECT_EQ(constant(rate, duration).total(), total) << rate << " " << duration;
  }
}

TEST(Schedule, LessThanOneAMinute_KeepsItsInstants) {
  const Schedule schedule = constant("0.7/h", 10 * kHour);
  EXPECT_EQ(schedule.total(), 7U);
  EXPECT_EQ(schedule.start(1), 5'142'857'142'858);
  EXPECT_EQ(schedule.start(6), 30'857'142'857'143);
}

TEST(Schedule, SoakOfADayAtTenMillionASecond_DoesNotDrift) {
  const Schedule schedule = constant("10M/s", kDay);
  EXPECT_EQ(schedule.total(), 864'000'000'000U);
  EXPECT_EQ(schedule.start(863'999'999'999), kDay - 100);
  EXPECT_EQ(schedule.expected(kDay - 100), 863'999'999'999U);
  EXPECT_EQ(constant("9999999.9/s", kDay).total(), 863'999'991'360U);
  EXPECT_EQ(constant("333333.333333/s", kDay).start(28'799'999'999), 86'399'999'997'087);
}

TEST(Schedule, CountAlone_EndsAfterTheLastPeriod) {
  const Schedule schedule = Schedule::constant(parse_rate("1000/s"), std::nullopt, 5);
  EXPECT_EQ(schedule.total(), 5U);
  EXPECT_EQ(schedule.end(), 5'000'000);
  EXPECT_EQ(schedule.start(4), 4'000'000);
  EXPECT_EQ(schedule.start(5), kNever);
  EXPECT_EQ(schedule.expected(kHour), 5U);
}

TEST(Schedule, CountAndDuration_WhicheverIsFirst) {
  const Rate rate = parse_rate("1000/s");
  EXPECT_EQ(Schedule::constant(rate, kSecond, 10).total(), 10U);
  EXPECT_EQ(Schedule::constant(rate, kSecond, 10).end(), 10'000'000);
  EXPECT_EQ(Schedule::constant(rate, kSecond, 1000).total(), 1000U);
  EXPECT_EQ(Schedule::constant(rate, kSecond, 2000).total(), 1000U);
  EXPECT_EQ(Schedule::constant(rate, kSecond, 2000).end(), kSecond);
}

TEST(Schedule, WithoutEnd_GoesOn) {
  const Schedule schedule = Schedule::constant(parse_rate("1000/s"));
  EXPECT_EQ(schedule.total(), Schedule::kUnbounded);
  EXPECT_EQ(schedule.end(), std::nullopt);
  EXPECT_EQ(schedule.start(100'000'000'000), 100'000 * 1000 * kSecond);
  EXPECT_EQ(schedule.start(Schedule::kUnbounded), kNever);
  EXPECT_EQ(schedule.expected(kDay), 86'400'000U);
  EXPECT_EQ(schedule.cursor().next(), (Arrival{0, 0}));
}

// --- stages ---

TEST(Schedule, RampFromZero_StartsAtTheSquareRoot) {
  const Schedule schedule = staged("10s:1000");
  EXPECT_EQ(schedule.total(), 5000U);
  EXPECT_EQ(schedule.start(0), 0);
  EXPECT_EQ(schedule.start(1), 141'421'357);  // sqrt(1/50) s
  EXPECT_EQ(schedule.start(50), kSecond);
  EXPECT_EQ(schedule.start(1250), 5 * kSecond);
  for (std::uint64_t k = 1; k < 5000; ++k) {
    const auto at = static_cast<Wide>(schedule.start(k));
    const Wide square = Wide{k} * kSecond * kSecond;  // 50 t^2 = k, in square nanoseconds
    ASSERT_GE(50 * at * at, square) << k;
    ASSERT_LT(50 * (at - 1) * (at - 1), square) << k;
  }
}

TEST(Schedule, RampOfDecades_IsExactToTheNanosecond) {
  const Schedule schedule = staged("18000d:1");
  const Wide length = Wide{18'000} * kDay;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::uint64_t k = 1 + core::Rng(8, 1, i).below(schedule.total() - 1);
    const auto at = static_cast<Wide>(schedule.start(k));
    ASSERT_GE(at * at, 2 * length * kSecond * k) << k;
    ASSERT_LT((at - 1) * (at - 1), 2 * length * kSecond * k) << k;
  }
}

TEST(Schedule, RampToZero_IsTheMirrorImage) {
  const Schedule schedule = staged("0s:1000,10s:0");
  EXPECT_EQ(schedule.total(), 5000U);
  EXPECT_EQ(schedule.start(0), 0);
  for (std::uint64_t k = 1; k < 5000; ++k) {
    const auto left = static_cast<Wide>(10 * kSecond - schedule.start(k));
    const Wide square = Wide{5000 - k} * kSecond * kSecond;
    ASSERT_LE(50 * left * left, square) << k;
    ASSERT_GT(50 * (left + 1) * (left + 1), square) << k;
  }
}

TEST(Schedule, Totals_OfStagesAreTheirAreas) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"30s:100,1m:1000,10s:0", 1500 + 33'000 + 5000},
      {"0s:1000,1m:1000", 60'000},
      {"0s:100,10s:100,0s:10000,1s:10000,0s:100,10s:100", 1000 + 10'000 + 1000},  // a spike
      {"10s:0,1s:10", 5},
      {"1s:10,10s:0,0s:0,5s:0", 55},
      {"1s:10,0s:0,10s:0", 5},
      {"2s:10,0s:0,10s:0,0s:10,1s:10", 20},
      {"1s:1,1s:0", 1},
      {"24h:10M", 432'000'000'000},
      {"24h:997,24h:9999991,24h:0", 43'070'400 + 432'042'681'600 + 431'999'611'200}};
  for (const auto& [text, total] : cases) EXPECT_EQ(staged(text).total(), total) << text;
}

TEST(Schedule, ArrivalThatTheAreaReachesInAPause_WaitsForTheNextRamp) {
  const Schedule schedule = staged("0s:10,1s:10,0s:0,10s:0,0s:10,1s:10");
  EXPECT_EQ(schedule.start(9), 900'000'000);
  EXPECT_EQ(schedule.start(10), 11 * kSecond);
  EXPECT_EQ(schedule.expected(11 * kSecond), 10U);
  EXPECT_EQ(schedule.expected(11 * kSecond + 1), 11U);
}

TEST(Schedule, PauseFirst_PutsArrivalZeroWhereTheRateBegins) {
  EXPECT_EQ(staged("10s:0,1s:10").start(0), 10 * kSecond);
  EXPECT_EQ(Schedule::stages(parse_stages("10s:0,0s:10,1s:10"), {}).start(0), 10 * kSecond);
}

TEST(Schedule, StartRate_IsWhereTheFirstStageBegins) {
  EXPECT_EQ(Schedule::stages(parse_stages("10s:1000"), parse_rate("1000")).total(), 10'000U);
  EXPECT_EQ(Schedule::stages(parse_stages("10s:1000"), parse_rate("500")).total(), 7500U);
}

TEST(Schedule, NothingToPlan_IsRefused) {
  for (const char* text : {"10s:0", "0s:1000", "0s:0,1h:0"}) {
    EXPECT_EQ(error_of([&] { staged(text); }).message(), "the schedule plans no arrivals");
  }
  const Rate rate{1, kSecond};
  EXPECT_THROW(Schedule::stages({}), core::Error);
  EXPECT_THROW(Schedule::constant(Rate{}, kSecond), core::Error);
  EXPECT_THROW(Schedule::constant(rate, 0), core::Error);
  EXPECT_THROW(Schedule::constant(rate, kSecond, 0), core::Error);
}

TEST(Schedule, BeyondWhatIsExact_IsRefused) {
  EXPECT_THAT(error_of([] {
                Schedule::constant(Rate{1, 99}, kSecond);
              }).message(),
              HasSubstr("more than 10^7/s"));
  EXPECT_THAT(error_of([] { staged("36000d:1,36000d:1"); }).message(),
              HasSubstr("longer than 146 years"));
  EXPECT_THAT(error_of([] {
                Schedule::constant(Rate{1, kHour}, std::nullopt, 1'300'000);
              }).message(),
              HasSubstr("longer than 146 years"));
  EXPECT_EQ(error_of([] { staged("1s:1,300d:9999999.999999"); }).message(),
            "stage 2: from 1/s to 1e+07/s over 300d: this ramp is too long to be computed exactly");
}

// --- against the integral, added up nanosecond by nanosecond ---

constexpr std::uint64_t kLength = 12'000;  // every stage's length divides it

/// S(t) for t from 0 to the end, in units of 1 / (2 * kLength * 10^9); rates in whole arrivals per
/// second. Each nanosecond adds a trapezoid.
std::vector<std::uint64_t> integral(const std::vector<Stage>& stages) {
  std::vector<std::uint64_t> area{0};
  std::uint64_t from = 0;
  for (const Stage& stage : stages) {
    const auto length = static_cast<std::uint64_t>(stage.duration);
    const std::uint64_t to = stage.target.count * (kSecond / stage.target.nanos);
    const std::uint64_t scale = length == 0 ? 0 : kLength / length;
    for (std::uint64_t t = 0; t < length; ++t) {
      area.push_back(area.back() + (from * (2 * length - 2 * t - 1) + to * (2 * t + 1)) * scale);
    }
    from = to;
  }
  return area;
}

/// The first instant by which S has reached k and from which it exceeds it.
std::vector<Nanos> instants(const std::vector<std::uint64_t>& area) {
  constexpr std::uint64_t kOne = 2 * kLength * kSecond;
  std::vector<Nanos> all;
  for (std::size_t t = 0; t + 1 < area.size(); ++t) {
    while (area[t] >= all.size() * kOne && area[t + 1] > all.size() * kOne) {
      all.push_back(static_cast<Nanos>(t));
    }
  }
  return all;
}

std::vector<Stage> random_stages(std::uint64_t seed) {
  constexpr std::uint64_t kLengths[] = {0, 1, 12, 1000, 3000, 12'000, 12'000};
  core::Rng rng(seed, 2, 3);
  std::vector<Stage> stages;
  for (std::uint64_t i = 2 + rng.below(7); i > 0; --i) {
    const std::uint64_t target = rng.chance(0.3) ? 0 : 1 + rng.below(10'000'000);
    stages.push_back({static_cast<Nanos>(kLengths[rng.below(7)]), {target, kSecond}});
  }
  stages.push_back({12'000, {10'000'000, kSecond}});
  stages.push_back({rng.chance(0.5) ? 12'000 : 0, {0, kSecond}});
  stages.push_back({rng.chance(0.5) ? 1000 : 0, {0, kSecond}});
  return stages;
}

TEST(Schedule, RandomStages_AgreeWithTheSumOfTrapezoids) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::vector<Stage> stages = random_stages(seed);
    const Schedule schedule = Schedule::stages(stages);
    const std::vector<std::uint64_t> area = integral(stages);
    const std::vector<Nanos> expected = instants(area);
    ASSERT_EQ(schedule.total(), expected.size()) << seed;
    for (std::uint64_t k = 0; k < expected.size(); ++k) {
      ASSERT_EQ(schedule.start(k), expected[k]) << seed << " " << k;
    }
    std::uint64_t before = 0;
    for (std::size_t t = 0; t <= area.size() + 5; ++t) {
      ASSERT_EQ(schedule.expected(static_cast<Nanos>(t)), before) << seed << " " << t;
      while (before < expected.size() && expected[before] == static_cast<Nanos>(t)) ++before;
    }
  }
}

// --- properties of long and short schedules alike ---

std::vector<Schedule> samples() {
  std::vector<Schedule> all;
  for (const char* rate : {"997/s", "10M/s", "0.7/h", "2.5/s", "333333.333333/s"}) {
    all.push_back(constant(rate, kDay));
  }
  for (const char* text :
       {"10s:1000", "30s:100,1m:1000,10s:0", "0s:1000,24h:0", "24h:997,24h:9999991,24h:0",
        "1h:30/m,0s:10M,1s:10M,5s:0,10s:0,1h:333.333", "24h:0.000001/h,1s:1,24h:0,0s:7,9s:7",
        "1s:10,1s:0,10s:0,1s:10", "0s:10,1s:10,0s:0,10s:0,0s:10,1s:10"}) {
    all.push_back(staged(text));
  }
  return all;
}

/// Some arrivals from everywhere: the first, the last, and draws in between.
std::vector<std::uint64_t> probes(const Schedule& schedule) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    all.push_back(core::Rng(4, 5, i).below(schedule.total()));
    if (i < schedule.total()) all.push_back(i);
    if (i < schedule.total()) all.push_back(schedule.total() - 1 - i);
  }
  return all;
}

TEST(Schedule, Starts_NeverFallAndStayBeforeTheEnd) {
  for (const Schedule& schedule : samples()) {
    for (const std::uint64_t k : probes(schedule)) {
      ASSERT_GE(schedule.start(k), 0);
      ASSERT_LT(schedule.start(k), schedule.end());
      ASSERT_LE(schedule.start(k), schedule.start(k + 1));
    }
    EXPECT_EQ(schedule.start(schedule.total()), kNever);
  }
}

TEST(Schedule, Expected_IsTheInverseOfStart) {
  for (const Schedule& schedule : samples()) {
    EXPECT_EQ(schedule.expected(*schedule.end()), schedule.total());
    EXPECT_EQ(schedule.expected(kNever), schedule.total());
    EXPECT_EQ(schedule.expected(0), 0U);
    EXPECT_EQ(schedule.expected(-1), 0U);
    for (const std::uint64_t k : probes(schedule)) {
      for (const Nanos t : {schedule.start(k), schedule.start(k) + 1, schedule.start(k) - 1}) {
        const std::uint64_t n = schedule.expected(t);
        ASSERT_TRUE(n == 0 || schedule.start(n - 1) < t);
        ASSERT_LE(t, schedule.start(n));
      }
    }
  }
}

TEST(ScheduleCursor, Arrivals_AreThoseOfRandomAccess) {
  for (const Schedule& schedule : samples()) {
    Schedule::Cursor cursor = schedule.cursor();
    const std::uint64_t steps = std::min<std::uint64_t>(schedule.total(), 50'000);
    for (std::uint64_t k = 0; k < steps; ++k) {
      ASSERT_EQ(cursor.next(), (Arrival{k, schedule.start(k)}));
    }
  }
}

TEST(ScheduleCursor, LongStrides_ReachTheEndOfEverySchedule) {
  for (const Schedule& schedule : samples()) {
    const Shard shard{0, schedule.total() / 5000 + 1};
    Schedule::Cursor cursor = schedule.cursor(shard);
    for (std::uint64_t k = 0; k < schedule.total(); k += shard.count) {
      ASSERT_EQ(cursor.next(), (Arrival{k, schedule.start(k)}));
    }
    EXPECT_EQ(cursor.next().at, kNever);
  }
}

TEST(ScheduleCursor, AfterTheEnd_SaysNeverForGood) {
  const Schedule schedule = Schedule::constant(parse_rate("1000/s"), std::nullopt, 2);
  Schedule::Cursor cursor = schedule.cursor();
  EXPECT_EQ(cursor.next(), (Arrival{0, 0}));
  EXPECT_EQ(cursor.next(), (Arrival{1, 1'000'000}));
  EXPECT_EQ(cursor.next().at, kNever);
  EXPECT_EQ(cursor.next().at, kNever);
}

TEST(Shard, Union_IsTheRunWithoutShards) {
  for (const char* text : {"1s:100,2s:1000,1s:0", "0s:997,3s:997"}) {
    const Schedule schedule = staged(text);
    std::vector<Nanos> whole(schedule.total(), -1);
    std::uint64_t shares = 0;
    for (std::uint64_t i = 0; i < 7; ++i) {
      const Shard shard{i, 7};
      Schedule::Cursor cursor = schedule.cursor(shard);
      std::uint64_t own = 0;
      for (Arrival a = cursor.next(); a.at != kNever; a = cursor.next()) {
        ASSERT_TRUE(shard.owns(a.index));
        ASSERT_EQ(whole.at(a.index), -1);
        whole[a.index] = a.at;
        ++own;
      }
      EXPECT_EQ(own, shard.share(schedule.total()));
      shares += own;
    }
    EXPECT_EQ(shares, schedule.total());
    for (std::uint64_t k = 0; k < whole.size(); ++k) ASSERT_EQ(whole[k], schedule.start(k));
  }
}

}  // namespace
}  // namespace scalectl::load
