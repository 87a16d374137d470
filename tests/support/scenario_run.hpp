// Running the text of a scenario against a server of the test's own.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <stop_token>
#include <string>

#include "load/scenario/reader.hpp"
#include "load/scenario/run.hpp"
#include "load/scenario/slice.hpp"
#include "support/recorder.hpp"

namespace scalectl::test {

struct Played {
  load::scenario::Scenario scenario;
  load::scenario::ScenarioOutcome run;

  const load::Tally& tally() const { return run.outcome.tally; }
  const load::IterationCounts& iterations() const { return tally().flow.iterations; }
  /// The step called `name`, over all stages.
  load::StepTally step(const std::string& name) const {
    const auto& steps = scenario.steps;
    const auto found = std::find_if(steps.begin(), steps.end(),
                                    [&](const auto& info) { return info.name == name; });
    if (found == steps.end()) return {};
    return load::scenario::tally_of_step(scenario, tally().flow,
                                         static_cast<int>(found - steps.begin()));
  }
  /// "3 of 4" for a check that held three times.
  std::string check(const std::string& name) const {
    std::uint64_t passed = 0;
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < tally().flow.checks.size(); ++i) {
      if (scenario.check_names[i] != name) continue;
      passed += tally().flow.checks[i].passed;
      all += tally().flow.checks[i].passed + tally().flow.checks[i].failed;
    }
    return std::to_string(passed) + " of " + std::to_string(all);
  }
  std::map<std::string, std::uint64_t> reasons() const { return tally().flow.reasons; }
};

/// Plays `text` against `target` and holds every identity of the counts against what came of it.
inline Played play(const std::string& text, const std::string& target,
                   const load::scenario::RunPlan& plan = {}, const std::stop_token& stop = {}) {
  Recorder observer;
  Played played{
      .scenario = load::scenario::read_scenario(
          {.name = "test", .file = "test.json", .text = text, .data = {}}, {.target = target}),
      .run = {}};
  played.run = load::scenario::run(played.scenario, plan, stop, observer);
  load::check_scenario_identities(played.tally());
  return played;
}

}  // namespace scalectl::test
