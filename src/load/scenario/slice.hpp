// Slice: the part of a run that a threshold is held against: a step, a tag, a stage, a stretch of
// time, or window after window.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.hpp"
#include "load/outcome.hpp"
#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// The whole seconds of a run that something is about: from `first` to before `end`.
struct Seconds {
  std::int64_t first = 0;
  std::int64_t end = INT64_MAX;
};

/// The seconds in which stage `stage` of Scenario::stage_names runs.
Seconds seconds_of(const Scenario& scenario, int stage);

/// The number that Tally::flow.steps knows a step in a stage by.
std::size_t cell(const Scenario& scenario, int stage, int step);

/// What was counted of `step` over all stages, and in `stage` over all steps.
StepTally tally_of_step(const Scenario& scenario, const FlowTally& flow, int step);
StepTally tally_of_stage(const Scenario& scenario, const FlowTally& flow, int stage);

/// The steps that talk HTTP: what "response" is of where no step is named.
std::vector<int> http_steps(const Scenario& scenario);

/// Whether a threshold on `metric` can be held against a step, or all steps of a tag.
bool is_known_by_step(const Metric& metric);

class Slice {
 public:
  /// `threshold` must outlive it, and is_known_by_step() where it names a step or a tag.
  Slice(const Scenario& scenario, const ScenarioThreshold& threshold);

  /// Takes the seconds of a run, in order.
  void take(std::int64_t second, const Tally& tally);
  /// At the end, with the whole run: holds the threshold. `elapsed_s` and `cpu_ratio` are the
  /// run's.
  core::Check finish(const Tally& whole, double elapsed_s, double cpu_ratio);

 private:
  void add(const Tally& tally);
  void close_window();
  std::optional<double> measure(double length_s, double cpu_ratio) const;
  void judge(std::optional<double> observed);

  const ScenarioThreshold& held_;
  std::vector<std::size_t> cells_;  // empty: of everything in the seconds
  bool by_cells_ = false;
  bool by_seconds_ = false;  // else all of the run
  Seconds seconds_;
  std::int64_t window_s_ = 0;  // 0 for none
  std::int64_t window_ = 0;    // the one that is being filled
  StepTally steps_;
  std::unique_ptr<Tally> all_;

  bool judged_ = false;
  bool passed_ = true;
  std::optional<double> worst_;
};

}  // namespace scalectl::load::scenario
