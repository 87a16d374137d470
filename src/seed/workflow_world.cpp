#include "seed/workflow_world.hpp"

#include <fmt/format.h>

#include "core/rng.hpp"

namespace scalectl::seed {
namespace {

using core::Rng;

constexpr std::uint64_t kHashStream = 1201;
constexpr std::int32_t kSortKeyStep = 10;  // as Statesman counts

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
  const std::int64_t id = plan.task_id(task);
  Rng rng(plan.seed, kHashStream, static_cast<std::uint64_t>(id));
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
    const bool done = step.done();
    out.begin_row(15);
    out.int8(step_id(plan, task, i));
    out.int8(plan.task_id(task));
    out.int4(plan.named_steps[i]);
    out.boolean(step.retryable);
    out.int4(kRetryLimit);
    out.boolean(step.running());
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
  transitions(tell(plan, task).history, plan.task_id(task), out);
}

void step_transition_rows(const WorkflowPlan& plan, std::uint64_t task, pg::CopyBuffer& out) {
  const TaskStory story = tell(plan, task);
  for (std::size_t i = 0; i < story.steps.size(); ++i) {
    transitions(story.steps[i].history, step_id(plan, task, i), out);
  }
}

constexpr std::string_view kTime = "timestamp without time zone";

}  // namespace

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
