#include "load/scenario/littles_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "load/scenario/flow_facts.hpp"

namespace scalectl::load::scenario {
namespace {

/// What is expected of one stage of a load.
struct Expected {
  std::optional<double> throughput;  ///< a second, at least
  std::optional<double> mean;        ///< nanoseconds, at most
};

bool is_of(const ScenarioThreshold& threshold, const Scenario& scenario, const Load& load,
           const LoadStage& stage) {
  if (!threshold.stage) return load.stages.size() == 1;
  return scenario.stage_names[static_cast<std::size_t>(*threshold.stage)] == stage.name;
}

Expected expected_of(const Scenario& scenario, const Load& load, const LoadStage& stage) {
  Expected found;
  for (const ScenarioThreshold& each : scenario.thresholds) {
    if (!is_of(each, scenario, load, stage)) continue;
    const Threshold& threshold = each.threshold;
    const bool at_least = threshold.comparison == Comparison::kGreater ||
                          threshold.comparison == Comparison::kGreaterOrEqual;
    const bool at_most = threshold.comparison == Comparison::kLess ||
                         threshold.comparison == Comparison::kLessOrEqual;
    if (threshold.metric->name == "throughput" && at_least) found.throughput = threshold.limit;
    const bool is_time =
        threshold.metric->name == "response" || threshold.metric->name == "service";
    if (is_time && threshold.aggregate == Aggregate::kMean && at_most) {
      found.mean = threshold.limit;
    }
  }
  return found;
}

/// Whether the users of the load only request, one thing after another.
bool only_requests(const Scenario& scenario, int load) {
  return std::all_of(scenario.populations.begin(), scenario.populations.end(),
                     [&](const Population& population) {
                       if (population.load != load) return true;
                       const FlowFacts facts = facts_of(population.flow);
                       return facts.requests > 0 && !facts.has_wait && !facts.has_websocket;
                     });
}

}  // namespace

void add_littles_law(Scenario& scenario) {
  for (std::size_t i = 0; i < scenario.loads.size(); ++i) {
    const Load& load = scenario.loads[i];
    if (load.is_open || !only_requests(scenario, static_cast<int>(i))) continue;
    for (const LoadStage& stage : load.stages) {
      const Expected expected = expected_of(scenario, load, stage);
      if (!expected.throughput || !expected.mean) continue;
      const double mean = static_cast<double>(stage.users) / *expected.throughput * 1e9;
      if (mean <= *expected.mean) continue;
      const double needed = static_cast<double>(stage.users) / (*expected.mean / 1e9);
      scenario.notes.push_back(fmt::format(
          "{}: by Little's law {} users without think time who make {} requests/s wait {} each in "
          "the mean, not {}; both hold only from {} requests/s",
          stage.name, core::grouped(stage.users),
          core::grouped(static_cast<std::uint64_t>(*expected.throughput)),
          format_value(MetricKind::kLatency, mean),
          format_value(MetricKind::kLatency, *expected.mean),
          core::grouped(static_cast<std::uint64_t>(std::ceil(needed)))));
    }
  }
}

}  // namespace scalectl::load::scenario
