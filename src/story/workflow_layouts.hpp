// Layouts past 50,000 tasks, held against each other on identical copies of one seeded world: plain
// tables, plain tables after workflow archive, and partitioned transitions. Its finished tasks are
// up to a year old.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/target.hpp"

namespace scalectl::story {

/// One layout, with the views v3 and the indexes workflow-best. Times are medians of interleaved
/// runs.
struct Layout {
  std::string name;        ///< plain, archived or partitioned
  double made_s = 0;       ///< the archive's run, or the migration's
  std::int64_t tasks = 0;  ///< that are there still
  std::int64_t state_bytes =
      0;  ///< step transitions among which the current ones are, with indexes
  std::optional<double> readiness_s;  ///< of all steps; nothing where the time limit was hit
  std::int64_t readiness_bytes = 0;   ///< buffers that this touched
  std::optional<double> one_task_p95_s;
  double insert_s = 0;      ///< 2,000 new steps
  double transition_s = 0;  ///< 2,000 steps moved to their next state
};

/// What is asked of the steps' transitions, on the plain and on the partitioned layout.
struct Pruning {
  std::string query;
  std::int64_t read = 0;        ///< partitions that were read, as EXPLAIN (ANALYZE) shows it
  std::int64_t partitions = 0;  ///< that there are
  double plain_s = 0;           ///< planning and execution
  double partitioned_s = 0;
  std::int64_t plain_bytes = 0;  ///< buffers touched
  std::int64_t partitioned_bytes = 0;
};

struct LayoutTrial {
  std::int64_t tasks = 0;
  std::vector<Layout> layouts;  ///< plain first
  std::vector<Pruning> pruning;
};

struct LayoutOptions {
  std::int64_t tasks = 0;
  std::int64_t steps = 6;
  int repeats = 3;
  core::Seconds limit{30};  ///< for a single query
  std::string version;      ///< of this program, for the record
};

/// Runs the trial. `admin` is a database in which databases may be made; they are dropped again.
LayoutTrial run_layout_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                             const LayoutOptions& options, const std::stop_token& stop,
                             core::Observer& observer);

/// Puts the trial's tables and notes into `result`.
void add_layouts(const LayoutTrial& trial, core::Seconds limit, core::Result& result);

}  // namespace scalectl::story
