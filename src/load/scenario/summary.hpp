// What a scenario would do, for people who have not run it yet.
#pragma once

#include "core/result.hpp"
#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// Adds the scenario's populations, stages, steps and thresholds to `result`: tables, counts as
/// metrics, and its notes.
void summarize(const Scenario& scenario, core::Result& result);

}  // namespace scalectl::load::scenario
