#include "load/outcome.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"
#include "support/json.hpp"
#include "support/thrown.hpp"

namespace scalectl::load {
namespace {

using core::kMillisecond;
using core::Verdict;
using test::at;
using test::integer_at;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// `ok` answers of 10 ms after a lag of 0.1 ms, at a rate, in 2 s.
Outcome good(std::uint64_t ok = 100) {
  Outcome outcome;
  outcome.open_model = true;
  outcome.elapsed_s = 2;
  outcome.generator.cpu_ratio = 0.25;
  Tally& tally = outcome.tally;
  tally.counts = {.scheduled = ok, .sent = ok, .ok = ok};
  tally.statuses[200] = ok;
  tally.latencies.response.record(10 * kMillisecond, ok);
  tally.latencies.service.record(9 * kMillisecond, ok);
  tally.latencies.send_lag.record(kMillisecond / 10, ok);
  tally.bytes_in = 5'000;
  tally.bytes_out = 3'000;
  return outcome;
}

void add_http_errors(Outcome& outcome, std::uint64_t count, int status) {
  Tally& tally = outcome.tally;
  tally.counts.scheduled += count;
  tally.counts.sent += count;
  tally.counts.http_error += count;
  tally.statuses[status] += count;
  tally.latencies.response.record(20 * kMillisecond, count);
}

core::Result reported(const Outcome& outcome, const std::vector<std::string>& texts = {}) {
  std::vector<Threshold> thresholds;
  for (const std::string& text : texts) thresholds.push_back(parse_threshold(text));
  core::Result result{.command = "load http", .name = "x"};
  report(outcome, thresholds, result);
  return result;
}

TEST(LoadOutcome, Verdicts_AreWhatTheCountsSay) {
  EXPECT_EQ(reported(good()).verdict, Verdict::kPass);
  EXPECT_EQ(reported(Outcome{}).verdict, Verdict::kInconclusive) << "nothing was sent";

  Outcome some_errors = good();
  add_http_errors(some_errors, 1, 500);
  EXPECT_EQ(reported(some_errors).verdict, Verdict::kWarn);

  Outcome missed = good();
  ++missed.tally.counts.scheduled;
  ++missed.tally.counts.missed;
  EXPECT_EQ(reported(missed).verdict, Verdict::kWarn);

  Outcome unfinished = good();
  ++unfinished.tally.counts.scheduled;
  ++unfinished.tally.counts.sent;
  ++unfinished.tally.counts.unfinished;
  unfinished.tally.latencies.response.record(1);
  EXPECT_EQ(reported(unfinished).verdict, Verdict::kWarn);

  Outcome none = good(0);
  add_http_errors(none, 5, 404);
  EXPECT_EQ(reported(none).verdict, Verdict::kFail) << "not one was answered with success";

  Outcome aborted = good();
  aborted.aborted_by = "response.p99<1ms";
  EXPECT_EQ(reported(aborted).verdict, Verdict::kFail);
}

TEST(LoadOutcome, Thresholds_DecideAndAreChecks) {
  const core::Result result =
      reported(good(), {"response.p99<200ms", "response.p99<5ms", "tls.p50<1s"});
  EXPECT_EQ(result.verdict, Verdict::kFail);
  ASSERT_EQ(result.checks.size(), 3);
  EXPECT_TRUE(result.checks[0].passed);
  EXPECT_FALSE(result.checks[1].passed);
  EXPECT_EQ(result.checks[1].name, "response.p99<5ms");
  EXPECT_FALSE(result.checks[2].passed);
  EXPECT_EQ(result.checks[2].observed, "no data");
  EXPECT_EQ(reported(good(), {"response.p99<200ms"}).verdict, Verdict::kPass);
}

TEST(LoadOutcome, Throughput_IsOverTheTimeOfTheLoad) {
  Outcome outcome = good();
  EXPECT_FALSE(reported(outcome, {"throughput>=100/s"}).checks[0].passed) << "in 2 s";
  outcome.loaded_s = 1;
  EXPECT_TRUE(reported(outcome, {"throughput>=100/s"}).checks[0].passed);
}

TEST(LoadOutcome, WhereNobodyIsExpected_NothingIsKnownToBeLost) {
  Outcome outcome = good();
  EXPECT_EQ(reported(outcome, {"lost==0", "unfinished==0"}).verdict, Verdict::kPass);
  outcome.expects = false;
  const core::Result result = reported(outcome, {"lost==0", "unfinished==0", "sent>0"});
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(result.checks[0].observed, "no data");
  EXPECT_EQ(result.checks[1].observed, "no data");
  EXPECT_TRUE(result.checks[2].passed);
}

TEST(LoadOutcome, ContradictoryCounts_AreNeverReported) {
  Outcome outcome = good();
  ++outcome.tally.counts.ok;
  EXPECT_EQ(test::error_of([&] { reported(outcome); }).kind(), core::ErrorKind::kFailed);
}

std::optional<double> measured(const Outcome& outcome, const std::string& threshold) {
  return OutcomeMeasurement(outcome.tally, outcome.elapsed_s, outcome.generator.cpu_ratio)
      .value(parse_threshold(threshold));
}

TEST(LoadMeasurement, EveryMetric_IsItsNumber) {
  Outcome outcome = good(90);
  add_http_errors(outcome, 6, 404);
  add_http_errors(outcome, 4, 503);
  outcome.tally.counts.scheduled += 25;
  outcome.tally.counts.missed = 25;
  outcome.tally.statuses[200] = 80;
  outcome.tally.statuses[302] = 10;
  const std::pair<const char*, double> cases[] = {
      {"scheduled>0", 125},
      {"missed==0", 25},
      {"sent>0", 100},
      {"requests>0", 100},
      {"ok>0", 90},
      {"http_error==0", 10},
      {"timeout==0", 0},
      {"transport_error==0", 0},
      {"unfinished==0", 0},
      {"errors==0", 10},
      {"error_rate<1%", 0.1},
      {"missed_rate<1%", 0.2},
      {"bytes_in>0KB", 5'000},
      {"bytes_out>0KB", 3'000},
      {"cpu<80%", 0.25},
      {"throughput>1/s", 50},
      {"status(404)==0", 6},
      {"status(418)==0", 0},
      {"status_2xx>0", 80},
      {"status_3xx>0", 10},
      {"status_4xx==0", 6},
      {"status_5xx==0", 4},
  };
  for (const auto& [text, value] : cases) {
    const auto found = measured(outcome, text);
    ASSERT_TRUE(found) << text;
    EXPECT_DOUBLE_EQ(*found, value) << text;
  }
  EXPECT_DOUBLE_EQ(measured(outcome, "response.max<1s").value(), 20 * kMillisecond);
  EXPECT_DOUBLE_EQ(measured(outcome, "service.min<1s").value(), 9 * kMillisecond);
}

TEST(LoadMeasurement, OfNothing_IsNoData) {
  for (const Metric& metric : metrics()) {
    const bool latency = metric.kind == MetricKind::kLatency;
    const std::string name =
        metric.kind == MetricKind::kStatus ? "status(200)" : std::string(metric.name);
    if (name == "cpu") continue;  // the generator's own, whatever it did
    EXPECT_EQ(measured(Outcome{}, name + (latency ? ".p50" : "") + ">=0"), std::nullopt) << name;
  }
}

TEST(LoadGenerator, SaturatedAndStalled_AreSaid) {
  EXPECT_FALSE(is_saturated(good()));
  Outcome busy = good();
  busy.generator.cpu_ratio = 0.81;
  EXPECT_TRUE(is_saturated(busy));
  EXPECT_THAT(reported(busy).notes,
              ElementsAre(HasSubstr("generator saturated: its busiest thread used 81 %")));

  Outcome late = good(0);
  late.tally.counts = {.scheduled = 100, .sent = 100, .ok = 100};
  late.tally.latencies.response.record(10 * kMillisecond, 100);
  late.tally.latencies.send_lag.record(2 * kMillisecond, 100);
  EXPECT_TRUE(is_saturated(late));
  EXPECT_THAT(reported(late).notes, ElementsAre(HasSubstr("generator late: send lag p99 2.0 ms")));
  late.open_model = false;  // a closed loop has no lag to speak of
  EXPECT_FALSE(is_saturated(late));

  Outcome stalled = good();
  stalled.generator.longest_gap = 201 * kMillisecond;
  EXPECT_THAT(reported(stalled).notes,
              ElementsAre(HasSubstr("generator stalled: it stood still for 201 ms")));
  EXPECT_THAT(reported(good()).notes, IsEmpty());
}

TEST(LoadReport, Json_KeepsTheContract) {
  Outcome outcome = good();
  outcome.series = {series_row(0, outcome.tally)};
  core::Result result = reported(outcome, {"missed==0"});
  result.environment = {.scalectl = "1.0", .postgres = {}, .redis = {}, .cores = 1, .host = "h"};
  const core::Value value = core::to_value(result);
  EXPECT_THAT(test::violations(value), IsEmpty());
  EXPECT_EQ(integer_at(value, "metrics.requests.ok"), 100);
  EXPECT_DOUBLE_EQ(at(value, "metrics.throughput_rps").number(), 50);
  EXPECT_DOUBLE_EQ(at(value, "metrics.latency_ms.response.max").number(), 10);
  EXPECT_TRUE(at(value, "metrics.latency_ms.connect.p50").is_null()) << "nothing is not zero";
  EXPECT_TRUE(core::Histogram::from_value(at(value, "data.histograms.service")) ==
              outcome.tally.latencies.service);
  EXPECT_EQ(integer_at(value, "data.series.0.sent"), 100);
}

TEST(LoadReport, Bars_AddUpToTheCount) {
  Outcome outcome = good(0);
  std::uint64_t total = 0;
  for (core::Nanos latency = 1'000; latency < 2 * core::kSecond; latency *= 3) {
    outcome.tally.latencies.response.record(latency, 7);
    total += 7;
  }
  outcome.tally.counts = {.scheduled = total, .sent = total, .ok = total};
  for (const core::Table& table : reported(outcome).tables) {
    if (table.key != "histogram") continue;
    std::int64_t sum = 0;
    for (const core::Array& row : table.rows) sum += *row[1].if_integer();
    EXPECT_EQ(sum, static_cast<std::int64_t>(total));
    return;
  }
  ADD_FAILURE() << "no histogram";
}

}  // namespace
}  // namespace scalectl::load
