// The runs of a sweep: every variant at every size, interleaved and repeated, each capped in time.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "core/parse.hpp"
#include "story/sweep_arena.hpp"
#include "story/sweep_variants.hpp"

namespace scalectl::story {

/// The repeats of one variant at one size.
struct SweepSample {
  std::vector<double> elapsed_s;
  std::vector<double> wal_bytes;
  std::vector<double> hot_ratio;  ///< of the runs that updated anything
  std::vector<double> rows;
};

/// What one variant was measured to take, by number of players.
struct SweepLine {
  std::map<std::int64_t, SweepSample> samples;
  std::string stopped;  ///< where and why it was not taken further; empty where it was not
};

using SweepLines = std::map<SweepVariant, SweepLine>;

struct SweepRunOptions {
  std::vector<std::int64_t> sizes;  ///< ascending
  int repeats = 5;
  core::Seconds max_time{60};  ///< for a single run
  int workers = 1;             ///< connections of the batched strategy
};

/// Runs the variants into `lines`, which holds what was measured whatever happens. A variant whose
/// next size would take longer than max_time, going by what it took so far, is not taken there; one
/// that does not end in time is stopped, and rolled back. Throws Error (interrupted) on a stop
/// request.
void run_sweep(SweepArena& arena, const tick::Definition& tick,
               const std::vector<SweepVariant>& variants, const SweepRunOptions& options,
               const std::stop_token& stop, core::Observer& observer, SweepLines& lines);

}  // namespace scalectl::story
