#include "seed/workflow_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

constexpr std::int32_t kSortKeyStep = 10;  // as Statesman counts

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

bool satisfies(const StepStory& step) {
  return step.state() == kStateComplete || step.state() == kStateResolved;
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

// --- Rows ---

std::int64_t task_id(const WorkflowPlan& plan, std::uint64_t task) {
  return plan.first_task_id + static_cast<std::int64_t>(task);
}

std::int64_t step_id(const WorkflowPlan& plan, std::uint64_t task, std::size_t step) {
  return plan.first_step_id + static_cast<std::int64_t>(task * plan.steps + step);
}

void optional_text(pg::CopyBuffer& out, std::string_view text) {
  if (text.empty()) {
    out.null();
  } else {
    out.text(text);
  }
}

void task_row(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  const TaskStory story = tell(plan, task);
  const std::int64_t id = task_id(plan, task);
  Rng rng(plan.seed, kTaskStream + 1000, static_cast<std::uint64_t>(id));
  out.begin_row(11);
  out.int8(id);
  out.int4(plan.named_tasks[static_cast<std::size_t>(story.shape)]);
  out.boolean(story.complete);
  out.timestamp(story.requested_at);
  out.text("scalectl");
  out.text("seed");
  out.text("synthetic load");
  out.jsonb(fmt::format(R"({{"order_id": {}}})", id * 17));
  out.text(fmt::format("{:016x}{:016x}", rng.next(), rng.next()));
  out.timestamp(story.requested_at);
  out.timestamp(story.history.back().at);
}

void step_rows(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  const TaskStory story = tell(plan, task);
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    const StepStory& step = story.steps[i];
    const bool done = satisfies(step);
    out.begin_row(15);
    out.int8(step_id(plan, task, i));
    out.int8(task_id(plan, task));
    out.int4(plan.named_steps[i]);
    out.boolean(step.retryable);
    out.int4(kRetryLimit);
    out.boolean(step.state() == kStateInProgress);
    out.boolean(done);
    if (done) {
      out.timestamp(step.history.back().at);
    } else {
      out.null();
    }
    if (step.attempts_known) {
      out.int4(step.attempts);
    } else {
      out.null();
    }
    if (step.attempts > 0) {
      out.timestamp(step.last_attempted_at);
    } else {
      out.null();
    }
    if (step.backoff_seconds > 0) {
      out.int4(step.backoff_seconds);
    } else {
      out.null();
    }
    if (done) {
      out.jsonb(R"({"ok": true})");
    } else {
      out.null();
    }
    out.boolean(false);
    out.timestamp(story.requested_at);
    out.timestamp(step.history.back().at);
  }
}

void edge_rows(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  const TaskStory story = tell(plan, task);
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    for (const std::uint32_t parent : story.steps[i].parents) {
      out.begin_row(5);
      out.int8(step_id(plan, task, parent));
      out.int8(step_id(plan, task, i));
      out.text("provides");
      out.timestamp(story.requested_at);
      out.timestamp(story.requested_at);
    }
  }
}

void transitions(const std::vector<StepTransition>& history, std::int64_t parent,
                 pg::CopyBuffer& out) {
  std::int32_t sort_key = 0;
  for (const StepTransition& transition : history) {
    sort_key += kSortKeyStep;
    out.begin_row(7);
    out.text(transition.to_state);
    optional_text(out, transition.from_state);
    out.int4(sort_key);
    out.boolean(&transition == &history.back());
    out.int8(parent);
    out.timestamp(transition.at);
    out.timestamp(transition.at);
  }
}

void task_transition_rows(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  transitions(tell(plan, task).history, task_id(plan, task), out);
}

void step_transition_rows(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  const TaskStory story = tell(plan, task);
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    transitions(story.steps[i].history, step_id(plan, task, i), out);
  }
}

constexpr std::string_view kTime = "timestamp without time zone";

}  // namespace

TaskStory tell(const WorkflowPlan& plan, std::uint64_t index) {
  const auto id = static_cast<std::uint64_t>(task_id(plan, index));
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
      satisfied = satisfied && satisfies(task.steps[parent]);
    }
    Rng step_rng(plan.seed, kStepStream, id * 8192 + i);
    const Fate fate = satisfied ? fate_of(course, step_rng) : Fate::kWaiting;
    ended[i] = live(step, fate, step_rng, satisfied ? start : microseconds(0));
    end = std::max(end, ended[i]);
  }
  task.history = task_history(course, end);

  // Finished tasks are up to 60 days old; in others the last thing happened within the last minute,
  // so that some backoffs are still in force.
  const std::int64_t age_s = course == Course::kFinished ? rng.between(0, 60 * 86'400)
                                                         : rng.between(0, 60);
  place(task, plan.as_of - end - seconds(age_s));
  return task;
}

const std::vector<WorkflowTable>& workflow_tables() {
  static const std::vector<WorkflowTable> tables{
      {.name = "tasks",
       .key = "task_id",
       .columns = {{"task_id", "bigint"}, {"named_task_id", "integer"}, {"complete", "boolean"},
                   {"requested_at", kTime}, {"initiator", "character varying"},
                   {"source_system", "character varying"},
                   {"reason", "character varying"}, {"context", "jsonb"},
                   {"identity_hash", "character varying"}, {"created_at", kTime},
                   {"updated_at", kTime}},
       .make_rows = task_row},
      {.name = "workflow_steps",
       .key = "workflow_step_id",
       .columns = {{"workflow_step_id", "bigint"}, {"task_id", "bigint"},
                   {"named_step_id", "integer"}, {"retryable", "boolean"},
                   {"retry_limit", "integer"}, {"in_process", "boolean"}, {"processed", "boolean"},
                   {"processed_at", kTime}, {"attempts", "integer"}, {"last_attempted_at", kTime},
                   {"backoff_request_seconds", "integer"}, {"results", "jsonb"},
                   {"skippable", "boolean"}, {"created_at", kTime}, {"updated_at", kTime}},
       .make_rows = step_rows},
      {.name = "workflow_step_edges",
       .key = "id",
       .columns = {{"from_step_id", "bigint"}, {"to_step_id", "bigint"},
                   {"name", "character varying"}, {"created_at", kTime}, {"updated_at", kTime}},
       .make_rows = edge_rows},
      {.name = "task_transitions",
       .key = "id",
       .columns = {{"to_state", "character varying"}, {"from_state", "character varying"},
                   {"sort_key", "integer"}, {"most_recent", "boolean"}, {"task_id", "bigint"},
                   {"created_at", kTime}, {"updated_at", kTime}},
       .make_rows = task_transition_rows},
      {.name = "workflow_step_transitions",
       .key = "id",
       .columns = {{"to_state", "character varying"}, {"from_state", "character varying"},
                   {"sort_key", "integer"}, {"most_recent", "boolean"},
                   {"workflow_step_id", "bigint"}, {"created_at", kTime}, {"updated_at", kTime}},
       .make_rows = step_transition_rows},
  };
  return tables;
}

}  // namespace scalectl::seed
