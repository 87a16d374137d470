// Threshold: a condition that a load run must meet, in the manner of k6:
//
//   METRIC[.AGGREGATE] OPERATOR NUMBER[UNIT]      response.p(99)<200ms   error_rate<1%   missed==0
//
// Parsed once to a value, then held against anything that can measure. Where there is no data a
// threshold is missed: a run in which nothing happened proves nothing. Pure functions of their
// arguments.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/histogram.hpp"

namespace scalectl::load {

/// What a metric's values are, and so which units a threshold on it may have.
enum class MetricKind {
  kLatency,     ///< nanoseconds; has aggregates; us, ms, s, m; a bare number is milliseconds
  kCount,       ///< k, M
  kStatus,      ///< a count of answers with one status: status(404); k, M
  kBytes,       ///< KB, MB, GB, KiB, MiB, GiB
  kRatio,       ///< 0 to 1; or 1%
  kThroughput,  ///< per second; k, M, /s, k/s, M/s
};

struct Metric {
  std::string_view name;
  MetricKind kind;
  std::string_view summary;
};

/// Every metric that a threshold can name, in the order in which help lists them.
std::span<const Metric> metrics();

/// The aggregates of a latency, as help lists them.
const std::vector<std::string>& aggregates();

enum class Aggregate { kNone, kMean, kMin, kMax, kQuantile };
enum class Comparison { kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kEqual, kNotEqual };

struct Threshold {
  const Metric* metric = nullptr;  ///< an entry of metrics()
  Aggregate aggregate = Aggregate::kNone;
  double quantile = 0;  ///< of Aggregate::kQuantile, 0 to 1
  int status = 0;       ///< of MetricKind::kStatus
  Comparison comparison = Comparison::kLess;
  double limit = 0;  ///< in the base unit of the metric's kind: nanoseconds, a ratio, per second
  std::string text;  ///< in one spelling, which parses to the same: "response.p99<200ms"

  bool operator==(const Threshold&) const = default;
};

/// Operators are < <= > >= == === !=; white space may stand between the parts. Throws Error (usage)
/// that quotes the threshold, names the column of what is wrong and hints at what was meant.
Threshold parse_threshold(std::string_view text);

/// What a run measured.
class Measurement {
 public:
  virtual ~Measurement() = default;
  /// The value of the threshold's metric and aggregate, in the unit of its limit; nothing where
  /// there is no data.
  virtual std::optional<double> value(const Threshold& threshold) const = 0;
};

/// The threshold's aggregate of `latencies` in nanoseconds; nothing where they are empty.
std::optional<double> aggregate_of(const Threshold& threshold, const core::Histogram& latencies);

struct ThresholdOutcome {
  std::string text;                ///< of the threshold
  std::optional<double> observed;  ///< in the unit of its limit; nothing where there is no data
  bool passed = false;
};

/// Holds `threshold` against `measurement`. No data, or NaN, is a fail whatever the operator.
ThresholdOutcome evaluate(const Threshold& threshold, const Measurement& measurement);

/// `value` as people write a metric of that kind: "213ms", "1.5%", "998.2/s", "42".
std::string format_value(MetricKind kind, double value);

}  // namespace scalectl::load
