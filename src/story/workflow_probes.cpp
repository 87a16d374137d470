#include "story/workflow_probes.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "schema/migrations.hpp"
#include "story/silent.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

constexpr double kOneTaskBudget_s = 3;  // for a slow view, fewer tasks are asked for
constexpr int kWriteSteps = 2000;

}  // namespace

pg::Naming tasker() { return {std::nullopt, {}, workflow::kDefaultPrefix}; }

void make_world(pg::Session& session, const catalog::Catalog& catalog, const World& world,
                const std::string& version) {
  Silent silent;
  schema::init(session, catalog, {.family = "workflow", .version = version}, silent);
  seed::WorkflowOptions seeding{.tasks = world.tasks, .steps = world.steps};
  seeding.max_age = world.max_age;
  seeding.as_of =
      std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  seeding.naming = tasker();
  if (seed::seed_workflow(session, seeding, silent).interrupted) {
    throw Error(ErrorKind::kInterrupted, "the bench was interrupted");
  }
}

bool ask_one_by_one(pg::Session& session, const workflow::Views& views,
                    const std::vector<std::int64_t>& tasks, std::vector<double>& seconds) {
  const core::Stopwatch budget;
  try {
    pg::Transaction tx = session.begin();
    const std::string prepared =
        tx.prepare(views.has_functions() ? fmt::format("SELECT * FROM {}($1)",
                                                       views.object("step_readiness_for_task"))
                                         : fmt::format("SELECT * FROM {} WHERE task_id = $1",
                                                       views.object("step_readiness_statuses")));
    tx.run(prepared, {"1"});  // the first one fills the session's caches
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      if (i >= 3 && budget.seconds() > kOneTaskBudget_s) break;
      const core::Stopwatch watch;
      tx.run(prepared, {std::to_string(tasks[i])});
      seconds.push_back(watch.seconds());
    }
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBusy) throw;
    return false;
  }
}

double timed_insert(pg::Session& session) {
  pg::Transaction tx = session.begin();
  const core::Stopwatch watch;
  tx.query(fmt::format(
      "WITH t AS (INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash)"
      "           SELECT (SELECT min(named_task_id) FROM tasker_named_tasks), now(), 'bench ' || i"
      "             FROM generate_series(1, {}) AS i RETURNING task_id),"
      " s AS (INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts)"
      "       SELECT task_id, n.named_step_id, 0 FROM t,"
      "              (SELECT named_step_id FROM tasker_named_steps ORDER BY 1 LIMIT 6) n"
      "       RETURNING workflow_step_id)"
      " INSERT INTO tasker_workflow_step_transitions (to_state, sort_key, workflow_step_id)"
      " SELECT 'pending', 10, workflow_step_id FROM s",
      kWriteSteps / 6));
  return watch.seconds();
}

double timed_transitions(pg::Session& session) {
  pg::Transaction tx = session.begin();
  const std::string chosen =
      tx.query(fmt::format("SELECT array_agg(workflow_step_id)::text AS ids FROM ("
                           "  SELECT workflow_step_id FROM tasker_workflow_step_transitions"
                           "   WHERE most_recent AND to_state = 'pending'"
                           "   ORDER BY workflow_step_id LIMIT {}) AS pending",
                           kWriteSteps))
          .at(0, "ids")
          .value_or("{}");
  const core::Stopwatch watch;
  tx.query(
      "WITH demoted AS (UPDATE tasker_workflow_step_transitions SET most_recent = false"
      "                  WHERE workflow_step_id = ANY ($1::bigint[]) AND most_recent"
      "                  RETURNING workflow_step_id, to_state, sort_key),"
      " moved AS (INSERT INTO tasker_workflow_step_transitions"
      "             (to_state, from_state, sort_key, most_recent, workflow_step_id)"
      "           SELECT 'in_progress', to_state, sort_key + 10, true, workflow_step_id"
      "             FROM demoted RETURNING workflow_step_id)"
      " UPDATE tasker_workflow_steps s"
      "    SET in_process = true, attempts = coalesce(attempts, 0) + 1, last_attempted_at = now()"
      "   FROM moved m WHERE s.workflow_step_id = m.workflow_step_id",
      {chosen});
  return watch.seconds();
}

double percentile95(std::vector<double> sample) {
  if (sample.empty()) return 0;
  std::sort(sample.begin(), sample.end());
  return sample[(sample.size() * 95 + 99) / 100 - 1];
}

}  // namespace scalectl::story
