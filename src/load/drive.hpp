// Driving a run: starting its workers together, adding up what they measure, showing how it goes,
// and ending it when its time, a signal or a missed threshold says so. What the workers do is
// theirs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "core/observer.hpp"
#include "load/outcome.hpp"
#include "load/worker.hpp"

namespace scalectl::load {

using Workers = std::vector<std::unique_ptr<Worker>>;

/// Takes NDJSON lines, one for each request; called from one thread.
using SampleSink = std::function<void(std::string_view)>;

struct DrivePlan {
  std::optional<std::chrono::system_clock::time_point> start_at;
  std::optional<core::Nanos> length;   ///< for display: how long it is to take
  std::optional<std::uint64_t> count;  ///< for display: how many are to be sent
  const std::vector<Threshold>& thresholds;
  bool abort_on_fail = false;
  core::Nanos abort_delay = 0;  ///< thresholds are not looked at before
  /// What is worth watching of a run: all that was measured, its last second, what is in flight.
  std::function<core::Object(const Tally&, const SeriesRow&, std::int64_t)> live;
  /// Told of each second that is over, in order; may be empty.
  std::function<void(std::int64_t second, const Tally&)> on_second;
};

/// Runs the workers to their end; fills in all of `outcome` that can be measured.
void drive(const DrivePlan& plan, Workers& workers, const std::stop_token& stop,
           core::Observer& observer, const SampleSink& samples, Outcome& outcome);

}  // namespace scalectl::load
