// The workflow bench: seed 002's tables, measured on this server beside the seed's figures.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/session.hpp"
#include "pg/target.hpp"

namespace scalectl::story {

struct WorkflowBenchOptions {
  std::vector<std::int64_t> tasks{50, 500, 5'000, 50'000};  ///< ascending
  std::int64_t steps = 6;
  std::vector<int> views{1, 2, 3};
  std::vector<std::string> indexes{"none", "seed", "best"};
  int repeats = 3;
  core::Seconds limit{30};  ///< for a single query
  bool layouts = false;     ///< hold the layouts against each other, whatever the number of tasks
  std::string version;      ///< of this program
};

/// Up to so many tasks the trial of the layouts takes a few seconds.
inline constexpr std::int64_t kCheapLayouts = 5'000;

/// Throws Error (usage) for options that cannot be met.
void check(const WorkflowBenchOptions& options);

/// Runs a trial at each number of tasks, in databases of its own that are dropped again, and one of the
/// layouts at the largest (unless that is above kCheapLayouts and they are not asked for). The verdict
/// is fail where the best setting misses what the seed promises for the largest number.
core::Result workflow_bench(const pg::Target& admin, const catalog::Catalog& catalog,
                            const WorkflowBenchOptions& options, const std::stop_token& stop,
                            core::Observer& observer);

}  // namespace scalectl::story
