#include "load/outcome.hpp"

#include <map>

#include "load/report_parts.hpp"

namespace scalectl::load {
namespace {

using core::Histogram;

/// The counter that a threshold calls `name`; nullptr where there is none.
const std::uint64_t* count_of(const Tally& tally, std::string_view name) {
  const Counts& c = tally.counts;
  const MessageCounts& m = tally.messages;
  const std::map<std::string_view, const std::uint64_t*> counts{
      {"scheduled", &c.scheduled},
      {"requests", &c.sent},
      {"sent", &c.sent},
      {"ok", &c.ok},
      {"http_error", &c.http_error},
      {"transport_error", &c.transport_error},
      {"timeout", &c.timeout},
      {"unfinished", m.expected > 0 ? &m.unfinished : &c.unfinished},
      {"bytes_in", &tally.bytes_in},
      {"bytes_out", &tally.bytes_out},
      {"delivered", &m.delivered},
      {"lost", &m.lost},
      {"duplicated", &m.duplicated},
      {"reordered", &m.reordered},
      {"disconnects", &m.disconnects},
      {"open_failed", &tally.connections_failed},
      {"iterations", &tally.flow.iterations.started},
      {"failed_iterations", &tally.flow.iterations.failed},
  };
  const auto found = counts.find(name);
  return found == counts.end() ? nullptr : found->second;
}

}  // namespace

SeriesRow series_row(std::int64_t second, const Tally& tally) {
  const Latencies& l = tally.latencies;
  const Histogram& response = !l.response.empty() ? l.response
                              : !l.fanout.empty() ? l.fanout
                                                  : l.echo;
  const auto quantile = [&](double q) {
    return response.empty() ? std::nullopt : std::optional(response.quantile(q));
  };
  return {.second = second,
          .sent = tally.counts.sent,
          .answered = tally.counts.ok + tally.counts.http_error + tally.messages.delivered,
          .errors = tally.counts.errors(),
          .p50 = quantile(0.5),
          .p99 = quantile(0.99),
          .max = response.max()};
}

std::optional<double> OutcomeMeasurement::value(const Threshold& threshold) const {
  const std::string_view name = threshold.metric->name;
  const Counts& c = tally_.counts;
  if (threshold.metric->kind == MetricKind::kLatency) {
    for (const auto& [key, title, histogram] : histograms_of(tally_.latencies)) {
      if (name == key) return aggregate_of(threshold, *histogram);
    }
    return std::nullopt;
  }
  if (c.sent == 0 && c.scheduled == 0 && tally_.flow.iterations.scheduled == 0) {
    return std::nullopt;  // nothing happened
  }
  if (!expects_ && (name == "lost" || name == "unfinished")) return std::nullopt;
  const auto real = [](std::uint64_t count) { return static_cast<double>(count); };
  const auto share = [&](std::uint64_t part, std::uint64_t whole) -> std::optional<double> {
    if (whole == 0) return std::nullopt;
    return real(part) / real(whole);
  };
  const auto statuses = [&](int first, int last) {
    std::uint64_t sum = 0;
    for (const auto& [status, count] : tally_.statuses) {
      if (status >= first && status <= last) sum += count;
    }
    return real(sum);
  };
  // Of a scenario, what is planned and missed are iterations, and an error is what a step did not
  // expect.
  const FlowTally& flow = tally_.flow;
  const bool flows = flow.iterations.scheduled > 0;
  const std::uint64_t missed = c.missed + flow.iterations.missed;
  if (name == "missed") return real(missed);
  if (name == "missed_rate") return share(missed, flows ? flow.iterations.scheduled : c.scheduled);
  if (flows && name == "scheduled") return real(flow.iterations.scheduled);
  if (flows && name == "errors") return real(flow.steps.totals().errors());
  if (flows && name == "error_rate") {
    const StepCounts totals = flow.steps.totals();
    return share(totals.errors(), totals.started);
  }
  if (threshold.metric->kind == MetricKind::kStatus)
    return statuses(threshold.status, threshold.status);
  if (name.starts_with("status_")) {
    const int hundreds = (name[7] - '0') * 100;
    return statuses(hundreds, hundreds + 99);
  }
  if (const std::uint64_t* count = count_of(tally_, name)) return real(*count);
  if (name == "failed_checks") return real(tally_.flow.failed_checks());
  if (name == "errors") return real(c.errors());
  if (name == "error_rate") return share(c.errors(), c.sent);
  if (name == "cpu") return cpu_ratio_;
  if (name == "throughput" && elapsed_s_ > 0)
    return real(c.ok + c.http_error + tally_.messages.delivered) / elapsed_s_;
  return std::nullopt;
}

bool is_saturated(const Outcome& outcome) {
  return outcome.generator.cpu_ratio > kBusyCpu ||
         (outcome.open_model && outcome.tally.latencies.send_lag.quantile(0.99) > kLateSend);
}

}  // namespace scalectl::load
