// workflow check: what it finds in broken data, by name, and what --repair mends.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/workflow.hpp"
#include "workflow/check.hpp"

namespace scalectl {
namespace {

using test::metric;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct WorkflowCheck : test::WorkflowTest {
  core::Result check(bool repair = false) {
    return workflow::check(session, naming, repair, recorder);
  }
  /// Two tasks of three steps (1 to 3 and 4 to 6) in a chain, all of them pending.
  void seed_chains(std::int64_t tasks = 2, std::int64_t steps = 3) {
    seed({.tasks = tasks,
          .steps = steps,
          .shape = seed::Shape::kLinear,
          .progress = seed::Progress::kFresh});
  }
  void edge(std::int64_t from, std::int64_t to) {
    session.query(
        fmt::format("INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id,"
                    " name) VALUES ({}, {}, 'wrong')",
                    from, to));
  }
  /// Makes two most_recent rows possible, as in a database without the unique index.
  void drop_unique_indexes() {
    const auto names = lines(
        "SELECT indexname FROM pg_indexes WHERE tablename LIKE"
        " 'tasker%transitions' AND indexdef LIKE '%WHERE most_recent'");
    EXPECT_EQ(names.size(), 2U);
    for (const std::string& name : names) session.query("DROP INDEX " + name);
    unguarded = 2;
  }
  int unguarded = 0;  ///< tables without their unique index, which is a finding of its own
  /// Expects exactly one finding, beside the missing indexes.
  void expect_one(const core::Result& result, const std::string& finding,
                  const std::string& examples, int count = 1) {
    EXPECT_EQ(result.verdict, core::Verdict::kFail);
    ASSERT_EQ(result.tables.size(), 1U);
    std::vector<std::string> findings = test::column(result, "finding");
    if (unguarded > 0) {
      EXPECT_EQ(findings.back(), "\"no unique index\"");
      findings.pop_back();
    }
    EXPECT_THAT(findings, ElementsAre(core::to_json(finding)));
    EXPECT_EQ(test::column(result, "examples").front(), core::to_json(examples));
    EXPECT_EQ(metric(result, "findings"), std::to_string(count + unguarded));
  }
  std::string step_histories() {
    return scalar(
        "SELECT string_agg(concat_ws(' ', workflow_step_id, to_state, sort_key,"
        "  most_recent), ', ' ORDER BY workflow_step_id, sort_key)"
        " FROM tasker_workflow_step_transitions WHERE workflow_step_id <= 2");
  }
};

TEST_F(WorkflowCheck, WithoutItsUniqueIndex_NamesTheTable) {
  seed_chains();
  session.query("DROP INDEX " + scalar("SELECT indexname FROM pg_indexes WHERE tablename ="
                                       " 'tasker_task_transitions' AND indexdef LIKE"
                                       " '%WHERE most_recent'"));
  expect_one(check(), "no unique index", "\"tasker_task_transitions\" (task_id) WHERE most_recent");
  // As Rails writes it.
  session.query(
      "CREATE UNIQUE INDEX ON tasker_task_transitions (task_id, most_recent)"
      " WHERE most_recent = true");
  EXPECT_EQ(check().verdict, core::Verdict::kPass);
}

TEST_F(WorkflowCheck, SoundData_PassesWithoutATable) {
  seed({.tasks = 200});
  const core::Result result = check();
  EXPECT_EQ(result.verdict, core::Verdict::kPass);
  EXPECT_EQ(metric(result, "findings"), "0");
  EXPECT_THAT(result.tables, IsEmpty());
}

TEST_F(WorkflowCheck, EmptyTables_Pass) { EXPECT_EQ(check().verdict, core::Verdict::kPass); }

TEST_F(WorkflowCheck, CycleOfTwo_IsNamed) {
  seed_chains();
  edge(3, 2);
  expect_one(check(), "cycle", "steps 2, 3");
}

TEST_F(WorkflowCheck, StepThatWaitsForItself_IsACycle) {
  seed_chains();
  edge(5, 5);
  expect_one(check(), "cycle", "steps 5");
}

TEST_F(WorkflowCheck, CycleOf5000Steps_IsFoundAndCutShort) {
  seed_chains(1, 5000);
  edge(5000, 1);
  expect_one(check(), "cycle", "steps 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …");
}

TEST_F(WorkflowCheck, EdgeBetweenTasks_IsNamedWithBoth) {
  seed_chains();
  edge(3, 4);
  expect_one(check(), "edge between tasks", "edge 5: step 3 of task 1 to step 4 of task 2");
}

TEST_F(WorkflowCheck, DoubledEdge_IsFoundOnce) {
  seed_chains();
  edge(1, 2);
  expect_one(check(), "doubled edge", "steps 1 to 2");
}

TEST_F(WorkflowCheck, MoreThanFive_AreCountedAndFiveNamed) {
  seed_chains(7);
  for (int task = 0; task < 7; ++task) edge(3 * task + 2, 3 * task + 1);
  const core::Result result = check();
  EXPECT_THAT(test::column(result, "count"), ElementsAre("7"));
  EXPECT_THAT(test::column(result, "examples"),
              ElementsAre("\"steps 1, 2; steps 4, 5; steps 7, 8; steps 10, 11; steps 13, 14\""));
}

TEST_F(WorkflowCheck, NoMostRecent_IsNamedAndRepaired) {
  seed_chains();
  session.query(
      "UPDATE tasker_workflow_step_transitions SET most_recent = false"
      " WHERE workflow_step_id = 2");
  expect_one(check(), "no most_recent", "workflow_step_id 2 (0)");
  const core::Result repaired = check(true);
  EXPECT_EQ(repaired.verdict, core::Verdict::kPass);
  EXPECT_EQ(metric(repaired, "repaired"), "1");
  EXPECT_EQ(step_histories(), "1 pending 10 t, 2 pending 10 t");
}

TEST_F(WorkflowCheck, TwoMostRecent_AreNamed_AndTheNewestStays) {
  seed_chains();
  drop_unique_indexes();
  session.query(
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, from_state,"
      "  sort_key) VALUES (1, 'in_progress', 'pending', 20);"
      "INSERT INTO tasker_task_transitions (task_id, to_state, from_state, sort_key)"
      "  VALUES (2, 'in_progress', 'pending', 20)");
  const core::Result found = check();
  EXPECT_THAT(
      test::column(found, "finding"),
      ElementsAre("\"several most_recent\"", "\"several most_recent\"", "\"no unique index\""));
  EXPECT_THAT(
      test::column(found, "examples"),
      ElementsAre("\"workflow_step_id 1 (2)\"", "\"task_id 2 (2)\"", HasSubstr("most_recent")));
  EXPECT_THAT(test::column(found, "advice").at(0), HasSubstr("workflow check --repair"));

  const core::Result repaired = check(true);
  EXPECT_THAT(test::column(repaired, "finding"), ElementsAre("\"no unique index\""));
  EXPECT_EQ(metric(repaired, "repaired"), "2");
  EXPECT_EQ(step_histories(), "1 pending 10 f, 1 in_progress 20 t, 2 pending 10 t");
  EXPECT_EQ(
      scalar("SELECT sort_key FROM tasker_task_transitions WHERE task_id = 2 AND most_recent"),
      "20");
}

TEST_F(WorkflowCheck, OldRowMarkedInPlaceOfTheNewest_IsFound) {
  seed_chains();
  session.query(
      "UPDATE tasker_workflow_step_transitions SET from_state = NULL WHERE workflow_step_id = 1;"
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, from_state,"
      "  sort_key, most_recent) VALUES (1, 'in_progress', 'pending', 20, false)");
  EXPECT_EQ(check().verdict, core::Verdict::kFail);
  EXPECT_EQ(check(true).verdict, core::Verdict::kPass);
  EXPECT_EQ(step_histories(), "1 pending 10 f, 1 in_progress 20 t, 2 pending 10 t");
}

TEST_F(WorkflowCheck, MoveThatTheStateMachineDoesNotKnow_IsNamed) {
  seed_chains();
  session.query(
      "UPDATE tasker_workflow_step_transitions SET most_recent = false WHERE workflow_step_id = 6;"
      "INSERT INTO tasker_workflow_step_transitions (workflow_step_id, to_state, from_state,"
      "  sort_key) VALUES (6, 'complete', 'pending', 20)");
  expect_one(check(), "illegal step move", "workflow_step_id 6: pending to complete");
}

TEST_F(WorkflowCheck, IllegalMoveOfATask_IsNamed) {
  seed_chains();
  session.query("UPDATE tasker_task_transitions SET to_state = 'failed' WHERE task_id = 1");
  expect_one(check(), "illegal task move", "task_id 1: nothing to failed");
}

TEST_F(WorkflowCheck, Repair_MendsMostRecentAndNothingElse) {
  seed_chains();
  edge(3, 2);
  edge(1, 2);
  session.query(
      "UPDATE tasker_workflow_step_transitions SET most_recent = false"
      " WHERE workflow_step_id = 1");
  const std::string edges = test::digest(session, "tasker_workflow_step_edges");
  const core::Result repaired = check(true);
  EXPECT_EQ(repaired.verdict, core::Verdict::kFail);
  EXPECT_EQ(metric(repaired, "repaired"), "1");
  EXPECT_THAT(test::column(repaired, "finding"), ElementsAre("\"cycle\"", "\"doubled edge\""));
  EXPECT_EQ(test::digest(session, "tasker_workflow_step_edges"), edges);
}

TEST_F(WorkflowCheck, Repair_OfSoundData_ChangesNoRow) {
  seed({.tasks = 100});
  const std::string before = test::digest(session, "tasker_workflow_step_transitions");
  EXPECT_EQ(metric(check(true), "repaired"), "0");
  EXPECT_EQ(test::digest(session, "tasker_workflow_step_transitions"), before);
}

TEST_F(WorkflowCheck, WithoutRepair_ChangesNothing) {
  seed_chains();
  session.query("UPDATE tasker_workflow_step_transitions SET most_recent = false");
  const std::string before = test::digest(session, "tasker_workflow_step_transitions");
  EXPECT_EQ(metric(check(), "findings"), "6");
  EXPECT_EQ(test::digest(session, "tasker_workflow_step_transitions"), before);
}

}  // namespace
}  // namespace scalectl
