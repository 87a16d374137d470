// The Result of a run over HTTP.
#include <fmt/format.h>

#include <array>

#include "core/text.hpp"
#include "load/report_parts.hpp"

namespace scalectl::load {
namespace {

using core::Array;
using core::Object;
using core::Unit;

constexpr std::array<std::string_view, 6> kLatencies{"response", "service", "send_lag",
                                                     "connect",  "tls",     "first_byte"};
/// A closed loop has no plan that a request could lag behind.
constexpr std::array<std::string_view, 5> kClosedLatencies{"response", "service", "connect", "tls",
                                                           "first_byte"};

double throughput(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  return outcome.elapsed_s > 0 ? static_cast<double>(c.ok + c.http_error) / outcome.elapsed_s : 0;
}

void set_metrics(const Outcome& outcome, Object& metrics) {
  const Tally& tally = outcome.tally;
  metrics.set("requests", request_object(tally.counts));
  metrics.set("throughput_rps", throughput(outcome));
  metrics.set("latency_ms", latency_object(tally.latencies, kLatencies));
  Object statuses;
  for (const auto& [status, count] : tally.statuses) statuses.set(std::to_string(status), count);
  metrics.set("statuses", std::move(statuses));
  set_common_metrics(outcome, metrics);
}

core::Table rate_table(const Outcome& outcome) {
  const Tally& tally = outcome.tally;
  return {.key = "rates",
          .columns = {{"throughput_rps", "answers/s", Unit::kCount},
                      {"in_bytes", "received", Unit::kBytes},
                      {"out_bytes", "sent", Unit::kBytes},
                      {"opened", "connections opened", Unit::kCount},
                      {"failed", "failed", Unit::kCount},
                      {"cpu_ratio", "generator CPU", Unit::kRatio}},
          .rows = {{throughput(outcome), tally.bytes_in, tally.bytes_out, tally.connections_opened,
                    tally.connections_failed, outcome.generator.cpu_ratio}},
          .shows_metrics = true};
}

core::Verdict verdict_of(const Outcome& outcome, const std::vector<core::Check>& checks) {
  const Counts& c = outcome.tally.counts;
  if (has_failed(outcome, checks)) return core::Verdict::kFail;
  if (c.sent == 0) return core::Verdict::kInconclusive;
  if (c.ok == 0) return core::Verdict::kFail;
  const bool troubled = c.errors() + c.missed + c.unfinished > 0;
  return troubled ? core::Verdict::kWarn : core::Verdict::kPass;
}

void add_notes(const Outcome& outcome, std::vector<std::string>& notes) {
  const Counts& c = outcome.tally.counts;
  if (c.sent > 0 && c.ok == 0) notes.emplace_back("no request was answered with success");
  if (c.missed > 0) {
    notes.push_back(
        fmt::format("{} starts were missed: no connection was free before the end; more "
                    "connections (-c), or the server is too slow for this rate",
                    core::grouped(c.missed)));
  }
  if (c.unfinished > 0) {
    notes.push_back(
        fmt::format("{} requests had no answer yet at the end: their age counts as their "
                    "response time",
                    core::grouped(c.unfinished)));
  }
}

}  // namespace

void report(const Outcome& outcome, const std::vector<Threshold>& thresholds,
            core::Result& result) {
  const Tally& tally = outcome.tally;
  check_request_identities(tally);
  result.elapsed_s = outcome.elapsed_s;
  result.interrupted = outcome.interrupted;
  set_metrics(outcome, result.metrics);
  result.tables = {request_table(outcome), rate_table(outcome)};
  if (!tally.latencies.response.empty()) {
    result.tables.push_back(outcome.open_model ? latency_table(tally.latencies, kLatencies)
                                               : latency_table(tally.latencies, kClosedLatencies));
    result.tables.push_back(bar_table(tally.latencies.response, "response"));
  }
  core::Table errors = error_table(tally);
  if (!errors.rows.empty()) result.tables.push_back(std::move(errors));
  result.checks = checks_of(outcome, thresholds);
  result.verdict = verdict_of(outcome, result.checks);
  result.notes = outcome.notes;
  add_notes(outcome, result.notes);
  add_common_notes(outcome, result.notes);
  result.data = data_of(outcome);
}

}  // namespace scalectl::load
