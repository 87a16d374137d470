// Contest: the same work done by several contenders, interleaved and repeated, as ratios.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/table.hpp"

namespace scalectl::bench {

struct Contender {
  std::string name;
  /// Brings everything back to where the work begins. Not timed.
  std::function<void()> prepare;
  /// The work.
  std::function<void()> work;
  /// What its time may be at most, as a multiple of the first contender's.
  std::optional<double> limit;
  /// What the work took by its own account, in seconds; by the clock where there is none.
  std::function<double()> own_time;
};

/// Runs `repeats` rounds; each round runs every contender once, beginning with another one each
/// time. One row for each: median, fastest and slowest run in seconds, and the median of the
/// rounds' ratios to the first contender.
core::Table run_contest(const std::string& key, const std::string& title,
                        const std::vector<Contender>& contenders, int repeats);

/// True if every row with a limit is within it.
bool within_limits(const core::Table& table);

}  // namespace scalectl::bench
