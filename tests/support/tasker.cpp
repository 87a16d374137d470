#include "support/tasker.hpp"

#include <fmt/format.h>

namespace scalectl::test {
namespace {

constexpr const char* kNull = "\\N";

template <typename Value>
std::string cell(const std::optional<Value>& value) {
  return value ? fmt::format("{}", *value) : kNull;
}

std::string step_line(const TaskerStep& step) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", step.id, step.task,
                     cell(step.attempts), cell(step.retry_limit), step.retryable, step.in_process,
                     step.processed, cell(step.last_attempted_age_s), cell(step.backoff_s));
}

std::string transition_lines(const TaskerStep& step) {
  std::string lines;
  for (std::size_t i = 0; i < step.history.size(); ++i) {
    lines += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", step.id, step.history[i].to_state,
                         i == 0 ? kNull : step.history[i - 1].to_state, 10 * (i + 1),
                         i + 1 == step.history.size(), step.history[i].age_s);
  }
  return lines;
}

void copy(pg::Transaction& tx, const std::string& table, const std::string& lines) {
  pg::CopyIn in(tx, "COPY " + table + " FROM STDIN");
  in.put(lines);
  in.finish();
}

}  // namespace

void store(pg::Transaction& tx, std::int64_t tasks, const std::vector<TaskerStep>& steps) {
  // The foreign keys hold by construction; to check them takes longer than all the rest.
  tx.query("SET LOCAL session_replication_role = replica");
  tx.query(
      "CREATE TEMP TABLE given_steps (id bigint, task bigint, attempts int, retry_limit int,"
      "  retryable bool, in_process bool, processed bool, age float8, backoff int) ON COMMIT DROP");
  tx.query("CREATE TEMP TABLE given_edges (parent bigint, child bigint) ON COMMIT DROP");
  tx.query(
      "CREATE TEMP TABLE given_events (step bigint, to_state text, from_state text, sort_key int,"
      "  most_recent bool, age float8) ON COMMIT DROP");
  std::string step_lines;
  std::string edge_lines;
  std::string event_lines;
  for (const TaskerStep& step : steps) {
    step_lines += step_line(step);
    event_lines += transition_lines(step);
    for (const std::int64_t parent : step.parents) {
      edge_lines += fmt::format("{}\t{}\n", parent, step.id);
    }
  }
  copy(tx, "given_steps", step_lines);
  copy(tx, "given_edges", edge_lines);
  copy(tx, "given_events", event_lines);
  tx.query("INSERT INTO tasker_dependent_systems (dependent_system_id, name) VALUES (1, 'shop')");
  tx.query("INSERT INTO tasker_task_namespaces (task_namespace_id, name) VALUES (1, 'default')");
  tx.query("INSERT INTO tasker_named_tasks (named_task_id, name) VALUES (1, 'order')");
  tx.query(
      "INSERT INTO tasker_named_steps (named_step_id, dependent_system_id, name)"
      " VALUES (1, 1, 'work')");
  tx.query(
      "INSERT INTO tasker_tasks (task_id, named_task_id, requested_at, identity_hash)"
      " SELECT i, 1, now() AT TIME ZONE 'UTC', 'task ' || i FROM generate_series(1, $1::bigint) AS "
      "i",
      {std::to_string(tasks)});
  tx.query(
      "INSERT INTO tasker_workflow_steps (workflow_step_id, task_id, named_step_id, attempts,"
      "  retry_limit, retryable, in_process, processed, last_attempted_at,"
      "  backoff_request_seconds)"
      " SELECT id, task, 1, attempts, retry_limit, retryable, in_process, processed,"
      "        now() AT TIME ZONE 'UTC' - age * interval '1 second', backoff FROM given_steps");
  tx.query(
      "INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name)"
      " SELECT parent, child, 'provides' FROM given_edges");
  tx.query(
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, from_state,"
      "  sort_key, most_recent, created_at)"
      " SELECT step, to_state, from_state, sort_key, most_recent,"
      "        now() AT TIME ZONE 'UTC' - age * interval '1 second' FROM given_events");
  tx.query("SET LOCAL session_replication_role = origin");
  tx.query(
      "ANALYZE tasker_workflow_steps, tasker_workflow_step_edges,"
      " tasker_workflow_step_transitions");
}

}  // namespace scalectl::test
