#include "story/workflow_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/power_law.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "story/workflow_layouts.hpp"
#include "story/workflow_trial.hpp"
#include "workflow/view_files.hpp"

namespace scalectl::story {
namespace {

using core::Array;
using core::Object;
using core::Unit;
using core::usage_error;
using core::Value;

using Trials = std::map<std::int64_t, WorkflowTrial>;

Object read_claims(const catalog::Catalog& catalog) {
  const catalog::File file = catalog.find("scenarios/claims", "seed-002", "claim").file;
  return *core::parse_json(file.text, file.path).if_object();
}

std::string name_of(const Setting& setting) {
  return fmt::format("v{}, {}", setting.view,
                     setting.indexes == "none" ? "no indexes" : setting.indexes + " indexes");
}

std::string key_of(const Setting& setting) {
  return fmt::format("v{}_{}", setting.view, setting.indexes);
}

std::vector<Setting> settings_of(const WorkflowBenchOptions& options) {
  std::vector<Setting> settings;
  for (const int view : options.views) {
    for (const std::string& indexes : options.indexes) {
      settings.push_back({.view = view, .indexes = indexes});
    }
  }
  return settings;
}

const Timing& at(const WorkflowTrial& trial, const std::string& query, const Setting& setting) {
  return trial.queries.at(query).at(setting);
}

Value cell(const std::optional<double>& seconds, core::Seconds limit) {
  return seconds ? Value(*seconds) : Value(fmt::format(">{}", core::format_duration(limit)));
}

/// Seed 002's rows for a number of tasks; nothing where it has none.
const Object* claim_for(const Object& claims, std::int64_t tasks) {
  for (const Value& row : *claims.find("readiness_all_tasks")->if_array()) {
    if (*row.if_object()->find("tasks")->if_integer() == tasks) return row.if_object();
  }
  return nullptr;
}

/// The readiness of all tasks: the seed's before and after, and every setting measured.
core::Table readiness_table(const Object& claims, const Trials& trials,
                            const WorkflowBenchOptions& options) {
  core::Table table{.key = "readiness",
                    .title = "Readiness of all steps",
                    .columns = {{"tasks", "Tasks", Unit::kCount},
                                {"seed_before", "seed: before"},
                                {"seed_after", "seed: after"}},
                    .rows = {}};
  for (const Setting& setting : settings_of(options)) {
    table.columns.push_back({key_of(setting) + "_s", name_of(setting), Unit::kSeconds});
  }
  for (const auto& [tasks, trial] : trials) {
    const Object* claim = claim_for(claims, tasks);
    Array row{tasks, claim != nullptr ? *claim->find("before") : Value(),
              claim != nullptr ? *claim->find("after") : Value()};
    for (const Setting& setting : settings_of(options)) {
      row.push_back(cell(at(trial, "readiness", setting).median_s, options.limit));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

core::Table one_task_table(const Trials& trials, const WorkflowBenchOptions& options) {
  core::Table table{.key = "one_task",
                    .title = "Readiness of one task, p95",
                    .columns = {{"tasks", "Tasks", Unit::kCount}},
                    .rows = {}};
  for (const Setting& setting : settings_of(options)) {
    table.columns.push_back({key_of(setting) + "_s", name_of(setting), Unit::kSeconds});
  }
  for (const auto& [tasks, trial] : trials) {
    Array row{tasks};
    for (const Setting& setting : settings_of(options)) {
      const Timing& timing = at(trial, "one_task", setting);
      row.push_back(
          cell(timing.median_s ? std::optional(timing.p95_s) : std::nullopt, options.limit));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// How a query grows: the slope of log t over log n; nothing for fewer than two sizes.
std::optional<double> exponent(const Trials& trials, const std::string& query,
                               const Setting& setting) {
  std::vector<std::pair<double, double>> points;
  for (const auto& [tasks, trial] : trials) {
    const auto& seconds = at(trial, query, setting).median_s;
    if (seconds && *seconds > 0) points.emplace_back(static_cast<double>(tasks), *seconds);
  }
  if (points.size() < 2) return std::nullopt;
  return core::log_slope(points);
}

/// Each query at the largest number of tasks, with how it grows and how it comes by its rows.
core::Table query_table(const Object& claims, const Trials& trials,
                        const WorkflowBenchOptions& options) {
  const auto& [largest, trial] = *trials.rbegin();
  core::Table table{.key = "queries",
                    .title = fmt::format("Each query at {} tasks", core::grouped(largest)),
                    .columns = {{"query", "Query"},
                                {"setting", "view, indexes"},
                                {"time_s", "time", Unit::kSeconds},
                                {"exponent", "grows as n^"},
                                {"access", "access"},
                                {"seed_growth", "seed: after"},
                                {"seed_gain", "seed: gain"},
                                {"gain_ratio", "gain over v1", Unit::kTimes}},
                    .rows = {}};
  for (const char* query : kQueries) {
    const std::string name = query;
    const Object* claim = nullptr;
    for (const Value& row : *claims.find("queries")->if_array()) {
      if (*row.if_object()->find("query")->if_text() == name) claim = row.if_object();
    }
    const auto slowest = trial.queries.at(name).begin()->second.median_s;
    for (const Setting& setting : settings_of(options)) {
      const Timing& timing = at(trial, name, setting);
      const auto power = exponent(trials, name, setting);
      table.rows.push_back(
          {core::join(core::split(name, '_'), " "), name_of(setting),
           cell(timing.median_s, options.limit),
           power ? Value(std::round(*power * 100) / 100) : Value(),
           timing.access.empty() ? Value() : Value(timing.access),
           claim != nullptr ? *claim->find("after") : Value(),
           claim != nullptr ? *claim->find("gain") : Value(),
           slowest && timing.median_s ? Value(*slowest / *timing.median_s) : Value()});
    }
  }
  return table;
}

core::Table cost_table(const Object& claims, const Trials& trials,
                       const WorkflowBenchOptions& options) {
  const auto& [largest, trial] = *trials.rbegin();
  core::Table table{
      .key = "index_cost",
      .title = fmt::format("What the indexes cost at {} tasks", core::grouped(largest)),
      .columns = {{"indexes", "indexes"},
                  {"size_ratio", "share of the tables", Unit::kRatio},
                  {"seed_size", "seed"},
                  {"insert_s", "insert", Unit::kSeconds},
                  {"insert_ratio", "x none", Unit::kTimes},
                  {"transition_s", "transition", Unit::kSeconds},
                  {"transition_ratio", "x none", Unit::kTimes},
                  {"seed_overhead", "seed"}},
      .rows = {}};
  const auto none = trial.indexes.find("none");
  for (const std::string& indexes : options.indexes) {
    const IndexCost& cost = trial.indexes.at(indexes);
    const bool compared = none != trial.indexes.end();
    const bool seeds = indexes == "seed";
    table.rows.push_back(
        {indexes, cost.size_ratio, seeds ? *claims.find("index_size") : Value(), cost.insert_s,
         compared ? Value(cost.insert_s / none->second.insert_s) : Value(), cost.transition_s,
         compared ? Value(cost.transition_s / none->second.transition_s) : Value(),
         seeds ? *claims.find("write_overhead") : Value()});
  }
  return table;
}

/// The setting that was fastest at readiness of all steps.
std::optional<Setting> fastest(const WorkflowTrial& trial) {
  std::optional<Setting> best;
  for (const auto& [setting, timing] : trial.queries.at("readiness")) {
    if (!timing.median_s) continue;
    if (!best || *timing.median_s < *at(trial, "readiness", *best).median_s) best = setting;
  }
  return best;
}

std::string in_words(double seconds) {
  return seconds < 0.1 ? fmt::format("{:.1f} ms", seconds * 1e3) : fmt::format("{:.2f} s", seconds);
}

std::vector<std::string> lessons(const Trials& trials, const WorkflowBenchOptions& options) {
  const auto& [largest, trial] = *trials.rbegin();
  const std::string size = core::grouped(largest);
  std::vector<std::string> lines;
  const auto best = fastest(trial);
  if (!best) return lines;
  const double seconds = *at(trial, "readiness", *best).median_s;
  lines.push_back(
      fmt::format("All steps of {} tasks: {} takes {}.", size, name_of(*best), in_words(seconds)));
  const Setting& first = trial.queries.at("readiness").begin()->first;
  if (const auto slow = at(trial, "readiness", first).median_s; slow && first != *best) {
    lines.push_back(
        fmt::format("{} takes {:.1f} times as long; on this machine it needs {}, "
                    "not the seed's timeouts.",
                    name_of(first), *slow / seconds, in_words(*slow)));
  }
  const auto power = exponent(trials, "one_task", *best);
  if (power) {
    lines.push_back(fmt::format("One task: p95 {:.2f} ms, growing as n^{:.2f}: {}.",
                                at(trial, "one_task", *best).p95_s * 1000, *power,
                                best->view >= 3 ? "its function finds the task by index"
                                                : "its view works out every task"));
  }
  if (std::count(options.indexes.begin(), options.indexes.end(), "seed") > 0) {
    lines.push_back(fmt::format(
        "The seed's eight indexes are {:.0f} % of the tables' size (the seed says 15 to 20 %).",
        trial.indexes.at("seed").size_ratio * 100));
  }
  return lines;
}

/// Throws Error (usage) for an entry that is there twice.
template <typename Entry>
void refuse_doubled(const char* option, std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end());
  const auto doubled = std::adjacent_find(entries.begin(), entries.end());
  if (doubled != entries.end()) {
    throw usage_error(fmt::format("{} has {} twice", option, *doubled), "once is enough");
  }
}

}  // namespace

void check(const WorkflowBenchOptions& options) {
  if (options.tasks.empty() || options.views.empty() || options.indexes.empty()) {
    throw usage_error("nothing to measure", "give at least one of --tasks, --views and --indexes");
  }
  for (const std::int64_t tasks : options.tasks) {
    if (tasks < 50 || tasks > 10'000'000) {
      throw usage_error(fmt::format("--tasks {} is not 50 to 10M", tasks),
                        "fewer tasks say nothing about growth");
    }
  }
  const std::vector<std::string> known{"none", "seed", "best"};
  for (const std::string& indexes : options.indexes) {
    if (std::find(known.begin(), known.end(), indexes) == known.end()) {
      throw usage_error(fmt::format("there are no indexes \"{}\"", indexes),
                        core::did_you_mean(indexes, known, "there are: none, seed, best"));
    }
  }
  refuse_doubled("--tasks", options.tasks);
  refuse_doubled("--views", options.views);
  refuse_doubled("--indexes", options.indexes);
  if (options.steps < 1 || options.steps > 8192) {
    throw usage_error(fmt::format("--steps {} is not 1 to 8192", options.steps), "6 are usual");
  }
  if (options.repeats < 1 || options.repeats > 1000) {
    throw usage_error(fmt::format("--repeats {} is not 1 to 1000", options.repeats), "3 are usual");
  }
  if (options.limit.count() < 0.001) {
    throw usage_error("--time-limit must be more than zero", "for example --time-limit 30s");
  }
}

core::Result workflow_bench(const pg::Target& admin, const catalog::Catalog& catalog,
                            const WorkflowBenchOptions& options, const std::stop_token& stop,
                            core::Observer& observer) {
  const core::Stopwatch watch;
  check(options);
  for (const int view : options.views) workflow::load_version(catalog, view);
  const Object claims = read_claims(catalog);
  core::Result result{.command = "workflow bench"};
  result.params.set("steps", options.steps)
      .set("repeats", options.repeats)
      .set("time_limit_s", options.limit.count());
  Trials trials;
  for (const std::int64_t tasks : options.tasks) {
    const core::Stopwatch trial_watch;
    trials[tasks] = run_workflow_trial(admin, catalog,
                                       {.tasks = tasks,
                                        .steps = options.steps,
                                        .views = options.views,
                                        .indexes = options.indexes,
                                        .repeats = options.repeats,
                                        .limit = options.limit,
                                        .version = options.version},
                                       stop, observer);
    observer.info(fmt::format("Measured {} tasks in {:.1f}s (medians of {} interleaved runs)",
                              core::grouped(tasks), trial_watch.seconds(), options.repeats));
  }
  const auto& [largest, trial] = *trials.rbegin();
  result.metrics.set("tasks", largest);
  if (const auto best = fastest(trial)) {
    const double seconds = *at(trial, "readiness", *best).median_s;
    result.metrics.set("best_setting", key_of(*best)).set("readiness_s", seconds);
    result.metrics.set("one_task_p95_s", at(trial, "one_task", *best).p95_s);
    const Object* claim = claim_for(claims, largest);
    const Value* limit = claim != nullptr ? claim->find("after_limit_s") : nullptr;
    if (limit != nullptr) {
      result.threshold_s = limit->number();
      if (seconds > limit->number()) result.verdict = core::Verdict::kFail;
    }
  }
  result.tables = {readiness_table(claims, trials, options), one_task_table(trials, options),
                   query_table(claims, trials, options), cost_table(claims, trials, options)};
  result.notes = lessons(trials, options);
  if (options.layouts || largest <= kCheapLayouts) {
    const core::Stopwatch layouts_watch;
    const LayoutTrial layouts = run_layout_trial(admin, catalog,
                                                 {.tasks = largest,
                                                  .steps = options.steps,
                                                  .repeats = options.repeats,
                                                  .limit = options.limit,
                                                  .version = options.version},
                                                 stop, observer);
    observer.info(fmt::format("Measured three layouts of {} tasks in {:.1f}s",
                              core::grouped(largest), layouts_watch.seconds()));
    add_layouts(layouts, options.limit, result);
  }
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::story
