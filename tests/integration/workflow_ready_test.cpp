// workflow ready: what can run, and why the rest cannot, in words.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/tasker.hpp"
#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "workflow/readiness.hpp"

namespace scalectl {
namespace {

using test::column;
using test::error_of;
using test::metric;
using test::TaskerStep;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct WorkflowReady : test::WorkflowTest {
  void make_steps(std::vector<TaskerStep> steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].id = static_cast<std::int64_t>(i) + 1;
    pg::Transaction tx = session.begin();
    store(tx, 1, steps);
    tx.commit();
  }
  workflow::Views open(int version = 0) {
    return workflow::Views::open(session, catalog, naming, version);
  }
  core::Result ready(const workflow::Selection& selection = {.tasks = {1}}, int version = 0) {
    return workflow::ready(session, open(version), selection);
  }
  static std::vector<std::string> words(const core::Result& result) {
    return column(result, "reason", 1);
  }
};

TEST_F(WorkflowReady, EachReason_IsSaidInWords) {
  make_steps({{},
              {.history = {{"complete", 60}}, .processed = true},
              {.history = {{"cancelled", 60}}},
              {.history = {{"resolved_manually", 60}}, .processed = true},
              {.history = {{"in_progress", 5}}, .attempts = 1, .in_process = true},
              {.in_process = true},
              {.processed = true},
              {.parents = {2, 5, 1}},
              {.parents = {3}},
              {.history = {{"error", 60}}, .attempts = 3},
              {.history = {{"error", 60}}, .attempts = 1, .retryable = false},
              {.history = {{"error", 0}}, .attempts = 9, .retry_limit = 2000}});
  const core::Result result = ready();
  EXPECT_THAT(
      words(result),
      ElementsAre("\"ready\"", "\"complete\"", "\"cancelled\"", "\"resolved manually\"",
                  "\"running\"", "\"running\"", "\"marked processed\"",
                  "\"waits for 2 of 3 parents: work (pending), work (in_progress)\"",
                  "\"a parent was cancelled: work (cancelled); resolve it by hand, or cancel this"
                  " step\"",
                  "\"no attempts left (3 of 3)\"", "\"failed, and is not retryable\"",
                  testing::MatchesRegex("\"backoff for another (29|30) s\"")));
  EXPECT_THAT(column(result, "reason"),
              ElementsAre("\"finished\"", "\"running\"", "\"backoff\"", "\"marked processed\"",
                          "\"no attempts left\"", "\"not retryable\"", "\"parent cancelled\"",
                          "\"ready\"", "\"waits for parents\""));
  EXPECT_THAT(column(result, "steps"), ElementsAre("3", "2", "1", "1", "1", "1", "1", "1", "1"));
  EXPECT_EQ(metric(result, "ready_steps"), "1");
  const std::string due = scalar(
      "SELECT to_char(next_retry_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
      " FROM " +
      open().object("step_readiness_for_task") + "(1) WHERE workflow_step_id = 12");
  EXPECT_EQ(metric(result, "next_retry_at"), "\"" + due + "\"");
  EXPECT_EQ(column(result, "next_retry_at", 1).at(11), "\"" + due + "\"");
  EXPECT_EQ(column(result, "next_retry_at", 1).at(10), "null");
}

TEST_F(WorkflowReady, OfAnOlderView_ShowsWhatItWouldDo) {
  make_steps(
      {{}, {.attempts = 0}, {.history = {{"error", 60}}, .attempts = 1, .retryable = false}});
  EXPECT_THAT(words(ready({.tasks = {1}}, 3)),
              ElementsAre("\"ready\"", "\"ready\"", "\"failed, and is not retryable\""));
  EXPECT_THAT(words(ready({.tasks = {1}}, 2)),
              ElementsAre("\"the view says no: attempts is NULL\"", "\"ready\"", "\"ready\""));
}

TEST_F(WorkflowReady, WithoutBackoff_IsReadyAtOnce) {
  make_steps(
      {{.history = {{"error", 0}}, .attempts = 2}, {.history = {{"error", 0}}, .attempts = 3}});
  const auto views = open();
  workflow::without_backoff(session, views);
  EXPECT_THAT(words(workflow::ready(session, views, {.tasks = {1}})),
              ElementsAre("\"ready\"", "\"no attempts left (3 of 3)\""));
  const core::Error error = error_of([&] { workflow::without_backoff(session, open(2)); });
  EXPECT_EQ(error.message(), "--no-backoff: the views v2 always wait");
  EXPECT_EQ(error.hint(), "v3 knows it: --view v3");
}

TEST_F(WorkflowReady, OfATaskThatIsNotThere_IsRefusedWithItsId) {
  seed({.tasks = 3});
  for (const auto verb : {workflow::ready, workflow::contexts}) {
    const core::Error error = error_of([&] { verb(session, open(), {.tasks = {2, 99, 98}}); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "there are no tasks 98, 99");
  }
}

TEST_F(WorkflowReady, OfAll_ListsTheReadyFirstAndCountsTheFinished) {
  seed({.tasks = 100});
  const core::Result result = ready({.tasks = {}, .limit = 10});
  EXPECT_THAT(words(result), SizeIs(10));
  EXPECT_THAT(words(result), testing::Each("\"ready\""));
  EXPECT_THAT(result.notes, Contains("the first 10 rows; --limit 0 shows them all"));
  const core::Result all = ready({.tasks = {}, .limit = 0});
  const auto reasons = column(all, "reason");
  const auto counts = column(all, "steps");
  std::size_t steps = 0;
  std::size_t finished = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    steps += std::stoul(counts[i]);
    if (reasons[i] == "\"finished\"") finished = std::stoul(counts[i]);
  }
  EXPECT_EQ(steps, 600U);
  EXPECT_GT(finished, 100U);
  EXPECT_THAT(words(all), SizeIs(600 - finished));
}

TEST_F(WorkflowReady, OfATaskWith5000Steps_Answers) {
  seed({.tasks = 2,
        .steps = 5000,
        .shape = seed::Shape::kDiamond,
        .progress = seed::Progress::kFresh});
  install(3);
  for (const workflow::Selection& selection :
       {workflow::Selection{.tasks = {2}}, workflow::Selection{.tasks = {}, .limit = 0}}) {
    const core::Result result = ready(selection);
    const std::int64_t tasks = selection.tasks.empty() ? 2 : 1;
    EXPECT_EQ(metric(result, "ready_steps"), std::to_string(tasks));
    EXPECT_EQ(std::ssize(words(result)), 5000 * tasks);
  }
  const core::Result one = ready({.tasks = {2}});
  EXPECT_THAT(words(one).back(), HasSubstr("waits for 4998 of 4998 parents: step_2 (pending)"));
  EXPECT_LT(words(one).back().size(), 400U);  // a line, not a page
  const core::Result context = workflow::contexts(session, open(), {.tasks = {2}});
  EXPECT_EQ(column(context, "total_steps").at(0), "5000");
  EXPECT_EQ(column(context, "execution_status").at(0), "\"has_ready_steps\"");
}

TEST_F(WorkflowReady, OfACycle_WaitsAndDoesNotLoop) {
  make_steps({{.parents = {2}}, {.parents = {1}}, {.parents = {3}}});
  EXPECT_THAT(words(ready()), ElementsAre(HasSubstr("waits for 1 of 1"), HasSubstr("waits for"),
                                          HasSubstr("waits for")));
  EXPECT_EQ(column(workflow::contexts(session, open(), {.tasks = {1}}), "execution_status").at(0),
            "\"waiting_for_dependencies\"");
}

// As in Tasker, whose views know nothing of the task's own state.
TEST_F(WorkflowReady, StepsOfACancelledTask_AreNoted) {
  make_steps({{}, {}});
  EXPECT_THAT(ready().notes, Each(Not(HasSubstr("belong to tasks"))));
  session.query(
      "UPDATE tasker_task_transitions SET most_recent = false;"
      "INSERT INTO tasker_task_transitions (task_id, to_state, sort_key)"
      " VALUES (1, 'cancelled', 1000)");
  EXPECT_THAT(ready().notes, Contains(HasSubstr("2 ready steps belong to tasks")));
  EXPECT_THAT(ready({.tasks = {}}).notes, Contains(HasSubstr("2 ready steps belong to tasks")));
}

TEST_F(WorkflowReady, WithTwoMostRecentRows_PointsToTheCheck) {
  make_steps({{.history = {{"pending", 60}, {"in_progress", 5}}}});
  EXPECT_THAT(ready().notes, Each(Not(HasSubstr("more than once"))));
  for (const std::string& name :
       lines("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%WHERE most_recent'")) {
    session.query("DROP INDEX " + name);
  }
  session.query("UPDATE tasker_workflow_step_transitions SET most_recent = true");
  EXPECT_THAT(ready().notes,
              Contains("step 1 is listed more than once: scalectl workflow check tells why"));
}

TEST_F(WorkflowReady, ContextsOfAll_AreCountedByStatusAndHealth) {
  seed({.tasks = 120});
  const core::Result result = workflow::contexts(session, open(), {.tasks = {}, .limit = 7});
  std::int64_t tasks = 0;
  for (const std::string& count : column(result, "tasks")) tasks += std::stol(count);
  EXPECT_EQ(tasks, 120);
  EXPECT_EQ(metric(result, "tasks"), "120");  // whatever the limit
  EXPECT_THAT(column(result, "task_id", 1), ElementsAre("1", "2", "3", "4", "5", "6", "7"));
}

}  // namespace
}  // namespace scalectl
