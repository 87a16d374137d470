// A trial of the workflow's views at one number of tasks: every version on every set of indexes, on
// identical copies of one seeded database, interleaved and repeated.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "pg/target.hpp"

namespace scalectl::story {

/// A version of the views on a set of indexes.
struct Setting {
  int view = 3;
  std::string indexes;  ///< none, seed or best

  auto operator<=>(const Setting&) const = default;
};

/// What is asked of a setting: readiness, current_state, dependencies and aggregation of all tasks,
/// and one_task, the readiness of one.
inline constexpr const char* kQueries[] = {"readiness", "current_state", "dependencies",
                                           "aggregation", "one_task"};

/// One query in one setting.
struct Timing {
  std::optional<double> median_s;  ///< nothing where the time limit was hit
  double p95_s = 0;                ///< of one_task: over the tasks asked for
  std::string access;              ///< "index-only", "index", "sequential": the worst way to a big table
  int repeats = 0;
};

/// What a set of indexes costs.
struct IndexCost {
  double size_ratio = 0;    ///< its bytes over the tables' bytes
  double insert_s = 0;      ///< median time to insert new tasks with their steps and transitions
  double transition_s = 0;  ///< median time to move steps to their next state
};

struct WorkflowTrial {
  std::map<std::string, std::map<Setting, Timing>> queries;
  std::map<std::string, IndexCost> indexes;
};

struct WorkflowTrialOptions {
  std::int64_t tasks = 0;
  std::int64_t steps = 6;
  std::vector<int> views;
  std::vector<std::string> indexes;
  int repeats = 3;
  core::Seconds limit{30};  ///< for a single query
  std::string version;      ///< of this program, for the record
};

/// Runs the trial. `admin` is a database in which databases may be made; they are dropped again.
WorkflowTrial run_workflow_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                                 const WorkflowTrialOptions& options, const std::stop_token& stop,
                                 core::Observer& observer);

}  // namespace scalectl::story
