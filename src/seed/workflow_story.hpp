// The stories of synthetic workflows: a task's DAG, how far each of its steps has come, and by which
// transitions. Pure functions of (plan, task).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::seed {

/// How a task's steps depend on each other.
enum class Shape {
  kLinear,    ///< each after the one before
  kDiamond,   ///< one, then all but two side by side, then one
  kParallel,  ///< all but one side by side, then one
  kTree,      ///< each after the one at half its number
  kMixed,     ///< each task one of the four
};

/// How far the tasks have come.
enum class Progress {
  kFresh,     ///< nothing has begun
  kRunning,   ///< some steps are done, some run, some may start
  kRetrying,  ///< as running, and steps that failed wait or may be tried again
  kFailed,    ///< steps have failed for good
  kMixed,     ///< all of these, and finished tasks
};

using WorkflowTime = std::chrono::sys_time<std::chrono::microseconds>;

inline constexpr std::chrono::seconds kDefaultMaxAge = std::chrono::days(60);

struct WorkflowPlan {
  std::uint64_t seed = 42;
  std::uint64_t tasks = 0;
  std::uint32_t steps = 6;  ///< of each task
  Shape shape = Shape::kMixed;
  Progress progress = Progress::kMixed;
  WorkflowTime as_of;              ///< the "now" that rows are dated by
  std::chrono::seconds max_age = kDefaultMaxAge;  ///< finished tasks were so at most this long before
  std::int64_t first_task_id = 1;  ///< ids go up from there, without gaps
  std::int64_t first_step_id = 1;
  std::vector<std::int32_t> named_tasks;  ///< ids, one for each shape
  std::vector<std::int32_t> named_steps;  ///< ids, one for each step of a task

  /// The id of task number `task`.
  std::int64_t task_id(std::uint64_t task) const {
    return first_task_id + static_cast<std::int64_t>(task);
  }
};

struct StepTransition {
  std::string_view to_state;
  std::string_view from_state;  ///< empty for the first
  WorkflowTime at;
};

struct StepStory {
  std::vector<std::uint32_t> parents;  ///< positions within the task, ascending
  std::vector<StepTransition> history;
  bool retryable = true;
  std::int32_t attempts = 0;
  bool attempts_known = true;         ///< false: attempts is NULL, as in steps of older Taskers
  std::int32_t backoff_seconds = 0;   ///< 0: none was asked for
  WorkflowTime last_attempted_at{};   ///< meaningful if attempts > 0

  std::string_view state() const { return history.back().to_state; }
  bool running() const { return state() == "in_progress"; }
  /// True if it satisfies the steps that wait for it.
  bool done() const { return state() == "complete" || state() == "resolved_manually"; }
};

struct TaskStory {
  Shape shape = Shape::kLinear;  ///< never kMixed
  bool complete = false;
  WorkflowTime requested_at;
  std::vector<StepTransition> history;
  std::vector<StepStory> steps;
};

inline constexpr std::int32_t kRetryLimit = 3;

/// The story of the plan's task number `index`.
TaskStory tell(const WorkflowPlan& plan, std::uint64_t index);

}  // namespace scalectl::seed
