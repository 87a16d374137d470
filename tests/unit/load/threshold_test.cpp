#include "load/threshold.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <string>
#include <tuple>
#include <utility>

#include "core/error.hpp"
#include "support/thrown.hpp"

namespace scalectl::load {
namespace {

using test::error_of;
using testing::Contains;
using testing::HasSubstr;

/// A Measurement that gives the same value for everything.
struct Fixed : Measurement {
  explicit Fixed(std::optional<double> v) : number(v) {}
  std::optional<double> value(const Threshold&) const override { return number; }
  std::optional<double> number;
};

// --- parsing ---

TEST(ParseThreshold, EachPart_IsRead) {
  const Threshold threshold = parse_threshold("response.p(99.9)<=1.5s");
  EXPECT_EQ(threshold.metric->name, "response");
  EXPECT_EQ(threshold.metric->kind, MetricKind::kLatency);
  EXPECT_EQ(threshold.aggregate, Aggregate::kQuantile);
  EXPECT_EQ(threshold.quantile, 0.999);
  EXPECT_EQ(threshold.comparison, Comparison::kLessOrEqual);
  EXPECT_EQ(threshold.limit, 1.5e9);
  EXPECT_EQ(threshold.text, "response.p999<=1.5s");
}

TEST(ParseThreshold, Spellings_HaveOneText) {
  const std::pair<const char*, const char*> cases[] = {
      {"response.p99<200ms", "response.p99<200ms"},
      {"response.p(99) < 200", "response.p99<200ms"},
      {" service . p ( 95 ) <\t1.5 s ", "service.p95<1.5s"},
      {"send_lag.avg<=1m", "send_lag.mean<=1m"},
      {"connect.mean>0us", "connect.mean>0us"},
      {"tls.min>=0.5ms", "tls.min>=0.5ms"},
      {"first_byte.max!=7s", "first_byte.max!=7s"},
      {"response.med===3ms", "response.p50==3ms"},
      {"response.p999<1s", "response.p999<1s"},
      {"response.p(99.9)<1s", "response.p999<1s"},
      {"response.p9999<1s", "response.p(99.99)<1s"},
      {"response.p(99.99)<1s", "response.p(99.99)<1s"},
      {"response.p(100)<1s", "response.p(100)<1s"},
      {"response.p75<1s", "response.p75<1s"},
      {"missed==0", "missed==0"},
      {"requests > 10k", "requests>10k"},
      {"error_rate<1%", "error_rate<1%"},
      {"error_rate<.01", "error_rate<.01"},
      {"throughput>1000", "throughput>1000"},
      {"throughput>1k/s", "throughput>1k/s"},
      {"bytes_in<64KiB", "bytes_in<64KiB"},
      {"status( 404 )==0", "status(404)==0"},
      {"status_5xx==0", "status_5xx==0"},
      {"cpu<80%", "cpu<80%"}};
  for (const auto& [given, text] : cases) {
    const Threshold threshold = parse_threshold(given);
    EXPECT_EQ(threshold.text, text);
    EXPECT_EQ(parse_threshold(threshold.text), threshold) << given;
  }
}

TEST(ParseThreshold, Limits_AreInTheBaseUnit) {
  const std::pair<const char*, double> cases[] = {
      {"response.max<200", 200e6},   {"response.max<200ms", 200e6},
      {"response.max<200us", 200e3}, {"response.max<1.1ms", 1'100'000},
      {"response.max<0.2s", 200e6},  {"response.max<1.1m", 66e9},
      {"missed<1.5k", 1500},         {"missed<2M", 2e6},
      {"status(500)<1k", 1000},      {"error_rate<1%", 0.01},
      {"error_rate<0.07", 0.07},     {"error_rate<7%", 0.07},
      {"error_rate<=100%", 1},       {"throughput>2.5k/s", 2500},
      {"throughput>1M", 1e6},        {"bytes_out<2MB", 2e6},
      {"bytes_out<1.5KiB", 1536}};
  for (const auto& [text, limit] : cases) EXPECT_EQ(parse_threshold(text).limit, limit) << text;
}

TEST(ParseThreshold, Quantiles_AreTheNearestDoubles) {
  const std::pair<const char*, double> cases[] = {
      {"p50", 0.5},      {"med", 0.5},         {"p90", 0.9},      {"p95", 0.95}, {"p99", 0.99},
      {"p999", 0.999},   {"p(99.9)", 0.999},   {"p(7)", 0.07},    {"p(0)", 0},   {"p(100)", 1},
      {"p9999", 0.9999}, {"p(99.99)", 0.9999}, {"p(12.5)", 0.125}};
  for (const auto& [aggregate, quantile] : cases) {
    EXPECT_EQ(parse_threshold("response." + std::string(aggregate) + "<1").quantile, quantile)
        << aggregate;
  }
}

TEST(ParseThreshold, EveryMetricAndAggregate_IsKnown) {
  for (const Metric& metric : metrics()) {
    std::string text(metric.name);
    if (metric.kind == MetricKind::kStatus) text += "(404)";
    if (metric.kind != MetricKind::kLatency) {
      EXPECT_EQ(parse_threshold(text + "<1").metric, &metric);
      continue;
    }
    for (const std::string& aggregate : aggregates()) {
      EXPECT_EQ(parse_threshold(text + "." + aggregate + "<1").metric, &metric);
    }
  }
}

TEST(ParseThreshold, AnythingElse_IsRefusedWithColumnAndHint) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"", "1: a metric is expected", "one of response, service"},
      {"<5", "1: a metric is expected", "one of response, service"},
      {"respnse.p99<200ms", "1: there is no metric \"respnse\"", "did you mean \"response\"?"},
      {" misssed==0", "2: there is no metric \"misssed\"", "did you mean \"missed\"?"},
      {"xyzzy<1", "1: there is no metric \"xyzzy\"", "status_2xx"},
      {"status_2x==1", "1: there is no metric \"status_2x\"", "did you mean \"status_2xx\"?"},
      {"response<200ms", "9: \"response\" needs an aggregate, as in response.p99",
       "one of avg, mean, min, max, med, p50, p90, p95, p99, p999, p(99.9)"},
      {"response.<1", "10: there is no aggregate \"\"", "one of avg"},
      {"response.mx<1", "10: there is no aggregate \"mx\"", "did you mean \"max\"?"},
      {"response.stddev<1", "10: there is no aggregate \"stddev\"", "one of avg"},
      {"response.p<1", "10: there is no aggregate \"p\"", ""},
      {"response.p100<1", "10: there is no aggregate \"p100\"", ""},
      {"response.p(101)<1", "10: there is no aggregate \"p(101)\"", ""},
      {"response.p(-1)<1", "10: there is no aggregate \"p(-1)\"", ""},
      {"response.p()<1", "10: there is no aggregate \"p()\"", ""},
      {"response.p(9.9.9)<1", "10: there is no aggregate \"p(9.9.9)\"", ""},
      {"response.p(99<1", "10: there is no aggregate \"p(99<1\"", ""},
      {"response.p99", "13: a comparison is expected", "one of <, <=, >, >=, ==, !="},
      {"response.p99=200ms", "13: a comparison is expected", "did you mean \"==\"?"},
      {"response.p99=<200ms", "13: a comparison is expected", "did you mean \"==\"?"},
      {"missed.count==0", "7: \"missed\" has no aggregates", "one of <"},
      {"missed 0", "8: a comparison is expected", "one of <"},
      {"status==0", "7: a status from 100 to 599 is expected, as in status(404)", "status_4xx"},
      {"status(99)==0", "7: a status from 100 to 599 is expected, as in status(404)", ""},
      {"status(600)==0", "7: a status from 100 to 599 is expected, as in status(404)", ""},
      {"status(404==0", "7: a status from 100 to 599 is expected, as in status(404)", ""},
      {"response.p99<", "14: a number is expected", "response.p99<200ms"},
      {"response.p99<<2", "14: a number is expected", "response.p99<200ms"},
      {"response.p99<-2", "14: a number is expected", ""},
      {"response.p99<1.2.3", "14: a number is expected", ""},
      {"response.p99<.", "14: a number is expected", ""},
      {"response.p99<nan", "14: a number is expected", ""},
      {"missed<x", "8: a number is expected", "missed<1000"},
      {"response.p99<200mss", "17: \"mss\" is no unit of response", "did you mean \"ms\"?"},
      {"response.p99<200%", "17: \"%\" is no unit of response", "one of ms, us, s, m"},
      {"response.p99<200ms x", "17: \"ms x\" is no unit of response", ""},
      {"response.p99<1e3", "15: \"e3\" is no unit of response", ""},
      {"missed<1ms", "9: \"ms\" is no unit of missed", "one of k, K, M"},
      {"throughput>1/m", "13: \"/m\" is no unit of throughput", "did you mean \"/s\"?"},
      {"error_rate<5", "12: a ratio is at most 1", "error_rate<1%"},
      {"error_rate<101%", "12: a ratio is at most 1", "error_rate<1%"}};
  for (const auto& [text, what, hint] : cases) {
    const core::Error error = error_of([&, t = text] { parse_threshold(t); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "threshold \"" + std::string(text) + "\", column " + what);
    EXPECT_THAT(error.hint(), HasSubstr(hint)) << text;
    EXPECT_NE(error.hint(), "") << text;
  }
}

TEST(ParseThreshold, NumberBeyondAllBounds_IsRefused) {
  EXPECT_THROW(parse_threshold("missed<" + std::string(400, '9')), core::Error);
  EXPECT_THAT(error_of([] { parse_threshold("missed<" + std::string(308, '9') + "M"); }).message(),
              HasSubstr("too large"));
}

// --- evaluation ---

TEST(EvaluateThreshold, EachOperator_AtItsBoundary) {
  const std::tuple<const char*, bool, bool, bool> cases[] = {
      // below, at and above 100
      {"missed<100", true, false, false},  {"missed<=100", true, true, false},
      {"missed>100", false, false, true},  {"missed>=100", false, true, true},
      {"missed==100", false, true, false}, {"missed===100", false, true, false},
      {"missed!=100", true, false, true}};
  for (const auto& [text, below, at, above] : cases) {
    const Threshold threshold = parse_threshold(text);
    EXPECT_EQ(evaluate(threshold, Fixed(99)).passed, below) << text;
    EXPECT_EQ(evaluate(threshold, Fixed(100)).passed, at) << text;
    EXPECT_EQ(evaluate(threshold, Fixed(101)).passed, above) << text;
  }
}

TEST(EvaluateThreshold, Outcome_SaysWhatWasHeldAgainstWhat) {
  const ThresholdOutcome outcome = evaluate(parse_threshold("response.p(99) < 200"), Fixed(213e6));
  EXPECT_EQ(outcome.text, "response.p99<200ms");
  EXPECT_EQ(outcome.observed, 213e6);
  EXPECT_FALSE(outcome.passed);
}

TEST(EvaluateThreshold, NoDataOrNaN_FailsWhateverTheOperator) {
  for (const char* comparison : {"<", "<=", ">", ">=", "==", "!="}) {
    const Threshold threshold = parse_threshold(std::string("missed") + comparison + "0");
    for (const std::optional<double> nothing :
         {std::optional<double>(), std::optional(std::nan(""))}) {
      const ThresholdOutcome outcome = evaluate(threshold, Fixed(nothing));
      EXPECT_FALSE(outcome.passed) << comparison;
      EXPECT_EQ(outcome.observed, std::nullopt) << comparison;
    }
  }
}

TEST(EvaluateThreshold, Aggregates_AreThoseOfTheHistogram) {
  core::Histogram latencies;
  for (std::int64_t ms = 1; ms <= 100; ++ms) latencies.record(ms);
  const std::pair<const char*, double> cases[] = {{"min", 1},  {"max", 100}, {"avg", 50.5},
                                                  {"p50", 50}, {"p99", 99},  {"p(7)", 7},
                                                  {"med", 50}, {"p999", 100}};
  for (const auto& [aggregate, value] : cases) {
    const Threshold threshold = parse_threshold("response." + std::string(aggregate) + "<1");
    EXPECT_EQ(aggregate_of(threshold, latencies), value) << aggregate;
    EXPECT_EQ(aggregate_of(threshold, core::Histogram()), std::nullopt) << aggregate;
  }
}

TEST(FormatValue, IsWrittenInTheUnitOfItsKind) {
  const std::tuple<MetricKind, double, const char*> cases[] = {
      {MetricKind::kLatency, 213.4e6, "213.4ms"},
      {MetricKind::kLatency, 1.5e9, "1.5s"},
      {MetricKind::kLatency, 42e3, "42us"},
      {MetricKind::kLatency, 0, "0ms"},
      {MetricKind::kRatio, 0.015, "1.5%"},
      {MetricKind::kThroughput, 998.24, "998.2/s"},
      {MetricKind::kCount, 42, "42"},
      {MetricKind::kBytes, 1e9, "1000000000"}};
  for (const auto& [kind, value, text] : cases) EXPECT_EQ(format_value(kind, value), text);
}

}  // namespace
}  // namespace scalectl::load
