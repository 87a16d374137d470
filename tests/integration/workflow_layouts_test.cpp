// The trial of the layouts, with few tasks.
#include "story/workflow_layouts.hpp"

#include <gmock/gmock.h>

#include <tuple>

#include "support/game.hpp"

namespace scalectl {
namespace {

using test::column;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

struct WorkflowLayouts : test::GameTest {
  const story::LayoutOptions options{.tasks = 211, .steps = 5, .repeats = 2, .version = "test"};

  story::LayoutTrial run() {
    return story::run_layout_trial(test::shared_lab().postgres(), catalog, options, {}, recorder);
  }
};

TEST_F(WorkflowLayouts, OfFewTasks_AreMeasuredAndNothingStays) {
  const story::LayoutTrial trial = run();
  ASSERT_EQ(trial.layouts.size(), 3U);
  const auto& [plain, archived, partitioned] =
      std::tie(trial.layouts[0], trial.layouts[1], trial.layouts[2]);
  EXPECT_EQ(plain.tasks, 211);
  EXPECT_EQ(partitioned.tasks, 211);
  // Nearly half of the tasks are finished, and eleven twelfths of those over a month ago.
  EXPECT_GT(archived.tasks, 211 * 45 / 100);
  EXPECT_LT(archived.tasks, 211 * 75 / 100);
  EXPECT_GT(archived.made_s, 0);
  EXPECT_GT(partitioned.made_s, 0);
  EXPECT_LT(partitioned.state_bytes, plain.state_bytes);
  for (const story::Layout& layout : trial.layouts) {
    EXPECT_GT(layout.readiness_s.value_or(0), 0) << layout.name;
    EXPECT_GT(layout.one_task_p95_s.value_or(0), 0) << layout.name;
    EXPECT_GT(layout.readiness_bytes, 0) << layout.name;
    EXPECT_GT(layout.insert_s, 0) << layout.name;
    EXPECT_GT(layout.transition_s, 0) << layout.name;
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_database WHERE datname LIKE 'scalectl\\_bench\\_211%'"),
            "0");

  core::Result result;
  story::add_layouts(trial, options.limit, result);
  EXPECT_THAT(column(result, "layout"),
              ElementsAre("\"plain\"", "\"archived\"", "\"partitioned\""));
  EXPECT_THAT(result.notes,
              ElementsAre(HasSubstr("of 211 tasks"), HasSubstr("both tables locked")));

  // A year of months, the three to come, the current rows, and those without a month.
  ASSERT_EQ(trial.pruning.size(), 3U);
  for (const story::Pruning& row : trial.pruning) {
    EXPECT_GE(row.partitions, 17) << row.query;
    EXPECT_LE(row.partitions, 19) << row.query;
    EXPECT_GT(row.plain_s, 0) << row.query;
    EXPECT_GT(row.partitioned_s, 0) << row.query;
  }
  EXPECT_EQ(trial.pruning[0].read, 1);
  EXPECT_GE(trial.pruning[1].read, 2);  // the last month is in one month of the calendar or in two
  EXPECT_LE(trial.pruning[1].read, 3);
  EXPECT_EQ(trial.pruning[2].read, trial.pruning[2].partitions);
}

TEST_F(WorkflowLayouts, QueryOverTheLimit_IsShownAsSuch) {
  story::LayoutTrial trial{.tasks = 50};
  for (const char* name : {"plain", "archived", "partitioned"}) {
    trial.layouts.push_back({.name = name, .tasks = 50, .insert_s = 1, .transition_s = 1});
  }
  core::Result result;
  story::add_layouts(trial, core::Seconds(30), result);
  EXPECT_THAT(column(result, "readiness_s"), Each("\">30s\""));
  EXPECT_THAT(result.notes[0], HasSubstr("times plain: insert 1.00, transition 1.00."));
}

}  // namespace
}  // namespace scalectl
