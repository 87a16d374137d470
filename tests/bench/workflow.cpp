#include <fmt/format.h>

#include "contest.hpp"
#include "contests.hpp"

namespace scalectl::bench {
namespace {

constexpr const char* kDatabase = "workflow";
constexpr int kRounds = 5;
constexpr double kLimit = 1.3;

/// In an order in which every table comes after those it refers to.
const std::vector<std::string> kTables{"tasker_tasks", "tasker_workflow_steps",
                                       "tasker_workflow_step_edges", "tasker_task_transitions",
                                       "tasker_workflow_step_transitions"};

}  // namespace

core::Result workflow(const Arena& arena) {
  core::Result result{.command = "bench", .name = "workflow"};
  arena.sql("lab", fmt::format("CREATE DATABASE {}", kDatabase));
  arena.scalectl(kDatabase, {"db", "init", "workflow"});
  arena.scalectl(kDatabase, {"seed", "workflow", "--tasks", "50k"});
  std::vector<std::string> dump;
  std::vector<std::string> load;
  for (const std::string& table : kTables) {
    const std::string file = fmt::format("{}/{}.tsv", arena.scratch(), table);
    dump.push_back(fmt::format("\\copy {} TO '{}'", table, file));
    load.push_back(fmt::format("\\copy {} FROM '{}'", table, file));
  }
  arena.psql(kDatabase, dump);
  const auto empty = [&arena] {
    arena.sql(kDatabase, "TRUNCATE tasker_tasks CASCADE");
    arena.sql(kDatabase, "CHECKPOINT");
  };
  const core::Table table = run_contest(
      "seed_workflow", "Seeding 50,000 tasks of 6 steps with their histories",
      {{"psql \\copy, text", empty, [&] { arena.psql(kDatabase, load); }, {}},
       {"scalectl seed workflow", empty,
        [&] { arena.scalectl(kDatabase, {"seed", "workflow", "--tasks", "50k"}); }, kLimit}},
      kRounds);
  arena.sql("lab", fmt::format("DROP DATABASE {}", kDatabase));
  if (!within_limits(table)) result.verdict = core::Verdict::kFail;
  result.tables.push_back(table);
  return result;
}

}  // namespace scalectl::bench
