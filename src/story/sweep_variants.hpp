// The variants of a tick that a sweep holds against each other: which form, on which layout of the
// tables.
#pragma once

#include <string>
#include <vector>

#include "tick/definition.hpp"

namespace scalectl::story {

struct SweepVariant {
  std::string strategy;  ///< rows, set, batched, epoch
  std::string layout;    ///< seed, hot, epoch

  std::string key() const { return strategy + "_" + layout; }
  std::string name() const { return strategy + ", " + layout + " layout"; }
  auto operator<=>(const SweepVariant&) const = default;
};

/// What can be swept, in the order of the tables.
extern const std::vector<std::string> kSweepStrategies;
extern const std::vector<std::string> kSweepLayouts;

struct SweepPlan {
  std::vector<SweepVariant> variants;
  /// What makes no sense: "set on epoch, batched on epoch: why".
  std::vector<std::string> left_out;
};

/// The combinations of `strategies` and `layouts` that make sense for `tick`. Throws Error (usage)
/// where there is none.
SweepPlan plan_sweep(const tick::Definition& tick, const std::vector<std::string>& strategies,
                     const std::vector<std::string>& layouts);

}  // namespace scalectl::story
