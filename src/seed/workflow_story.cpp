#include "seed/workflow_story.hpp"

#include <algorithm>

#include "core/rng.hpp"

namespace scalectl::seed {
namespace {

using core::Rng;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kTaskStream = 201;
constexpr std::uint64_t kStepStream = 202;

constexpr std::string_view kStatePending = "pending";
constexpr std::string_view kStateInProgress = "in_progress";
constexpr std::string_view kStateComplete = "complete";
constexpr std::string_view kStateError = "error";
constexpr std::string_view kStateCancelled = "cancelled";
constexpr std::string_view kStateResolved = "resolved_manually";

/// What becomes of one step.
enum class Fate { kDone, kRunning, kReady, kWaiting, kFailed, kReset, kExhausted, kResolvedByHand, kCancelled };

/// How a task fares: Progress, and one more for those of a mixture that are finished.
enum class Course { kFresh, kRunning, kRetrying, kFailed, kFinished };

Course course_of(Progress progress, Rng& rng) {
  switch (progress) {
    case Progress::kFresh: return Course::kFresh;
    case Progress::kRunning: return Course::kRunning;
    case Progress::kRetrying: return Course::kRetrying;
    case Progress::kFailed: return Course::kFailed;
    case Progress::kMixed: break;
  }
  const std::uint64_t draw = rng.below(100);
  if (draw < 10) return Course::kFresh;
  if (draw < 35) return Course::kRunning;
  if (draw < 50) return Course::kRetrying;
  if (draw < 55) return Course::kFailed;
  return Course::kFinished;
}

std::vector<std::uint32_t> parents_of(Shape shape, std::uint32_t step, std::uint32_t steps) {
  const std::uint32_t last = steps - 1;
  std::vector<std::uint32_t> parents;
  switch (shape) {
    case Shape::kLinear:
      if (step > 0) parents = {step - 1};
      break;
    case Shape::kDiamond:
      if (step > 0 && step < last) parents = {0};
      if (step == last && last > 0) {
        for (std::uint32_t i = std::min(1U, last - 1); i < last; ++i) parents.push_back(i);
      }
      break;
    case Shape::kParallel:
      if (step == last) {
        for (std::uint32_t i = 0; i < last; ++i) parents.push_back(i);
      }
      break;
    case Shape::kTree:
      if (step > 0) parents = {(step - 1) / 2};
      break;
    case Shape::kMixed:
      break;
  }
  return parents;
}

/// What becomes of a step whose parents are all done.
Fate fate_of(Course course, Rng& rng) {
  const std::uint64_t draw = rng.below(100);
  switch (course) {
    case Course::kFresh: return Fate::kReady;
    case Course::kFinished: return draw < 2 ? Fate::kResolvedByHand : Fate::kDone;
    case Course::kRunning: return draw < 60 ? Fate::kDone : draw < 80 ? Fate::kRunning : Fate::kReady;
    case Course::kRetrying:
      if (draw < 50) return Fate::kDone;
      if (draw < 60) return Fate::kRunning;
      return draw < 80 ? Fate::kFailed : Fate::kReset;
    case Course::kFailed:
      if (draw < 50) return Fate::kDone;
      return draw < 95 ? Fate::kExhausted : Fate::kCancelled;
  }
  return Fate::kReady;
}

/// Writes one step's history, in time since its task was requested.
class Historian {
 public:
  Historian(StepStory& step, Rng& rng, microseconds start) : step_(step), rng_(rng), clock_(start) {
    move_to(kStatePending, microseconds(0));
  }

  void attempt() {
    move_to(kStateInProgress, milliseconds(rng_.between(1, 50)));
    ++step_.attempts;
    step_.last_attempted_at = WorkflowTime(clock_);
  }
  void fail() {
    move_to(kStateError, milliseconds(rng_.between(5, 500)));
    if (rng_.chance(0.2)) step_.backoff_seconds = static_cast<std::int32_t>(rng_.between(5, 120));
  }
  /// Back to pending when the backoff is over.
  void reset() { move_to(kStatePending, seconds(std::max(step_.backoff_seconds, 1 << step_.attempts))); }
  void fail_and_retry(std::int32_t times) {
    for (std::int32_t i = 0; i < times; ++i) {
      attempt();
      fail();
      reset();
    }
  }
  void finish(std::string_view state, microseconds after) { move_to(state, after); }
  microseconds now() const { return clock_; }

 private:
  void move_to(std::string_view state, microseconds after) {
    clock_ += after;
    const std::string_view from = step_.history.empty() ? std::string_view() : step_.state();
    step_.history.push_back({.to_state = state, .from_state = from, .at = WorkflowTime(clock_)});
  }

  StepStory& step_;
  Rng& rng_;
  microseconds clock_;
};

/// Lives `fate` through; returns when the step's last transition was.
microseconds live(StepStory& step, Fate fate, Rng& rng, microseconds start) {
  Historian historian(step, rng, start);
  const auto work = [&] { return milliseconds(rng.between(5, 2000)); };
  const auto some_failures = [&] {
    return rng.chance(0.1) ? static_cast<std::int32_t>(rng.between(1, kRetryLimit - 1)) : 0;
  };
  switch (fate) {
    case Fate::kDone:
      historian.fail_and_retry(some_failures());
      historian.attempt();
      historian.finish(kStateComplete, work());
      break;
    case Fate::kRunning:
      historian.fail_and_retry(some_failures());
      historian.attempt();
      break;
    case Fate::kFailed:
    case Fate::kReset:
      historian.fail_and_retry(static_cast<std::int32_t>(rng.between(0, kRetryLimit - 2)));
      historian.attempt();
      historian.fail();
      if (fate == Fate::kReset) historian.reset();
      break;
    case Fate::kExhausted:
      step.retryable = !rng.chance(0.2);
      if (step.retryable) historian.fail_and_retry(kRetryLimit - 1);
      historian.attempt();
      historian.fail();
      break;
    case Fate::kResolvedByHand:
      historian.attempt();
      historian.fail();
      historian.finish(kStateResolved, minutes(rng.between(1, 60)));
      break;
    case Fate::kCancelled:
      historian.finish(kStateCancelled, work());
      break;
    case Fate::kReady:
    case Fate::kWaiting:
      step.attempts_known = !rng.chance(0.1);
      break;
  }
  return historian.now();
}

/// Moves everything so that the story began at `start`.
void place(TaskStory& task, WorkflowTime start) {
  const microseconds by = start.time_since_epoch();
  task.requested_at = start;
  for (StepTransition& transition : task.history) transition.at += by;
  for (StepStory& step : task.steps) {
    for (StepTransition& transition : step.history) transition.at += by;
    step.last_attempted_at += by;
  }
}

std::vector<StepTransition> task_history(Course course, microseconds end) {
  std::vector<StepTransition> history{{.to_state = kStatePending, .from_state = "", .at = {}}};
  if (course == Course::kFresh) return history;
  history.push_back({.to_state = kStateInProgress, .from_state = kStatePending, .at = {}});
  if (course == Course::kFinished || course == Course::kFailed) {
    history.push_back({.to_state = course == Course::kFailed ? kStateError : kStateComplete,
                       .from_state = kStateInProgress,
                       .at = WorkflowTime(end)});
  }
  return history;
}

}  // namespace

TaskStory tell(const WorkflowPlan& plan, std::uint64_t index) {
  const auto id = static_cast<std::uint64_t>(plan.task_id(index));
  Rng rng(plan.seed, kTaskStream, id);
  TaskStory task;
  const std::uint64_t shape = rng.below(4);
  task.shape = plan.shape == Shape::kMixed ? static_cast<Shape>(shape) : plan.shape;
  const Course course = course_of(plan.progress, rng);
  task.complete = course == Course::kFinished;

  microseconds end(0);
  std::vector<microseconds> ended(plan.steps);
  task.steps.resize(plan.steps);
  for (std::uint32_t i = 0; i < plan.steps; ++i) {
    StepStory& step = task.steps[i];
    step.parents = parents_of(task.shape, i, plan.steps);
    microseconds start(0);
    bool satisfied = true;
    for (const std::uint32_t parent : step.parents) {
      start = std::max(start, ended[parent]);
      satisfied = satisfied && task.steps[parent].done();
    }
    Rng step_rng(plan.seed, kStepStream, id * 8192 + i);
    const Fate fate = satisfied ? fate_of(course, step_rng) : Fate::kWaiting;
    ended[i] = live(step, fate, step_rng, satisfied ? start : microseconds(0));
    end = std::max(end, ended[i]);
  }
  task.history = task_history(course, end);

  // Finished tasks are up to max_age old; in others the last thing happened within the last minute,
  // so that some backoffs are still in force.
  const std::int64_t age_s = course == Course::kFinished ? rng.between(0, plan.max_age.count())
                                                         : rng.between(0, 60);
  place(task, plan.as_of - end - seconds(age_s));
  return task;
}

}  // namespace scalectl::seed
