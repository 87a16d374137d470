#include "core/result.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"
#include "core/stopwatch.hpp"

namespace scalectl::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;
using testing::HasSubstr;
using testing::Not;

constexpr sys_days kDay = std::chrono::year(2026) / 1 / 2;

Result with(Verdict verdict) { return {.command = "x", .verdict = verdict}; }

TEST(FormatTime, IsUtcWithMilliseconds) {
  EXPECT_EQ(format_time(kDay + std::chrono::hours(3) + milliseconds(245'678)),
            "2026-01-02T03:04:05.678Z");
}

TEST(FormatTime, BelowAMillisecond_IsCutOff) {
  EXPECT_EQ(format_time(kDay + std::chrono::microseconds(1999)), "2026-01-02T00:00:00.001Z");
}

TEST(FormatTime, BeforeTheEpoch_CountsForward) {
  EXPECT_EQ(format_time(std::chrono::system_clock::time_point(milliseconds(-1))),
            "1969-12-31T23:59:59.999Z");
}

TEST(ToValue, OfAWholeResult_IsTheSchemaOfTheContract) {
  const Result result{
      .command = "tick run",
      .name = "stamina",
      .started_at = kDay + std::chrono::hours(3) + milliseconds(245'678),
      .elapsed_s = 0.412,
      .verdict = Verdict::kPass,
      .band = "excellent",
      .threshold_s = 5.0,
      .params = {{"strategy", "set"}, {"players", 100000}},
      .metrics = {{"rows", 95012}, {"statements", 1}, {"hot_ratio", 0.98}, {"wal_bytes", 11534336}},
      .environment = {.scalectl = "0.1.0",
                      .postgres = "15.18",
                      .redis = std::nullopt,
                      .cores = 2,
                      .host = "linux x86_64"}};
  EXPECT_EQ(to_json(to_value(result)),
            R"({"schema":"scalectl.result/1","command":"tick run","name":"stamina",)"
            R"("started_at":"2026-01-02T03:04:05.678Z","elapsed_s":0.412,)"
            R"("verdict":"pass","band":"excellent","threshold_s":5.0,)"
            R"("params":{"strategy":"set","players":100000},)"
            R"("metrics":{"rows":95012,"statements":1,"hot_ratio":0.98,"wal_bytes":11534336},)"
            R"("environment":{"scalectl":"0.1.0","postgres":"15.18","redis":null,)"
            R"("cores":2,"host":"linux x86_64"},)"
            R"("notes":[]})");
}

TEST(ToValue, WhatIsAbsent_IsNull) {
  const std::string json = to_json(to_value(with(Verdict::kPass)));
  EXPECT_THAT(json, HasSubstr(R"("band":null,"threshold_s":null,"params":{},"metrics":{})"));
  EXPECT_THAT(json, Not(HasSubstr("tables")));
}

TEST(ToValue, Tables_AreListsOfObjects) {
  Result result = with(Verdict::kPass);
  result.tables.push_back({.key = "indexes",
                           .title = "",
                           .columns = {{"index", "index"}, {"size_bytes", "size", Unit::kBytes}},
                           .rows = {{"idx_a", 8192}, {"idx_b", Value()}}});
  EXPECT_THAT(to_json(to_value(result)),
              HasSubstr(R"("tables":{"indexes":[{"index":"idx_a","size_bytes":8192},)"
                        R"({"index":"idx_b","size_bytes":null}]})"));
}

TEST(ExitCodeOfResults, SaysTheMostSeriousVerdict) {
  const Result pass = with(Verdict::kPass);
  const Result warn = with(Verdict::kWarn);
  const Result fail = with(Verdict::kFail);
  const Result inconclusive = with(Verdict::kInconclusive);
  EXPECT_EQ(exit_code({}), 0);
  EXPECT_EQ(exit_code({pass, warn}), 0);
  EXPECT_EQ(exit_code({pass, inconclusive}), 6);
  EXPECT_EQ(exit_code({inconclusive, fail, pass}), 1);
}

TEST(ToText, OfEachVerdict_IsTheWordOfTheContract) {
  EXPECT_EQ(to_text(Verdict::kPass), "pass");
  EXPECT_EQ(to_text(Verdict::kWarn), "warn");
  EXPECT_EQ(to_text(Verdict::kFail), "fail");
  EXPECT_EQ(to_text(Verdict::kInconclusive), "inconclusive");
}

TEST(Stopwatch, Stamp_DatesTheBeginning) {
  const auto before = std::chrono::system_clock::now();
  const Stopwatch watch;
  const auto after = std::chrono::system_clock::now();
  Result result = with(Verdict::kPass);
  result.elapsed_s = -1;
  watch.stamp(result);
  EXPECT_GE(result.started_at, before);
  EXPECT_LE(result.started_at, after);
  EXPECT_GE(result.elapsed_s, 0);
}

}  // namespace
}  // namespace scalectl::core
