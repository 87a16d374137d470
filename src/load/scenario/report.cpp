// The Result of a scenario.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/text.hpp"
#include "load/report_parts.hpp"
#include "load/scenario/run.hpp"
#include "load/scenario/slice.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Array;
using core::Object;
using core::Unit;
using core::Value;

constexpr std::array<std::string_view, 9> kLatencies{
    "response", "service", "connect", "tls", "first_byte", "upgrade", "echo", "fanout", "reopen"};

Object iteration_object(const IterationCounts& i) {
  return {{"scheduled", i.scheduled},  {"missed", i.missed},
          {"started", i.started},      {"ok", i.ok},
          {"failed", i.failed},        {"unfinished", i.unfinished},
          {"late_paces", i.late_paces}};
}

double throughput(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  return outcome.elapsed_s > 0 ? static_cast<double>(c.ok + c.http_error) / outcome.elapsed_s : 0;
}

void set_metrics(const Outcome& outcome, Object& metrics) {
  const Tally& tally = outcome.tally;
  metrics.set("requests", request_object(tally.counts));
  metrics.set("throughput_rps", throughput(outcome));
  metrics.set("iterations", iteration_object(tally.flow.iterations));
  const MessageCounts& m = tally.messages;
  metrics.set("messages", Object{{"sent", tally.flow.iterations.messages_sent},
                                 {"expected", m.expected},
                                 {"delivered", m.delivered},
                                 {"lost", m.lost},
                                 {"duplicated", m.duplicated},
                                 {"reordered", m.reordered},
                                 {"foreign", m.foreign},
                                 {"unread", tally.flow.iterations.messages_dropped}});
  metrics.set("latency_ms", latency_object(tally.latencies, kLatencies));
  Object statuses;
  for (const auto& [status, count] : tally.statuses) statuses.set(std::to_string(status), count);
  metrics.set("statuses", std::move(statuses));
  set_common_metrics(outcome, metrics);
  metrics.set("connections", Object{{"opened", tally.connections_opened},
                                    {"failed", tally.connections_failed},
                                    {"disconnects", m.disconnects},
                                    {"reopened", m.reopened}});
  Object closes;
  for (const auto& [code, count] : tally.close_codes()) closes.set(std::to_string(code), count);
  metrics.set("closes", std::move(closes));
}

core::Table iteration_table(const Outcome& outcome) {
  const IterationCounts& i = outcome.tally.flow.iterations;
  CountRow row;
  row.add("started", "iterations", i.started);
  row.add("missed", "missed", i.missed, false);
  row.add("ok", "ok", i.ok);
  row.add("failed", "failed", i.failed);
  row.add("unfinished", "unfinished", i.unfinished);
  row.add("late_paces", "late for their pace", i.late_paces, false);
  row.add({"cpu_ratio", "generator CPU", Unit::kRatio}, outcome.generator.cpu_ratio);
  return row.table("iterations");
}

core::Table message_table(const Tally& tally) {
  const MessageCounts& m = tally.messages;
  return {.key = "messages",
          .columns = {{"sent", "messages sent", Unit::kCount},
                      {"delivered", "delivered", Unit::kCount},
                      {"lost", "lost", Unit::kCount},
                      {"duplicated", "duplicated", Unit::kCount},
                      {"reordered", "reordered", Unit::kCount},
                      {"disconnects", "disconnects", Unit::kCount}},
          .rows = {{tally.flow.iterations.messages_sent, m.delivered, m.lost, m.duplicated,
                    m.reordered, m.disconnects}},
          .shows_metrics = true};
}

Array step_row(const std::string& name, const StepTally& tally, double length_s) {
  const core::Histogram& response = tally.response;
  const auto seconds = [&](double nanos) {
    return response.empty() ? Value() : Value(nanos / 1e9);
  };
  const auto quantile = [&](double q) {
    return seconds(static_cast<double>(response.quantile(q)));
  };
  return {name,
          tally.started,
          length_s > 0 ? static_cast<double>(tally.ok + tally.failed) / length_s : 0.0,
          tally.errors(),
          tally.unfinished,
          seconds(response.mean()),
          quantile(0.5),
          quantile(0.95),
          quantile(0.99),
          seconds(static_cast<double>(response.max()))};
}

core::Table step_columns(const char* key, const char* title) {
  return {.key = key,
          .columns = {{"name", title},
                      {"count", "done", Unit::kCount},
                      {"rate_rps", "per second", Unit::kCount},
                      {"errors", "failed", Unit::kCount},
                      {"unfinished", "unfinished", Unit::kCount},
                      {"mean_s", "mean", Unit::kSeconds},
                      {"p50_s", "p50", Unit::kSeconds},
                      {"p95_s", "p95", Unit::kSeconds},
                      {"p99_s", "p99", Unit::kSeconds},
                      {"max_s", "max", Unit::kSeconds}},
          .rows = {}};
}

/// Every step that has latencies, over all stages.
core::Table step_table(const Scenario& scenario, const Outcome& outcome) {
  core::Table table = step_columns("steps", "step");
  for (std::size_t step = 0; step < scenario.steps.size(); ++step) {
    const StepTally sum = tally_of_step(scenario, outcome.tally.flow, static_cast<int>(step));
    if (sum.started > 0) {
      table.rows.push_back(step_row(scenario.steps[step].name, sum, outcome.elapsed_s));
    }
  }
  return table;
}

/// Every stage, over all steps that have latencies.
core::Table stage_table(const Scenario& scenario, const Outcome& outcome) {
  core::Table table = step_columns("stages", "stage");
  for (std::size_t stage = 0; stage < scenario.stage_names.size(); ++stage) {
    const StepTally sum = tally_of_stage(scenario, outcome.tally.flow, static_cast<int>(stage));
    const Seconds seconds = seconds_of(scenario, static_cast<int>(stage));
    const double end_s = std::min(outcome.elapsed_s, static_cast<double>(seconds.end));
    const double length_s = std::max(0.0, end_s - static_cast<double>(seconds.first));
    table.rows.push_back(step_row(scenario.stage_names[stage], sum, length_s));
  }
  return table;
}

core::Table check_table(const Scenario& scenario, const FlowTally& flow) {
  core::Table table{.key = "flow_checks",
                    .columns = {{"name", "check"},
                                {"passed", "passed", Unit::kCount},
                                {"failed", "failed", Unit::kCount}},
                    .rows = {}};
  for (std::size_t i = 0; i < flow.checks.size(); ++i) {
    const CheckCount& count = flow.checks[i];
    if (count.passed + count.failed == 0) continue;
    table.rows.push_back({scenario.check_names[i], count.passed, count.failed});
  }
  return table;
}

core::Table reason_table(const FlowTally& flow) {
  core::Table table{
      .key = "reasons",
      .columns = {{"reason", "what ended an iteration"}, {"count", "count", Unit::kCount}},
      .rows = {}};
  for (const auto& [reason, count] : flow.reasons) table.rows.push_back({reason, count});
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [](const Array& a, const Array& b) { return a[1].number() > b[1].number(); });
  return table;
}

core::Verdict verdict_of(const ScenarioOutcome& outcome, const std::vector<core::Check>& checks) {
  const Tally& tally = outcome.outcome.tally;
  const IterationCounts& i = tally.flow.iterations;
  if (has_failed(outcome.outcome, checks)) return core::Verdict::kFail;
  if (i.started == 0) return core::Verdict::kInconclusive;
  const StepCounts steps = tally.flow.steps.totals();
  if (i.ok == 0 && i.failed > 0) return core::Verdict::kFail;
  if (steps.started > 0 && steps.ok == 0) return core::Verdict::kFail;
  const bool troubled = i.failed + i.missed + steps.unfinished + tally.flow.failed_checks() > 0;
  return troubled ? core::Verdict::kWarn : core::Verdict::kPass;
}

void add_notes(const Scenario& scenario, const Outcome& outcome, std::vector<std::string>& notes) {
  const FlowTally& flow = outcome.tally.flow;
  notes.insert(notes.end(), scenario.notes.begin(), scenario.notes.end());
  if (flow.iterations.missed > 0) {
    notes.push_back(fmt::format(
        "{} iterations were missed: no user was free before the end (max_users), or a unique "
        "feeder had no row left",
        core::grouped(flow.iterations.missed)));
  }
  const StepCounts steps = flow.steps.totals();
  if (steps.started > 0 && steps.ok == 0) notes.emplace_back("no step succeeded");
  if (steps.unfinished > 0) {
    notes.push_back(
        fmt::format("{} steps were under way at the end: their age counts as their time",
                    core::grouped(steps.unfinished)));
  }
  if (flow.iterations.messages_dropped > 0) {
    notes.push_back(
        fmt::format("{} messages were thrown away unread: a user expects fewer than come in",
                    core::grouped(flow.iterations.messages_dropped)));
  }
  if (flow.reasons.size() >= FlowTally::kMaxReasons) {
    notes.emplace_back("there were more reasons for failed iterations than are shown");
  }
}

}  // namespace

void report(const Scenario& scenario, const ScenarioOutcome& run, core::Result& result) {
  const Outcome& outcome = run.outcome;
  const Tally& tally = outcome.tally;
  check_scenario_identities(tally);
  result.elapsed_s = outcome.elapsed_s;
  result.interrupted = outcome.interrupted;
  set_metrics(outcome, result.metrics);
  result.tables = {iteration_table(outcome)};
  if (tally.counts.sent > 0) result.tables.push_back(request_table(outcome));
  if (tally.flow.iterations.messages_sent + tally.messages.delivered > 0) {
    result.tables.push_back(message_table(tally));
  }
  if (scenario.stage_names.size() > 1) result.tables.push_back(stage_table(scenario, outcome));
  result.tables.push_back(step_table(scenario, outcome));
  result.tables.push_back(latency_table(tally.latencies, kLatencies));
  if (!tally.closes.empty()) result.tables.push_back(close_table(tally));
  for (core::Table table :
       {check_table(scenario, tally.flow), reason_table(tally.flow), error_table(tally)}) {
    if (!table.rows.empty()) result.tables.push_back(std::move(table));
  }
  result.checks = run.checks;
  result.verdict = verdict_of(run, result.checks);
  result.notes = outcome.notes;
  add_notes(scenario, outcome, result.notes);
  add_common_notes(outcome, result.notes);
  result.data = data_of(outcome);
}

}  // namespace scalectl::load::scenario
