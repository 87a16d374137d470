// What the reports of several kinds of load have in common: the parts of a Result that come from
// histograms, failures and the generator's own state.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "load/outcome.hpp"

namespace scalectl::load {

struct NamedHistogram {
  const char* key;
  const char* title;
  const core::Histogram* histogram;
};

/// Every histogram under the name that thresholds and results know it by.
std::vector<NamedHistogram> histograms_of(const Latencies& latencies);

/// Count, min, mean, percentiles and max in milliseconds of the histograms named, empty ones too.
core::Object latency_object(const Latencies& latencies, std::span<const std::string_view> names);

/// Sets bytes, connections, failures and generator.
void set_common_metrics(const Outcome& outcome, core::Object& metrics);

/// A table of one row that shows counts of the metrics.
class CountRow {
 public:
  /// One that is 0 is left out unless it is `always` shown.
  void add(const char* key, const char* title, std::uint64_t count, bool always = true);
  void add(core::Column column, core::Value value);
  core::Table table(const char* key);

 private:
  std::vector<core::Column> columns_;
  core::Array row_;
};

/// The counts of requests, for programs and for people.
core::Object request_object(const Counts& counts);
core::Table request_table(const Outcome& outcome);

/// The counts of messages over WebSocket, for programs.
core::Object message_object(const Tally& tally);

/// Percentiles down, histograms across, those that are named and hold something.
core::Table latency_table(const Latencies& latencies, std::span<const std::string_view> names);

/// Latencies in steps of one factor from the fastest to the slowest; `title` says whose, and
/// `things` what has them.
core::Table bar_table(const core::Histogram& latencies, const std::string& title,
                      const std::string& things = "requests");

/// Failures by class, each with an example. Rows may be added.
core::Table failure_table(const Tally& tally);

/// Failures, and answers of 400 and above by status.
core::Table error_table(const Tally& tally);

/// How WebSockets ended.
core::Table close_table(const Tally& tally);

/// Model, series and histograms, for programs.
core::Object data_of(const Outcome& outcome);

/// Each threshold held against the outcome.
std::vector<core::Check> checks_of(const Outcome& outcome,
                                   const std::vector<Threshold>& thresholds);

/// True where the outcome must fail: a check did not pass, or a threshold ended the run.
bool has_failed(const Outcome& outcome, const std::vector<core::Check>& checks);

/// What is to be said of how the run ended and of the generator.
void add_common_notes(const Outcome& outcome, std::vector<std::string>& notes);

}  // namespace scalectl::load
