// What a task's context says, on tasks written by hand; and that views and functions agree.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>

#include "support/tasker.hpp"
#include "support/workflow.hpp"

namespace scalectl {
namespace {

using test::TaskerStep;

/// Steps of one kind each.
TaskerStep fresh() { return {}; }
TaskerStep in(const char* state) { return {.history = {{"in_progress", 60}, {state, 30}}}; }
TaskerStep running() {
  return {.history = {{"in_progress", 5}}, .attempts = 1, .in_process = true};
}
TaskerStep failed(std::int64_t attempts, double age_s) {
  return {.history = {{"in_progress", age_s + 1}, {"error", age_s}}, .attempts = attempts};
}
TaskerStep waits_again() {  // reset for its retry, and the backoff of 30 s not yet over
  return {.history = {{"error", 2}, {"pending", 1}}, .attempts = 7, .retry_limit = 10};
}
TaskerStep fails_for_good() {
  TaskerStep step = failed(1, 3600);
  step.retryable = false;
  return step;
}
TaskerStep with_explicit_backoff(std::int64_t seconds) {
  TaskerStep step = failed(1, 100);
  step.last_attempted_age_s = 101;
  step.backoff_s = seconds;
  return step;
}
TaskerStep flagged(bool in_process, bool processed) {
  return {.in_process = in_process, .processed = processed};
}
TaskerStep after(TaskerStep step, std::vector<std::int64_t> parents) {
  step.parents = std::move(parents);  // positions in the task, from 1
  return step;
}

struct Told {
  const char* about;
  std::vector<TaskerStep> steps;
  /// "total pending in_progress completed failed ready | status action percentage health"
  const char* expected;
};

const Told kTold[] = {
    {"no steps", {}, "0 0 0 0 0 0 | all_complete finalize_task 0.0 unknown"},
    {"one step that may start",
     {fresh()},
     "1 1 0 0 0 1 | has_ready_steps execute_ready_steps 0.00 healthy"},
    {"all complete",
     {in("complete"), after(in("complete"), {1})},
     "2 0 0 2 0 0 | all_complete finalize_task 100.00 healthy"},
    {"complete and resolved by hand",
     {in("complete"), in("resolved_manually")},
     "2 0 0 2 0 0 | all_complete finalize_task 100.00 healthy"},
    {"complete and cancelled",
     {in("complete"), in("complete"), in("cancelled")},
     "3 0 0 2 0 0 | all_complete finalize_task 66.67 healthy"},
    {"all cancelled", {in("cancelled")}, "1 0 0 0 0 0 | all_complete finalize_task 0.00 healthy"},
    {"a step runs and its child waits",
     {running(), after(fresh(), {1})},
     "2 1 1 0 0 0 | processing wait_for_completion 0.00 healthy"},
    {"a step runs and another is ready",
     {running(), fresh()},
     "2 1 1 0 0 1 | has_ready_steps execute_ready_steps 0.00 healthy"},
    {"a backoff in force",
     {in("complete"), failed(2, 1), after(fresh(), {2})},
     "3 1 0 1 1 0 | waiting_for_dependencies wait_for_dependencies 33.33 recovering"},
    {"a backoff in force after a reset",
     {waits_again()},
     "1 1 0 0 0 0 | waiting_for_dependencies wait_for_dependencies 0.00 healthy"},
    {"an explicit backoff in force",
     {with_explicit_backoff(110)},
     "1 0 0 0 1 0 | waiting_for_dependencies wait_for_dependencies 0.00 recovering"},
    {"an explicit backoff that is over",
     {with_explicit_backoff(100)},
     "1 0 0 0 1 1 | has_ready_steps execute_ready_steps 0.00 recovering"},
    {"a failure that may be tried again",
     {failed(2, 60)},
     "1 0 0 0 1 1 | has_ready_steps execute_ready_steps 0.00 recovering"},
    {"no attempts left",
     {in("complete"), failed(3, 3600), after(fresh(), {2})},
     "3 1 0 1 1 0 | blocked_by_failures handle_failures 33.33 blocked"},
    {"no attempts left, and the last failure a second ago",
     {failed(3, 1)},
     "1 0 0 0 1 0 | blocked_by_failures handle_failures 0.00 blocked"},
    {"not retryable",
     {fails_for_good()},
     "1 0 0 0 1 0 | blocked_by_failures handle_failures 0.00 blocked"},
    {"not retryable, and another step may start",
     {fails_for_good(), fresh()},
     "2 1 0 0 1 1 | has_ready_steps execute_ready_steps 0.00 blocked"},
    {"not retryable, and another step runs",
     {fails_for_good(), running()},
     "2 0 1 0 1 0 | processing wait_for_completion 0.00 blocked"},
    {"one fails for good, one waits for its backoff",
     {fails_for_good(), failed(2, 1)},
     "2 0 0 0 2 0 | blocked_by_failures handle_failures 0.00 blocked"},
    {"below a cancelled parent",
     {in("cancelled"), after(fresh(), {1})},
     "2 1 0 0 0 0 | blocked_by_failures handle_failures 0.00 blocked"},
    {"below a cancelled parent and a complete one",
     {in("complete"), in("cancelled"), after(fresh(), {1, 2})},
     "3 1 0 1 0 0 | blocked_by_failures handle_failures 33.33 blocked"},
    {"cancelled below a cancelled parent",
     {in("cancelled"), after(in("cancelled"), {1}), in("complete")},
     "3 0 0 1 0 0 | all_complete finalize_task 33.33 healthy"},
    {"pending and marked in_process: nobody says that it runs",
     {flagged(true, false)},
     "1 1 0 0 0 0 | waiting_for_dependencies wait_for_dependencies 0.00 healthy"},
    {"pending and marked processed",
     {flagged(false, true)},
     "1 1 0 0 0 0 | waiting_for_dependencies wait_for_dependencies 0.00 healthy"},
    {"1,000 attempts of 2,000",
     {[] {
       TaskerStep step = failed(1000, 31);
       step.retry_limit = 2000;
       return step;
     }()},
     "1 0 0 0 1 1 | has_ready_steps execute_ready_steps 0.00 recovering"},
};

struct WorkflowContext : test::WorkflowTest {
  /// Writes kTold, task i + 1 for entry i.
  static void tell(pg::Transaction& tx) {
    std::vector<TaskerStep> steps;
    std::int64_t task = 0;
    for (const Told& told : kTold) {
      ++task;
      const auto before = std::ssize(steps);
      for (TaskerStep step : told.steps) {
        step.id = std::ssize(steps) + 1;
        step.task = task;
        for (std::int64_t& parent : step.parents) parent += before;
        steps.push_back(std::move(step));
      }
    }
    store(tx, task, steps);
  }
  static std::map<std::int64_t, std::string> contexts(pg::Transaction& tx,
                                                      const std::string& source) {
    const pg::Rows rows = tx.query(
        "SELECT task_id, concat_ws(' ', total_steps, pending_steps, in_progress_steps,"
        "  completed_steps, failed_steps, ready_steps, '|', execution_status, recommended_action,"
        "  completion_percentage, health_status) AS line FROM " +
        source);
    std::map<std::int64_t, std::string> lines;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      lines[rows.integer(i, "task_id")] = rows.text(i, "line");
    }
    return lines;
  }
};

TEST_F(WorkflowContext, OfEachTask_IsWhatAPersonWouldSay) {
  install(3);
  pg::Transaction tx = session.begin();
  tell(tx);
  const auto count = std::ssize(kTold);
  for (const std::string& source :
       {std::string("tasker_task_execution_contexts"),
        fmt::format("tasker_task_execution_context_for_tasks(ARRAY(SELECT generate_series(1, {}))"
                    "::bigint[])",
                    count),
        fmt::format("generate_series(1, {}) AS i,"
                    " tasker_task_execution_context_for_task(i::bigint)",
                    count)}) {
    auto lines = contexts(tx, source);
    EXPECT_EQ(std::ssize(lines), count) << source;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      EXPECT_EQ(lines[i + 1], kTold[i].expected) << kTold[i].about << ", from " << source;
    }
  }
}

TEST_F(WorkflowContext, V2_BlocksWhileABackoffIsInForce_AndKnowsNoTaskWithoutSteps) {
  install(2);
  pg::Transaction tx = session.begin();
  tell(tx);
  tx.query("UPDATE tasker_workflow_steps SET attempts = 31 WHERE attempts = 1000");  // overflows
  auto lines = contexts(tx, "tasker_task_execution_contexts");
  EXPECT_EQ(lines.count(1), 0U);
  int wrong = 0;
  for (std::ptrdiff_t i = 0; i < std::ssize(kTold); ++i) {
    const std::string about = kTold[i].about;
    if (lines[i + 1] != kTold[i].expected) ++wrong;
    if (about == "a backoff in force") {
      EXPECT_EQ(lines[i + 1], "3 1 0 1 1 0 | blocked_by_failures handle_failures 33.33 blocked");
    }
  }
  EXPECT_GT(wrong, 0);
  RecordProperty("v2_contexts_wrong", wrong);
}

TEST_F(WorkflowContext, Status_IsTheTasksNewestTransition) {
  install(3);
  {
    pg::Transaction tx = session.begin();
    tell(tx);
    tx.commit();
  }
  session.query(
      "INSERT INTO tasker_task_transitions (task_id, to_state, from_state, sort_key, most_recent)"
      " VALUES (2, 'pending', NULL, 10, false), (2, 'in_progress', 'pending', 20, true)");
  EXPECT_EQ(scalar("SELECT string_agg(status, ' ' ORDER BY task_id)"
                   " FROM tasker_task_execution_contexts WHERE task_id <= 3"),
            "pending in_progress pending");
}

/// Rows of `one` that `other` does not have, and the other way round.
std::string difference(const std::string& one, const std::string& other) {
  return fmt::format("SELECT count(*) FROM (({0} EXCEPT ALL {1}) UNION ALL ({1} EXCEPT ALL {0})) d",
                     one, other);
}

TEST_F(WorkflowContext, OnSeededTasks_ViewFunctionAndFunctionForOneAgreeInEveryRow) {
  install(3);
  seed({.tasks = 500, .steps = 7});
  pg::Transaction tx = session.begin();  // one now() for all of them
  const std::string tasks = "ARRAY(SELECT task_id FROM tasker_tasks)";
  for (const auto& [view, batch, one] :
       {std::tuple{"step_readiness_statuses", "step_readiness_for_tasks",
                   "step_readiness_for_task"},
        std::tuple{"task_execution_contexts", "task_execution_context_for_tasks",
                   "task_execution_context_for_task"}}) {
    const std::string of_view = fmt::format("SELECT * FROM tasker_{}", view);
    const auto rows = [&](const std::string& sql) {
      return tx.query("SELECT count(*) AS n FROM (" + sql + ") r").integer(0, "n");
    };
    EXPECT_EQ(rows(of_view), std::string_view(view) == "task_execution_contexts" ? 500 : 3500);
    for (const std::string& other :
         {fmt::format("SELECT * FROM tasker_{}({})", batch, tasks),
          fmt::format("SELECT f.* FROM tasker_tasks t, tasker_{}(t.task_id) f", one)}) {
      EXPECT_EQ(tx.query(difference(of_view, other)).at(0, 0), "0") << other;
    }
  }
}

TEST_F(WorkflowContext, OfNoTasksOrUnknownOnes_HasNoRows) {
  install(3);
  seed({.tasks = 3});
  for (const char* tasks : {"'{}'", "'{4, 99}'", "NULL"}) {
    for (const char* function : {"step_readiness_for_tasks", "task_execution_context_for_tasks"}) {
      EXPECT_EQ(scalar(fmt::format("SELECT count(*) FROM tasker_{}({})", function, tasks)), "0")
          << function << tasks;
    }
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_task_execution_context_for_tasks('{2, 2, 3}')"),
            "2");
}

}  // namespace
}  // namespace scalectl
