// Archiving: finished tasks leave with all that belongs to them.
#include <gmock/gmock.h>

#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "workflow/archive.hpp"
#include "workflow/check.hpp"

namespace scalectl::test {
namespace {

constexpr core::Seconds kMonth{30 * 86'400};

const std::string kDue =
    "SELECT count(*) FROM tasker_task_transitions WHERE most_recent AND to_state = 'complete'"
    " AND created_at < now() AT TIME ZONE 'UTC' - interval '30 days'";

class WorkflowArchive : public WorkflowTest {
 protected:
  WorkflowArchive() { seed({.tasks = 300, .steps = 4}); }

  std::int64_t archive(std::int64_t batch = 1000) {
    const core::Result result =
        workflow::archive(session, naming, {.older_than = kMonth, .batch = batch}, recorder);
    return *result.metrics.find("tasks")->if_integer();
  }
  /// Every row of the growing tables, live or archived, by its key.
  std::vector<std::string> all_rows() {
    std::vector<std::string> all;
    for (const std::string table : kGrowingTables) {
      const std::string key = table == "tasks"            ? "task_id"
                              : table == "workflow_steps" ? "workflow_step_id"
                                                          : "id";
      const auto keys = lines("SELECT '" + table + " ' || " + key + " FROM (SELECT " + key +
                              " FROM tasker_" + table + " UNION ALL SELECT " + key +
                              " FROM tasker_archived_" + table + ") t ORDER BY " + key);
      all.insert(all.end(), keys.begin(), keys.end());
    }
    return all;
  }
};

TEST_F(WorkflowArchive, OldFinishedTasks_LeaveAndNothingIsLost) {
  const std::string due = scalar(kDue);
  ASSERT_GT(std::stoi(due), 10);
  const auto before = all_rows();
  EXPECT_EQ(std::to_string(archive(7)), due);
  EXPECT_EQ(scalar(kDue), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_archived_tasks"), due);
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_archived_workflow_steps"),
            std::to_string(4 * std::stoi(due)));
  EXPECT_EQ(all_rows(), before);
  EXPECT_EQ(workflow::check(session, naming, false, recorder).verdict, core::Verdict::kPass);
}

TEST_F(WorkflowArchive, SecondRun_FindsNothing) {
  archive();
  EXPECT_EQ(archive(), 0);
}

TEST_F(WorkflowArchive, TaskHeldByAnother_IsLeftForTheNextRun) {
  const int due = std::stoi(scalar(kDue));
  pg::Session other = database.connect();
  {
    pg::Transaction tx = other.begin();
    tx.query(
        "SELECT FROM tasker_tasks t JOIN tasker_task_transitions s USING (task_id)"
        " WHERE s.most_recent AND s.to_state = 'complete'"
        "   AND s.created_at < now() AT TIME ZONE 'UTC' - interval '30 days'"
        " ORDER BY t.task_id LIMIT 1 FOR UPDATE OF t");
    EXPECT_EQ(archive(5), due - 1);
  }
  EXPECT_EQ(archive(5), 1);
}

// What the application keeps with a task is neither lost (by ON DELETE CASCADE) nor stops the rest.
TEST_F(WorkflowArchive, TasksThatOthersReferTo_StayAndTheRestLeave) {
  const int due = std::stoi(scalar(kDue));
  const std::string first =
      "SELECT t.task_id FROM tasker_tasks t JOIN tasker_task_transitions s USING (task_id)"
      " WHERE s.most_recent AND s.to_state = 'complete'"
      "   AND s.created_at < now() AT TIME ZONE 'UTC' - interval '30 days' ORDER BY 1";
  session.query(
      "CREATE TABLE notes (\"Task\" bigint REFERENCES tasker_tasks ON DELETE CASCADE);"
      "CREATE TABLE logs (step bigint REFERENCES tasker_workflow_steps)");
  session.query("INSERT INTO notes " + first + " LIMIT 2");
  session.query(
      "INSERT INTO logs SELECT workflow_step_id FROM tasker_workflow_steps"
      " WHERE task_id = (" +
      first + " OFFSET 3 LIMIT 1)");
  const core::Result result =
      workflow::archive(session, naming, {.older_than = kMonth, .batch = 2}, recorder);
  EXPECT_EQ(result.verdict, core::Verdict::kWarn);
  EXPECT_EQ(metric(result, "tasks"), std::to_string(due - 3));
  EXPECT_EQ(metric(result, "held"), "3");
  EXPECT_THAT(result.notes,
              testing::ElementsAre("1 finished tasks stay: rows of logs refer to them",
                                   "2 finished tasks stay: rows of notes refer to them"));
  EXPECT_EQ(scalar("SELECT count(*) FROM notes"), "2");
}

TEST_F(WorkflowArchive, TasksWithAnEdgeBetweenThem_StayAndTheRestLeave) {
  const int due = std::stoi(scalar(kDue));
  session.query(
      "INSERT INTO tasker_workflow_step_edges (from_step_id, to_step_id, name)"
      " SELECT min(w.workflow_step_id), (SELECT min(o.workflow_step_id) FROM tasker_workflow_steps "
      "o"
      "                                    JOIN tasker_task_transitions p USING (task_id)"
      "                                   WHERE p.most_recent AND p.to_state = 'in_progress'), 'x'"
      "  FROM tasker_workflow_steps w JOIN tasker_task_transitions s USING (task_id)"
      " WHERE s.most_recent AND s.to_state = 'complete'"
      "   AND s.created_at < now() AT TIME ZONE 'UTC' - interval '30 days'");
  const core::Result result = workflow::archive(session, naming, {.older_than = kMonth}, recorder);
  EXPECT_EQ(metric(result, "tasks"), std::to_string(due - 1));
  EXPECT_THAT(result.notes, testing::ElementsAre(testing::HasSubstr("steps of other tasks")));
}

// The application's migrations go on, in the archive with another order of columns.
TEST_F(WorkflowArchive, ColumnAddedSince_IsAskedForAndThenCarriedOver) {
  session.query("ALTER TABLE tasker_tasks ADD due_at timestamp(6)");
  session.query("UPDATE tasker_tasks SET due_at = '2001-02-03'");
  const core::Error error = error_of([&] { archive(); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), testing::HasSubstr("has a column due_at that"));
  EXPECT_EQ(
      error.hint(),
      "ALTER TABLE \"tasker_archived_tasks\" ADD COLUMN due_at timestamp(6) without time zone");
  session.query(error.hint());
  EXPECT_GT(archive(), 10);
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_archived_tasks WHERE due_at <> '2001-02-03'"
                   " OR archived_at < now() AT TIME ZONE 'UTC' - interval '1 minute'"),
            "0");
}

TEST_F(WorkflowArchive, WithoutItsTables_SaysHowToMakeThemEvenWhereNothingIsDue) {
  archive();
  session.query("DROP TABLE tasker_archived_tasks CASCADE");
  EXPECT_THAT(error_of([&] { archive(); }).message(),
              testing::HasSubstr("there is no table \"tasker_archived_tasks\""));
}

TEST_F(WorkflowArchive, FailingBatch_LeavesTheOnesBeforeItDoneAndSaysSo) {
  const int due = std::stoi(scalar(kDue));
  session.query(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " IF (SELECT count(*) FROM tasker_archived_tasks) >= 10 THEN RAISE 'full'; END IF;"
      " RETURN NEW; END $$;"
      "CREATE TRIGGER refuse BEFORE INSERT ON tasker_archived_tasks"
      " FOR EACH ROW EXECUTE FUNCTION refuse()");
  const auto before = all_rows();
  const core::Error error = error_of([&] { archive(5); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kFailed);
  EXPECT_THAT(error.message(), testing::HasSubstr("10 of " + std::to_string(due) + " tasks"));
  EXPECT_EQ(scalar("SELECT count(*) FROM tasker_archived_tasks"), "10");
  EXPECT_EQ(all_rows(), before);
}

}  // namespace
}  // namespace scalectl::test
