#include "seed/workflow_world.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "seed/workflow.hpp"
#include "support/thrown.hpp"

namespace scalectl::seed {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Shape kShapes[] = {Shape::kLinear, Shape::kDiamond, Shape::kParallel, Shape::kTree,
                             Shape::kMixed};
constexpr Progress kProgresses[] = {Progress::kFresh, Progress::kRunning, Progress::kRetrying,
                                    Progress::kFailed, Progress::kMixed};
constexpr std::chrono::sys_days kAsOf = std::chrono::year(2026) / 1 / 2;

WorkflowPlan plan(Shape shape, std::uint32_t steps, Progress progress = Progress::kMixed) {
  WorkflowPlan made{.tasks = 300,
                    .steps = steps,
                    .shape = shape,
                    .progress = progress,
                    .as_of = kAsOf,
                    .named_tasks = {1, 2, 3, 4}};
  for (std::uint32_t i = 0; i < steps; ++i) made.named_steps.push_back(static_cast<int>(i) + 1);
  return made;
}

/// The parents of each step.
std::vector<std::vector<std::uint32_t>> dag(Shape shape, std::uint32_t steps) {
  std::vector<std::vector<std::uint32_t>> parents;
  for (const StepStory& step : tell(plan(shape, steps), 0).steps) parents.push_back(step.parents);
  return parents;
}

/// Calls `look` with every step of tasks of every progress.
template <typename Look>
void every_step(const Look& look) {
  for (const Progress progress : kProgresses) {
    const WorkflowPlan made = plan(Shape::kMixed, 6, progress);
    for (std::uint64_t i = 0; i < made.tasks; ++i) {
      const TaskStory task = tell(made, i);
      for (const StepStory& step : task.steps) look(task, step);
    }
  }
}

/// Tasker's state machine, written down once more.
bool is_legal(std::string_view from, std::string_view to) {
  static const std::map<std::string_view, std::set<std::string_view>> legal{
      {"", {"pending"}},
      {"pending", {"in_progress", "error", "cancelled", "resolved_manually"}},
      {"in_progress", {"complete", "error", "cancelled"}},
      {"error", {"pending", "resolved_manually"}}};
  const auto next = legal.find(from);
  return next != legal.end() && next->second.count(to) == 1;
}

bool satisfies(const StepStory& step) {
  return step.state() == "complete" || step.state() == "resolved_manually";
}

TEST(WorkflowDag, OfAnyShapeAndNumberOfSteps_HasParentsBeforeChildren) {
  for (const Shape shape : kShapes) {
    for (const std::uint32_t steps : {1U, 2U, 3U, 4U, 5U, 7U, 31U, 100U}) {
      const WorkflowPlan made = plan(shape, steps);
      for (std::uint64_t task = 0; task < 20; ++task) {
        const TaskStory story = tell(made, task);
        ASSERT_EQ(story.steps.size(), steps);
        for (std::uint32_t i = 0; i < steps; ++i) {
          const auto& parents = story.steps[i].parents;
          for (const std::uint32_t parent : parents) EXPECT_LT(parent, i);
          EXPECT_TRUE(std::is_sorted(parents.begin(), parents.end()));
          EXPECT_EQ(std::set(parents.begin(), parents.end()).size(), parents.size());
        }
      }
    }
  }
}

TEST(WorkflowDag, OfEachShape_IsTheOneDescribed) {
  EXPECT_THAT(dag(Shape::kLinear, 4),
              ElementsAre(IsEmpty(), ElementsAre(0), ElementsAre(1), ElementsAre(2)));
  EXPECT_THAT(dag(Shape::kDiamond, 5), ElementsAre(IsEmpty(), ElementsAre(0), ElementsAre(0),
                                                   ElementsAre(0), ElementsAre(1, 2, 3)));
  EXPECT_THAT(dag(Shape::kParallel, 4),
              ElementsAre(IsEmpty(), IsEmpty(), IsEmpty(), ElementsAre(0, 1, 2)));
  EXPECT_THAT(dag(Shape::kTree, 6), ElementsAre(IsEmpty(), ElementsAre(0), ElementsAre(0),
                                                ElementsAre(1), ElementsAre(1), ElementsAre(2)));
}

TEST(WorkflowDag, OfTwoSteps_IsAChainInEveryShape) {
  for (const Shape shape : kShapes) {
    EXPECT_THAT(dag(shape, 1), ElementsAre(IsEmpty()));
    EXPECT_THAT(dag(shape, 2), ElementsAre(IsEmpty(), ElementsAre(0)));
  }
}

TEST(WorkflowDag, Mixed_HasAllFourShapes) {
  std::map<Shape, int> tasks;
  for (std::uint64_t i = 0; i < 300; ++i) ++tasks[tell(plan(Shape::kMixed, 6), i).shape];
  EXPECT_EQ(tasks.size(), 4U);
  EXPECT_EQ(tasks.count(Shape::kMixed), 0U);
  for (const auto& [shape, count] : tasks) EXPECT_NEAR(count, 75, 40);  // over five deviations
}

TEST(WorkflowHistory, OfSteps_KeepsToTheStateMachine) {
  every_step([](const TaskStory&, const StepStory& step) {
    ASSERT_FALSE(step.history.empty());
    std::string_view state;
    for (const StepTransition& transition : step.history) {
      EXPECT_EQ(transition.from_state, state);
      EXPECT_TRUE(is_legal(state, transition.to_state)) << state << " to " << transition.to_state;
      state = transition.to_state;
    }
    EXPECT_EQ(step.state(), state);
  });
}

TEST(WorkflowHistory, OfTasks_KeepsToTheStateMachine_AndEndsAsTheColumnSays) {
  std::set<std::string_view> ends;
  every_step([&](const TaskStory& task, const StepStory&) {
    std::string_view state;
    for (const StepTransition& transition : task.history) {
      EXPECT_EQ(transition.from_state, state);
      EXPECT_TRUE(is_legal(state, transition.to_state)) << state << " to " << transition.to_state;
      state = transition.to_state;
    }
    EXPECT_EQ(task.complete, state == "complete");
    ends.insert(state);
  });
  EXPECT_THAT(ends, ElementsAre("complete", "error", "in_progress", "pending"));
}

TEST(WorkflowHistory, Times_AscendFromTheRequestAndEndBeforeAsOf) {
  every_step([](const TaskStory& task, const StepStory& step) {
    WorkflowTime last = task.requested_at;
    for (const StepTransition& transition : step.history) {
      EXPECT_GE(transition.at, last);
      last = transition.at;
    }
    EXPECT_LE(last, WorkflowTime(kAsOf));
    EXPECT_LE(task.history.back().at, WorkflowTime(kAsOf));
  });
}

TEST(WorkflowHistory, Attempts_AreTheMovesToInProgress) {
  every_step([](const TaskStory&, const StepStory& step) {
    const auto begins = [](const StepTransition& move) { return move.to_state == "in_progress"; };
    EXPECT_EQ(std::count_if(step.history.begin(), step.history.end(), begins), step.attempts);
    EXPECT_LE(step.attempts, kRetryLimit);
    if (step.attempts == 0) return;
    EXPECT_TRUE(step.attempts_known);
    const auto last = std::find_if(step.history.rbegin(), step.history.rend(), begins);
    EXPECT_EQ(step.last_attempted_at, last->at);
  });
}

// A retry that comes before the backoff is over is a move that no readiness allows.
TEST(WorkflowHistory, EveryRetry_WaitedForItsBackoff) {
  every_step([](const TaskStory&, const StepStory& step) {
    std::int32_t attempts = 0;
    for (std::size_t i = 1; i < step.history.size(); ++i) {
      if (step.history[i].to_state == "in_progress") ++attempts;
      if (step.history[i].to_state != "pending") continue;
      EXPECT_GE(step.history[i].at - step.history[i - 1].at, std::chrono::seconds(1 << attempts));
    }
  });
}

TEST(WorkflowHistory, StepsThatHaveBegun_HaveParentsThatWereDoneBefore) {
  every_step([](const TaskStory& task, const StepStory& step) {
    const bool begun = step.history.size() > 1;
    for (const std::uint32_t parent : step.parents) {
      if (!begun) continue;
      EXPECT_TRUE(satisfies(task.steps[parent])) << task.steps[parent].state();
      EXPECT_LE(task.steps[parent].history.back().at, step.history[1].at);
    }
    EXPECT_TRUE(satisfies(step) || !task.complete) << step.state();
  });
}

TEST(WorkflowProgress, EachOne_HasTheStatesItIsNamedFor) {
  const auto states = [](Progress progress) {
    std::set<std::string_view> found;
    const WorkflowPlan made = plan(Shape::kMixed, 6, progress);
    for (std::uint64_t i = 0; i < made.tasks; ++i) {
      for (const StepStory& step : tell(made, i).steps) found.insert(step.state());
    }
    return found;
  };
  EXPECT_THAT(states(Progress::kFresh), ElementsAre("pending"));
  EXPECT_THAT(states(Progress::kRunning), ElementsAre("complete", "in_progress", "pending"));
  EXPECT_THAT(states(Progress::kRetrying),
              ElementsAre("complete", "error", "in_progress", "pending"));
  EXPECT_THAT(states(Progress::kFailed), ElementsAre("cancelled", "complete", "error", "pending"));
  EXPECT_EQ(states(Progress::kMixed).size(), 6U);
}

TEST(WorkflowProgress, Failed_LeavesNoAttemptsOrMayNotRetry) {
  const WorkflowPlan made = plan(Shape::kMixed, 6, Progress::kFailed);
  int exhausted = 0;
  for (std::uint64_t i = 0; i < made.tasks; ++i) {
    for (const StepStory& step : tell(made, i).steps) {
      if (step.state() != "error") continue;
      ++exhausted;
      EXPECT_TRUE(step.attempts == kRetryLimit || !step.retryable);
    }
  }
  EXPECT_GT(exhausted, 100);
}

TEST(WorkflowRows, AreAFunctionOfPlanAndTaskAlone) {
  const WorkflowPlan made = plan(Shape::kMixed, 6);
  for (const WorkflowTable& table : workflow_tables()) {
    const auto bytes = [&](const WorkflowPlan& of, std::uint64_t task) {
      pg::CopyBuffer buffer;
      table.make_rows(of, task, buffer);
      return std::string(buffer.bytes());
    };
    const std::string seventh = bytes(made, 7);
    bytes(made, 8);
    EXPECT_EQ(bytes(made, 7), seventh) << table.name;
    EXPECT_NE(bytes(made, 8), seventh) << table.name;
    WorkflowPlan later = made;  // task 7 of one run is task 2 of a run that begins at task 6
    later.first_task_id = 6;
    later.first_step_id = 31;
    EXPECT_EQ(bytes(later, 2), seventh) << table.name;
    WorkflowPlan other = made;
    other.seed = 43;
    EXPECT_NE(bytes(other, 0) + bytes(other, 1), bytes(made, 0) + bytes(made, 1)) << table.name;
  }
}

TEST(CheckWorkflowSeed, WhatCannotBe_IsRefused) {
  const std::pair<WorkflowOptions, const char*> cases[] = {
      {{.tasks = 0}, "--tasks 0 is not 1 to 1,000,000,000"},
      {{.tasks = 1'000'000'001}, "--tasks 1000000001 is not 1 to 1,000,000,000"},
      {{.steps = 0}, "--steps 0 is not 1 to 8192"},
      {{.steps = 8193}, "--steps 8193 is not 1 to 8192"}};
  for (const auto& [options, message] : cases) {
    const core::Error error = error_of([&] { check(options); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), message);
  }
  EXPECT_NO_THROW(check({.tasks = 1'000'000'000, .steps = 8192}));
}

}  // namespace
}  // namespace scalectl::seed
