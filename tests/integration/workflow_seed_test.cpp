// Seeding workflows on a real server: which rows there are, and that they are valid.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/stopper.hpp"
#include "support/thrown.hpp"
#include "support/workflow.hpp"
#include "workflow/check.hpp"

namespace scalectl {
namespace {

using core::ErrorKind;
using seed::Existing;
using seed::Progress;
using seed::Shape;
using test::error_of;
using test::metric;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::sys_days kAsOf = std::chrono::year(2026) / 1 / 2;

struct SeedWorkflow : test::WorkflowTest {
  /// What the growing tables hold: each row in the order in which it is stored, without the ids of
  /// edges and transitions, which are the order.
  std::vector<std::string> stored() {
    std::vector<std::string> all;
    for (const char* table : test::kGrowingTables) {
      all.push_back(scalar(fmt::format(
          "SELECT count(*) || ':' || coalesce(md5(string_agg((to_jsonb(t) - 'id')::text, ','"
          "  ORDER BY ctid)), '') FROM tasker_{} t",
          table)));
    }
    return all;
  }
  std::string count(const std::string& from) { return scalar("SELECT count(*) FROM " + from); }
  std::string check() {
    return metric(workflow::check(session, naming, false, recorder), "findings");
  }
};

TEST_F(SeedWorkflow, OfFourChains_HasTheRowsOfFourChains) {
  const core::Result result =
      seed({.tasks = 4, .steps = 5, .shape = Shape::kLinear, .progress = Progress::kFresh});
  EXPECT_EQ(count("tasker_tasks"), "4");
  EXPECT_EQ(count("tasker_workflow_steps"), "20");
  EXPECT_EQ(count("tasker_workflow_step_edges"), "16");
  EXPECT_EQ(count("tasker_task_transitions"), "4");
  EXPECT_EQ(count("tasker_workflow_step_transitions"), "20");
  EXPECT_EQ(metric(result, "rows"), "64");
  EXPECT_THAT(test::column(result, "rows"), ElementsAre("4", "20", "16", "4", "20"));
  EXPECT_THAT(lines("SELECT name FROM tasker_named_steps ORDER BY named_step_id"),
              ElementsAre("step_1", "step_2", "step_3", "step_4", "step_5"));
}

TEST_F(SeedWorkflow, OneWorkerOrEight_StoreTheSameRowsInTheSameOrder) {
  seed({.tasks = 3000, .workers = 1, .as_of = kAsOf});
  const auto with_one = stored();
  EXPECT_THAT(with_one[1], testing::StartsWith("18000:"));
  seed({.tasks = 3000, .workers = 8, .existing = Existing::kReplace, .as_of = kAsOf});
  EXPECT_EQ(stored(), with_one);
}

TEST_F(SeedWorkflow, EveryShapeAndProgress_IsFreeOfFindings) {
  for (const Shape shape :
       {Shape::kLinear, Shape::kDiamond, Shape::kParallel, Shape::kTree, Shape::kMixed}) {
    for (const Progress progress : {Progress::kFresh, Progress::kRunning, Progress::kRetrying,
                                    Progress::kFailed, Progress::kMixed}) {
      seed({.tasks = 60,
            .steps = 1 + static_cast<std::int64_t>(progress) * 2,
            .shape = shape,
            .progress = progress,
            .existing = Existing::kReplace});
      EXPECT_EQ(check(), "0") << static_cast<int>(shape) << static_cast<int>(progress);
    }
  }
}

TEST_F(SeedWorkflow, Histories_HaveOneMostRecentEachAndSortKeysInTens) {
  seed({.tasks = 800});
  for (const auto& [table, key, parents] :
       {std::tuple{"task_transitions", "task_id", "800"},
        std::tuple{"workflow_step_transitions", "workflow_step_id", "4800"}}) {
    EXPECT_EQ(count(fmt::format("(SELECT {0} FROM tasker_{1} GROUP BY {0}"
                                " HAVING count(*) FILTER (WHERE most_recent) = 1) p",
                                key, table)),
              parents);
    EXPECT_EQ(
        count(fmt::format(
            "(SELECT sort_key, most_recent, from_state, created_at,"
            "        row_number() OVER history AS nr, lead(id) OVER history AS next,"
            "        lag(to_state) OVER history AS before, lag(created_at) OVER history AS earlier"
            "   FROM tasker_{} WINDOW history AS (PARTITION BY {} ORDER BY sort_key)) h"
            " WHERE sort_key <> nr * 10 OR most_recent <> (next IS NULL)"
            "    OR from_state IS DISTINCT FROM before OR created_at < earlier",
            table, key)),
        "0")
        << table;
  }
}

TEST_F(SeedWorkflow, Columns_SayWhatTheNewestTransitionSays) {
  seed({.tasks = 800});
  EXPECT_EQ(count("tasker_workflow_steps s JOIN tasker_workflow_step_transitions t"
                  " USING (workflow_step_id) WHERE t.most_recent AND"
                  " ((to_state = 'in_progress') <> in_process OR"
                  "  (to_state IN ('complete', 'resolved_manually')) <> processed OR"
                  "  processed <> (processed_at IS NOT NULL) OR"
                  "  processed_at <> t.created_at)"),
            "0");
  EXPECT_EQ(count("tasker_workflow_steps s WHERE coalesce(attempts, 0) <>"
                  " (SELECT count(*) FROM tasker_workflow_step_transitions t WHERE"
                  "   t.workflow_step_id = s.workflow_step_id AND to_state = 'in_progress')"
                  " OR (coalesce(attempts, 0) > 0) <> (last_attempted_at IS NOT NULL)"),
            "0");
  EXPECT_EQ(count("tasker_tasks JOIN tasker_task_transitions USING (task_id)"
                  " WHERE most_recent AND complete <> (to_state = 'complete')"),
            "0");
  EXPECT_NE(count("tasker_workflow_steps WHERE attempts IS NULL"), "0");
  EXPECT_EQ(count("tasker_workflow_step_transitions WHERE created_at > now() AT TIME ZONE 'UTC'"),
            "0");
}

TEST_F(SeedWorkflow, MaxAge_IsHowLongAgoTasksWereFinished) {
  for (const int days : {0, 60, 365}) {
    seed({.tasks = 500, .existing = Existing::kReplace, .as_of = kAsOf,
          .max_age = std::chrono::days(days)});
    EXPECT_EQ(scalar(fmt::format(
                  "SELECT min(created_at) BETWEEN t - '{0} days'::interval AND t - '{1} days'::interval"
                  "  FROM tasker_task_transitions, (VALUES (timestamp '2026-01-02')) AS v (t)"
                  " WHERE most_recent AND to_state = 'complete' GROUP BY t",
                  days, days * 9 / 10)),
              "t")
        << days;
  }
}

TEST_F(SeedWorkflow, Edges_StayWithinTheirTask) {
  seed({.tasks = 300, .steps = 9});
  EXPECT_EQ(count("tasker_workflow_step_edges e"
                  " JOIN tasker_workflow_steps a ON a.workflow_step_id = from_step_id"
                  " JOIN tasker_workflow_steps b ON b.workflow_step_id = to_step_id"
                  " WHERE a.task_id <> b.task_id OR from_step_id >= to_step_id"),
            "0");
}

TEST_F(SeedWorkflow, Append_ContinuesAfterTheLastIds) {
  seed({.tasks = 30, .steps = 4});
  seed({.tasks = 10, .steps = 6, .existing = Existing::kAppend});
  EXPECT_EQ(scalar("SELECT concat_ws(' ', count(*), min(task_id), max(task_id)) FROM tasker_tasks"),
            "40 1 40");
  EXPECT_EQ(scalar("SELECT concat_ws(' ', count(*), min(workflow_step_id), max(workflow_step_id))"
                   " FROM tasker_workflow_steps"),
            "180 1 180");
  EXPECT_EQ(count("tasker_named_steps"), "6");
  EXPECT_EQ(check(), "0");
}

TEST_F(SeedWorkflow, Replace_LeavesOnlyTheNewRows) {
  seed({.tasks = 30, .as_of = kAsOf});
  const auto first = stored();
  seed({.tasks = 50, .seed = 7, .existing = Existing::kReplace, .as_of = kAsOf});
  EXPECT_NE(stored(), first);
  seed({.tasks = 30, .existing = Existing::kReplace, .as_of = kAsOf});
  EXPECT_EQ(stored(), first);
}

TEST_F(SeedWorkflow, WhereThereAreRows_IsRefusedAndChangesNothing) {
  seed({.tasks = 30});
  const auto before = stored();
  const core::Error error = error_of([&] { seed({.tasks = 30}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "table \"tasker_tasks\" is not empty");
  EXPECT_THAT(error.hint(), HasSubstr("--append"));
  EXPECT_EQ(stored(), before);
}

TEST_F(SeedWorkflow, ColumnOfAnotherType_IsNamedBeforeAnythingIsRemoved) {
  seed({.tasks = 30});
  session.query("ALTER TABLE tasker_workflow_steps ALTER attempts TYPE bigint");
  const core::Error error = error_of([&] { seed({.tasks = 5, .existing = Existing::kReplace}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("\"attempts\" is bigint, expected integer"));
  EXPECT_EQ(count("tasker_tasks"), "30");
}

TEST_F(SeedWorkflow, StopInTheMidst_RollsBackAndSaysSo) {
  seed({.tasks = 30});
  const auto before = stored();
  test::Stopper stopper("workflow_steps", 1);
  pg::Session mine = database.connect(stopper.token());
  const core::Result result = seed::seed_workflow(
      mine, {.tasks = 20'000, .existing = Existing::kReplace, .naming = naming}, stopper);
  EXPECT_TRUE(stopper.asked());
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(stored(), before);
}

TEST_F(SeedWorkflow, AfterIt_DefaultsOfTheIdsGoOn) {
  seed({.tasks = 30});
  EXPECT_EQ(scalar("INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash)"
                   " SELECT min(named_task_id), now(), 'mine' FROM tasker_named_tasks"
                   " RETURNING task_id"),
            "31");
  EXPECT_EQ(scalar("INSERT INTO tasker_workflow_steps (task_id, named_step_id)"
                   " SELECT 31, min(named_step_id) FROM tasker_named_steps"
                   " RETURNING workflow_step_id"),
            "181");
}

TEST_F(SeedWorkflow, UnderAPrefixThatNeedsQuotes_FillsThoseTablesAlone) {
  init("workflow", "My \"Flow\" ");
  seed({.tasks = 5, .naming = {std::nullopt, {}, "My \"Flow\" "}});
  EXPECT_EQ(count("\"My \"\"Flow\"\" tasks\""), "5");
  EXPECT_EQ(count("\"My \"\"Flow\"\" workflow_steps\""), "30");
  EXPECT_EQ(count("tasker_tasks"), "0");
}

}  // namespace
}  // namespace scalectl
