// The tick sweep: how a tick's time grows with the number of players, for each of its forms and
// each layout of the tables, beside seed 000's scaling projection.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/target.hpp"
#include "story/sweep_variants.hpp"
#include "tick/definition.hpp"

namespace scalectl::story {

struct TickSweepOptions {
  std::vector<std::int64_t> sizes{1'000, 10'000, 100'000, 1'000'000};  ///< players; ascending
  std::vector<std::string> strategies = kSweepStrategies;
  std::vector<std::string> layouts = kSweepLayouts;
  int repeats = 5;
  core::Seconds max_time{60};         ///< for a single run
  int workers = 1;                    ///< connections of the batched strategy
  std::int64_t predict = 10'000'000;  ///< players
  std::string version;                ///< of this program
};

/// Throws Error (usage) for options that cannot be met.
void check(const tick::Definition& tick, const TickSweepOptions& options);

/// Measures in private databases that are dropped again, fits t = a + b·n^k to each variant, and
/// reports the projection, the fits, what was measured and a log-log figure. A stop request ends
/// it; the Result then holds what was measured until then. Throws Error: usage for a role that may
/// not make databases, busy where another sweep runs.
core::Result tick_sweep(const pg::Target& admin, const catalog::Catalog& catalog,
                        const tick::Definition& tick, const TickSweepOptions& options,
                        const std::stop_token& stop, core::Observer& observer);

}  // namespace scalectl::story
