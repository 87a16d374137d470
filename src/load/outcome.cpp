#include "load/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.hpp"

namespace scalectl::load {
namespace {

using core::Array;
using core::Histogram;
using core::Object;
using core::Unit;
using core::Value;

constexpr double kBusyCpu = 0.8;
constexpr core::Nanos kLateSend = core::kMillisecond;
constexpr int kBars = 8;

struct NamedHistogram {
  const char* key;
  const char* title;
  const Histogram* histogram;
};

std::vector<NamedHistogram> histograms_of(const Latencies& latencies) {
  return {{"response", "response", &latencies.response},
          {"service", "service", &latencies.service},
          {"send_lag", "send lag", &latencies.send_lag},
          {"connect", "connect", &latencies.connect},
          {"tls", "TLS", &latencies.tls},
          {"first_byte", "first byte", &latencies.first_byte}};
}

struct Point {
  const char* key;
  const char* title;
  double (*nanos)(const Histogram&);
};

template <int PerMille10>
double quantile(const Histogram& histogram) {
  return static_cast<double>(histogram.quantile(PerMille10 / 10'000.0));
}

/// What is told of each histogram.
constexpr Point kPoints[] = {
    {"min", "min", [](const Histogram& h) { return static_cast<double>(h.min()); }},
    {"mean", "mean", [](const Histogram& h) { return h.mean(); }},
    {"p50", "p50", quantile<5'000>},
    {"p90", "p90", quantile<9'000>},
    {"p95", "p95", quantile<9'500>},
    {"p99", "p99", quantile<9'900>},
    {"p999", "p99.9", quantile<9'990>},
    {"max", "max", [](const Histogram& h) { return static_cast<double>(h.max()); }},
};

/// Nanoseconds as milliseconds with no more digits than were measured.
double milliseconds(double nanos) { return std::round(nanos) / 1e6; }

Value milliseconds_or_null(const std::optional<core::Nanos>& nanos) {
  return nanos ? Value(milliseconds(static_cast<double>(*nanos))) : Value();
}

Object latency_object(const Latencies& latencies) {
  Object all;
  for (const auto& [key, title, histogram] : histograms_of(latencies)) {
    Object one{{"count", histogram->count()}};
    for (const Point& point : kPoints) {
      one.set(point.key, histogram->empty() ? Value() : Value(milliseconds(point.nanos(*histogram))));
    }
    all.set(key, std::move(one));
  }
  return all;
}

Object request_object(const Counts& c) {
  return {{"scheduled", c.scheduled},   {"missed", c.missed},
          {"sent", c.sent},             {"ok", c.ok},
          {"http_error", c.http_error}, {"transport_error", c.transport_error},
          {"timeout", c.timeout},       {"unfinished", c.unfinished},
          {"redirects", c.redirects}};
}

double throughput(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  return outcome.elapsed_s > 0 ? static_cast<double>(c.ok + c.http_error) / outcome.elapsed_s : 0;
}

void set_metrics(const Outcome& outcome, Object& metrics) {
  const Tally& tally = outcome.tally;
  metrics.set("requests", request_object(tally.counts));
  metrics.set("throughput_rps", throughput(outcome));
  metrics.set("bytes_in", tally.bytes_in).set("bytes_out", tally.bytes_out);
  metrics.set("latency_ms", latency_object(tally.latencies));
  metrics.set("connections", Object{{"opened", tally.connections_opened},
                                    {"failed", tally.connections_failed}});
  Object statuses;
  for (const auto& [status, count] : tally.statuses) statuses.set(std::to_string(status), count);
  metrics.set("statuses", std::move(statuses));
  Object failures;
  for (int i = 0; i < net::kFailureClasses; ++i) {
    failures.set(std::string(net::name_of(static_cast<net::FailureClass>(i))),
                 tally.failures[static_cast<std::size_t>(i)].count);
  }
  metrics.set("failures", std::move(failures));
  const Generator& generator = outcome.generator;
  metrics.set("generator", Object{{"cpu_ratio", generator.cpu_ratio},
                                  {"stalled", generator.stalled()},
                                  {"saturated", is_saturated(outcome)},
                                  {"longest_gap_ms", core::to_milliseconds(generator.longest_gap)}});
}

core::Table request_table(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  core::Table table{.key = "requests", .shows_metrics = true};
  Array row;
  const auto add = [&](const char* key, const char* title, std::uint64_t count, bool always) {
    if (!always && count == 0) return;
    table.columns.push_back({key, title, Unit::kCount});
    row.push_back(count);
  };
  add("scheduled", "scheduled", c.scheduled, outcome.open_model);
  add("missed", "missed", c.missed, outcome.open_model);
  add("sent", "sent", c.sent, true);
  add("ok", "ok", c.ok, true);
  add("http_error", "HTTP errors", c.http_error, true);
  add("transport_error", "no answer", c.transport_error, true);
  add("timeout", "timeouts", c.timeout, true);
  add("unfinished", "unfinished", c.unfinished, true);
  add("redirects", "redirects", c.redirects, false);
  table.rows.push_back(std::move(row));
  return table;
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

/// Percentiles down, histograms across; those that hold nothing are left out.
core::Table latency_table(const Outcome& outcome) {
  core::Table table{.key = "latency", .columns = {{"of", "latency"}}, .shows_metrics = true};
  std::vector<const Histogram*> shown;
  for (const auto& [key, title, histogram] : histograms_of(outcome.tally.latencies)) {
    const bool lag = std::string_view(key) == "send_lag";
    if (histogram->empty() || (lag && !outcome.open_model)) continue;
    table.columns.push_back({std::string(key) + "_s", title, Unit::kSeconds});
    shown.push_back(histogram);
  }
  for (const Point& point : kPoints) {
    Array row{point.title};
    for (const Histogram* histogram : shown) row.push_back(point.nanos(*histogram) / 1e9);
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Response times in steps of one factor from the fastest to the slowest.
core::Table bar_table(const Histogram& response) {
  core::Table table{.key = "response_histogram",
                    .columns = {{"up_to_s", "response up to", Unit::kSeconds},
                                {"count", "requests", Unit::kCount},
                                {"share_ratio", "share", Unit::kRatio},
                                {"bar", "", Unit::kBar}},
                    .shows_metrics = true};
  const double first = std::max(1.0, static_cast<double>(response.min()));
  const double factor = std::pow(static_cast<double>(std::max<std::int64_t>(response.max(), 1)) / first, 1.0 / kBars);
  const auto total = static_cast<double>(response.count());
  std::uint64_t below = 0;
  for (int i = 1; i <= kBars; ++i) {
    const bool last = i == kBars;
    const double edge = last ? static_cast<double>(response.max()) : first * std::pow(factor, i);
    const std::uint64_t at_most =
        last ? response.count() : response.count_at_most(static_cast<std::int64_t>(edge));
    const std::uint64_t count = at_most - below;
    below = at_most;
    const double share = static_cast<double>(count) / total;
    table.rows.push_back({edge / 1e9, count, share, share});
    if (factor <= 1.001) break;  // all the same
  }
  return table;
}

core::Table failure_table(const Tally& tally) {
  core::Table table{.key = "failures",
                    .columns = {{"class", "failure"}, {"count", "count", Unit::kCount},
                                {"example", "for example"}},
                    .rows = {}};
  for (int i = 0; i < net::kFailureClasses; ++i) {
    const FailureCount& entry = tally.failures[static_cast<std::size_t>(i)];
    if (entry.count == 0) continue;
    table.rows.push_back({std::string(net::name_of(static_cast<net::FailureClass>(i))), entry.count,
                          entry.example});
  }
  for (const auto& [status, count] : tally.statuses) {
    if (status < 400) continue;
    table.rows.push_back({"http", count, fmt::format("status {}", status)});
  }
  return table;
}

Object data_of(const Outcome& outcome) {
  Array series;
  for (const SeriesRow& row : outcome.series) {
    series.push_back(Object{{"t_s", row.second},
                            {"sent", row.sent},
                            {"answered", row.answered},
                            {"errors", row.errors},
                            {"p50_ms", milliseconds_or_null(row.p50)},
                            {"p99_ms", milliseconds_or_null(row.p99)},
                            {"max_ms", milliseconds(static_cast<double>(row.max))}});
  }
  Object histograms;
  for (const auto& [key, title, histogram] : histograms_of(outcome.tally.latencies)) {
    if (!histogram->empty()) histograms.set(key, histogram->to_value());
  }
  return {{"model", outcome.open_model ? "open" : "closed"},
          {"series", std::move(series)},
          {"histograms", std::move(histograms)}};
}

core::Verdict verdict_of(const Outcome& outcome, const std::vector<core::Check>& checks) {
  const Counts& c = outcome.tally.counts;
  const bool missed_one =
      std::any_of(checks.begin(), checks.end(), [](const core::Check& check) { return !check.passed; });
  if (missed_one || !outcome.aborted_by.empty()) return core::Verdict::kFail;
  if (c.sent == 0) return core::Verdict::kInconclusive;
  if (c.ok == 0) return core::Verdict::kFail;
  const bool troubled = c.errors() + c.missed + c.unfinished > 0;
  return troubled ? core::Verdict::kWarn : core::Verdict::kPass;
}

void add_notes(const Outcome& outcome, std::vector<std::string>& notes) {
  const Counts& c = outcome.tally.counts;
  const Generator& generator = outcome.generator;
  if (outcome.interrupted) {
    notes.emplace_back("interrupted: the numbers are of the part of the run that was done");
  }
  if (!outcome.aborted_by.empty()) notes.push_back("stopped early: " + outcome.aborted_by + " was missed");
  if (c.sent > 0 && c.ok == 0) notes.emplace_back("no request was answered with success");
  if (c.missed > 0) {
    notes.push_back(fmt::format("{} starts were missed: no connection was free before the end; more "
                                "connections (-c), or the server is too slow for this rate",
                                core::grouped(c.missed)));
  }
  if (c.unfinished > 0) {
    notes.push_back(fmt::format("{} requests had no answer yet at the end: their age counts as their "
                                "response time",
                                core::grouped(c.unfinished)));
  }
  if (generator.stalled()) {
    notes.push_back(fmt::format("generator stalled: it stood still for {:.0f} ms (stopped, or "
                                "starved of CPU); send lag says how late that made requests",
                                core::to_milliseconds(generator.longest_gap)));
  }
  if (!is_saturated(outcome)) return;
  const core::Nanos lag = outcome.tally.latencies.send_lag.quantile(0.99);
  const std::string late = outcome.open_model && lag > kLateSend
                               ? fmt::format(", send lag p99 {:.1f} ms", core::to_milliseconds(lag))
                               : "";
  notes.push_back(fmt::format("generator saturated: its busiest thread used {:.0f} % of a core{}; the "
                              "numbers are as much its own as the server's (more --threads help where "
                              "there are cores)",
                              generator.cpu_ratio * 100, late));
}

}  // namespace

SeriesRow series_row(std::int64_t second, const Tally& tally) {
  const Histogram& response = tally.latencies.response;
  const auto quantile = [&](double q) {
    return response.empty() ? std::nullopt : std::optional(response.quantile(q));
  };
  return {.second = second,
          .sent = tally.counts.sent,
          .answered = tally.counts.ok + tally.counts.http_error,
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
  if (c.sent == 0 && c.scheduled == 0) return std::nullopt;  // nothing happened
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
  if (threshold.metric->kind == MetricKind::kStatus) return statuses(threshold.status, threshold.status);
  if (name.starts_with("status_")) {
    const int hundreds = (name[7] - '0') * 100;
    return statuses(hundreds, hundreds + 99);
  }
  if (name == "scheduled") return real(c.scheduled);
  if (name == "missed") return real(c.missed);
  if (name == "sent" || name == "requests") return real(c.sent);
  if (name == "ok") return real(c.ok);
  if (name == "http_error") return real(c.http_error);
  if (name == "transport_error") return real(c.transport_error);
  if (name == "timeout") return real(c.timeout);
  if (name == "unfinished") return real(c.unfinished);
  if (name == "errors") return real(c.errors());
  if (name == "error_rate") return share(c.errors(), c.sent);
  if (name == "missed_rate") return share(c.missed, c.scheduled);
  if (name == "bytes_in") return real(tally_.bytes_in);
  if (name == "bytes_out") return real(tally_.bytes_out);
  if (name == "cpu") return cpu_ratio_;
  if (name == "throughput" && elapsed_s_ > 0) return real(c.ok + c.http_error) / elapsed_s_;
  return std::nullopt;
}

bool is_saturated(const Outcome& outcome) {
  return outcome.generator.cpu_ratio > kBusyCpu ||
         (outcome.open_model && outcome.tally.latencies.send_lag.quantile(0.99) > kLateSend);
}

void report(const Outcome& outcome, const std::vector<Threshold>& thresholds,
            core::Result& result) {
  check_request_identities(outcome.tally);
  result.elapsed_s = outcome.elapsed_s;
  result.interrupted = outcome.interrupted;
  set_metrics(outcome, result.metrics);
  result.tables = {request_table(outcome), rate_table(outcome)};
  if (!outcome.tally.latencies.response.empty()) {
    result.tables.push_back(latency_table(outcome));
    result.tables.push_back(bar_table(outcome.tally.latencies.response));
  }
  core::Table failures = failure_table(outcome.tally);
  if (!failures.rows.empty()) result.tables.push_back(std::move(failures));
  const OutcomeMeasurement measurement(outcome.tally, outcome.elapsed_s,
                                       outcome.generator.cpu_ratio);
  for (const Threshold& threshold : thresholds) {
    const ThresholdOutcome held = evaluate(threshold, measurement);
    result.checks.push_back(
        {.name = held.text,
         .observed = held.observed ? format_value(threshold.metric->kind, *held.observed) : "no data",
         .passed = held.passed});
  }
  result.verdict = verdict_of(outcome, result.checks);
  result.notes = outcome.notes;
  add_notes(outcome, result.notes);
  result.data = data_of(outcome);
}

}  // namespace scalectl::load
