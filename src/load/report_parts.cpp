#include "load/report_parts.hpp"

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

constexpr int kBars = 8;

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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

}  // namespace

std::vector<NamedHistogram> histograms_of(const Latencies& latencies) {
  return {{"response", "response", &latencies.response},
          {"service", "service", &latencies.service},
          {"send_lag", "send lag", &latencies.send_lag},
          {"connect", "connect", &latencies.connect},
          {"tls", "TLS", &latencies.tls},
          {"first_byte", "first byte", &latencies.first_byte},
          {"upgrade", "upgrade", &latencies.upgrade},
          {"echo", "echo", &latencies.echo},
          {"fanout", "fan-out", &latencies.fanout},
          {"reopen", "reopen", &latencies.reopen}};
}

Object latency_object(const Latencies& latencies, std::span<const std::string_view> names) {
  Object all;
  for (const auto& [key, title, histogram] : histograms_of(latencies)) {
    if (!is_among(names, key)) continue;
    Object one{{"count", histogram->count()}};
    for (const Point& point : kPoints) {
      one.set(point.key,
              histogram->empty() ? Value() : Value(milliseconds(point.nanos(*histogram))));
    }
    all.set(key, std::move(one));
  }
  return all;
}

void set_common_metrics(const Outcome& outcome, Object& metrics) {
  const Tally& tally = outcome.tally;
  metrics.set("bytes_in", tally.bytes_in).set("bytes_out", tally.bytes_out);
  metrics.set("connections",
              Object{{"opened", tally.connections_opened}, {"failed", tally.connections_failed}});
  Object failures;
  for (int i = 0; i < net::kFailureClasses; ++i) {
    failures.set(std::string(net::name_of(static_cast<net::FailureClass>(i))),
                 tally.failures[static_cast<std::size_t>(i)].count);
  }
  metrics.set("failures", std::move(failures));
  const Generator& generator = outcome.generator;
  metrics.set("generator",
              Object{{"cpu_ratio", generator.cpu_ratio},
                     {"stalled", generator.stalled()},
                     {"saturated", is_saturated(outcome)},
                     {"longest_gap_ms", core::to_milliseconds(generator.longest_gap)}});
}

void CountRow::add(const char* key, const char* title, std::uint64_t count, bool always) {
  if (always || count > 0) add({key, title, Unit::kCount}, count);
}

void CountRow::add(core::Column column, Value value) {
  columns_.push_back(std::move(column));
  row_.push_back(std::move(value));
}

core::Table CountRow::table(const char* key) {
  return {
      .key = key, .columns = std::move(columns_), .rows = {std::move(row_)}, .shows_metrics = true};
}

Object request_object(const Counts& c) {
  return {{"scheduled", c.scheduled},
          {"missed", c.missed},
          {"sent", c.sent},
          {"ok", c.ok},
          {"http_error", c.http_error},
          {"transport_error", c.transport_error},
          {"timeout", c.timeout},
          {"unfinished", c.unfinished},
          {"redirects", c.redirects}};
}

core::Table request_table(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  CountRow row;
  row.add("scheduled", "scheduled", c.scheduled, outcome.open_model);
  row.add("missed", "missed", c.missed, outcome.open_model);
  row.add("sent", "sent", c.sent);
  row.add("ok", "ok", c.ok);
  row.add("http_error", "HTTP errors", c.http_error);
  row.add("transport_error", "no answer", c.transport_error);
  row.add("timeout", "timeouts", c.timeout);
  row.add("unfinished", "unfinished", c.unfinished);
  row.add("redirects", "redirects", c.redirects, false);
  return row.table("requests");
}

Object message_object(const Tally& tally) {
  const Counts& c = tally.counts;
  const MessageCounts& m = tally.messages;
  return {{"scheduled", c.scheduled},   {"missed", c.missed},       {"sent", c.sent},
          {"expected", m.expected},     {"delivered", m.delivered}, {"lost", m.lost},
          {"unfinished", m.unfinished}, {"away", m.away},           {"duplicated", m.duplicated},
          {"reordered", m.reordered},   {"foreign", m.foreign}};
}

core::Table latency_table(const Latencies& latencies, std::span<const std::string_view> names) {
  core::Table table{.key = "latency", .columns = {{"of", "latency"}}, .shows_metrics = true};
  std::vector<const Histogram*> shown;
  for (const auto& [key, title, histogram] : histograms_of(latencies)) {
    if (histogram->empty() || !is_among(names, key)) continue;
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

core::Table bar_table(const Histogram& response, const std::string& title,
                      const std::string& things) {
  core::Table table{.key = "histogram",
                    .columns = {{"up_to_s", title + " up to", Unit::kSeconds},
                                {"count", things, Unit::kCount},
                                {"share_ratio", "share", Unit::kRatio},
                                {"bar", "", Unit::kBar}},
                    .shows_metrics = true};
  const double first = std::max(1.0, static_cast<double>(response.min()));
  const double factor =
      std::pow(static_cast<double>(std::max<std::int64_t>(response.max(), 1)) / first, 1.0 / kBars);
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
                    .columns = {{"class", "failure"},
                                {"count", "count", Unit::kCount},
                                {"example", "for example"}},
                    .rows = {}};
  for (int i = 0; i < net::kFailureClasses; ++i) {
    const FailureCount& entry = tally.failures[static_cast<std::size_t>(i)];
    if (entry.count == 0) continue;
    table.rows.push_back(
        {std::string(net::name_of(static_cast<net::FailureClass>(i))), entry.count, entry.example});
  }
  return table;
}

core::Table error_table(const Tally& tally) {
  core::Table table = failure_table(tally);
  for (const auto& [status, count] : tally.statuses) {
    if (status < 400) continue;
    table.rows.push_back({"http", count, fmt::format("status {}", status)});
  }
  return table;
}

core::Table close_table(const Tally& tally) {
  core::Table table{.key = "closes",
                    .title = "",
                    .columns = {{"code", "closed with", Unit::kId},
                                {"by", "by"},
                                {"count", "count", Unit::kCount},
                                {"reason", "reason"}},
                    .rows = {}};
  for (const auto& [closing, count] : tally.closes) {
    table.rows.push_back(
        {closing.code, closing.by_server ? "server" : "client", count, closing.reason});
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

std::vector<core::Check> checks_of(const Outcome& outcome,
                                   const std::vector<Threshold>& thresholds) {
  const OutcomeMeasurement measurement(outcome.tally, outcome.rated_s(),
                                       outcome.generator.cpu_ratio, outcome.expects);
  std::vector<core::Check> checks;
  for (const Threshold& threshold : thresholds) {
    const ThresholdOutcome held = evaluate(threshold, measurement);
    checks.push_back({.name = held.text,
                      .observed = held.observed
                                      ? format_value(threshold.metric->kind, *held.observed)
                                      : "no data",
                      .passed = held.passed});
  }
  return checks;
}

bool has_failed(const Outcome& outcome, const std::vector<core::Check>& checks) {
  const bool missed_one = std::any_of(checks.begin(), checks.end(),
                                      [](const core::Check& check) { return !check.passed; });
  return missed_one || !outcome.aborted_by.empty();
}

void add_common_notes(const Outcome& outcome, std::vector<std::string>& notes) {
  const Generator& generator = outcome.generator;
  if (outcome.interrupted) {
    notes.emplace_back("interrupted: the numbers are of the part of the run that was done");
  }
  if (!outcome.aborted_by.empty())
    notes.push_back("stopped early: " + outcome.aborted_by + " was missed");
  if (generator.stalled()) {
    notes.push_back(
        fmt::format("generator stalled: it stood still for {:.0f} ms (stopped, or "
                    "starved of CPU); send lag says how late that made requests",
                    core::to_milliseconds(generator.longest_gap)));
  }
  if (!is_saturated(outcome)) return;
  if (generator.cpu_ratio > kBusyCpu) {
    notes.push_back(fmt::format(
        "generator saturated: its busiest thread used {:.0f} % of a core; the numbers "
        "are as much its own as the server's (more --threads help where there are cores)",
        generator.cpu_ratio * 100));
  } else {
    notes.push_back(fmt::format(
        "generator late: send lag p99 {:.1f} ms at {:.0f} % of a core; other programs have its "
        "cores, or its work comes in bursts, and latencies hold that delay",
        core::to_milliseconds(outcome.tally.latencies.send_lag.quantile(0.99)),
        generator.cpu_ratio * 100));
  }
}

}  // namespace scalectl::load
