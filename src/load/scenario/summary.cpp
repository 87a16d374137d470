#include "load/scenario/summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "load/scenario/flow_facts.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Unit;

core::Table populations_of(const Scenario& scenario) {
  core::Table table{.key = "populations",
                    .title = "Populations",
                    .columns = {{"population", "population"},
                                {"share_ratio", "share", Unit::kRatio},
                                {"steps", "steps", Unit::kCount},
                                {"feeders", "feeders"}},
                    .rows = {}};
  for (const Population& population : scenario.populations) {
    std::uint64_t sum = 0;
    for (const Population& other : scenario.populations) {
      if (other.load == population.load) sum += other.weight;
    }
    std::vector<std::string> feeders;
    for (const FeederUse& use : population.feeders) {
      feeders.push_back(scenario.feeders[static_cast<std::size_t>(use.feeder)].name);
    }
    table.rows.push_back({population.name,
                          static_cast<double>(population.weight) / static_cast<double>(sum),
                          facts_of(population.flow).steps, core::join(feeders, ", ")});
  }
  return table;
}

/// Who goes through a load: the populations that share it.
std::string people_of(const Scenario& scenario, std::size_t load) {
  std::vector<std::string> names;
  for (const Population& population : scenario.populations) {
    if (population.load == static_cast<int>(load)) names.push_back(population.name);
  }
  return core::join(names, ", ");
}

core::Table stages_of(const Scenario& scenario) {
  core::Table table{.key = "stages",
                    .title = "Stages",
                    .columns = {{"populations", "populations"},
                                {"stage", "stage"},
                                {"ramp_s", "ramp", Unit::kSeconds},
                                {"for_s", "for", Unit::kSeconds}},
                    .rows = {}};
  for (std::size_t i = 0; i < scenario.loads.size(); ++i) {
    for (const LoadStage& stage : scenario.loads[i].stages) {
      const bool until_done = stage.hold == LoadStage::kUntilDone;
      table.rows.push_back({people_of(scenario, i), stage.name, core::to_seconds(stage.ramp),
                            until_done ? core::Value() : core::to_seconds(stage.hold)});
    }
  }
  return table;
}

core::Table steps_of(const Scenario& scenario) {
  core::Table table{.key = "steps",
                    .title = "Steps",
                    .columns = {{"step", "step"}, {"tags", "tags"}, {"line", "line", Unit::kId}},
                    .rows = {}};
  for (const StepInfo& step : scenario.steps) {
    std::vector<std::string> tags;
    for (const int tag : step.tags) tags.push_back(scenario.tags[static_cast<std::size_t>(tag)]);
    table.rows.push_back({step.name, core::join(tags, ", "), step.line});
  }
  return table;
}

core::Table thresholds_of(const Scenario& scenario) {
  core::Table table{.key = "thresholds",
                    .title = "Thresholds",
                    .columns = {{"threshold", "threshold"}},
                    .rows = {}};
  for (const ScenarioThreshold& threshold : scenario.thresholds) {
    table.rows.push_back({threshold.text});
  }
  return table;
}

}  // namespace

void summarize(const Scenario& scenario, core::Result& result) {
  std::uint64_t users = 0;
  std::uint64_t arrivals = 0;
  core::Nanos length = 0;
  for (const Load& load : scenario.loads) {
    (load.is_open ? arrivals : users) += load.all_users();
    const bool until_done =
        std::any_of(load.stages.begin(), load.stages.end(),
                    [](const LoadStage& stage) { return stage.hold == LoadStage::kUntilDone; });
    if (!until_done) length = std::max(length, load.length());
  }
  result.metrics.set("populations", scenario.populations.size())
      .set("steps", scenario.steps.size())
      .set("thresholds", scenario.thresholds.size());
  if (users > 0) result.metrics.set("users", users);
  if (arrivals > 0) result.metrics.set("arrivals", arrivals);
  if (length > 0) result.metrics.set("duration_s", core::to_seconds(length));
  result.params.set("seed", scenario.seed);
  result.tables.push_back(populations_of(scenario));
  result.tables.push_back(stages_of(scenario));
  result.tables.push_back(steps_of(scenario));
  if (!scenario.thresholds.empty()) result.tables.push_back(thresholds_of(scenario));
  result.notes.insert(result.notes.end(), scenario.notes.begin(), scenario.notes.end());
}

}  // namespace scalectl::load::scenario
