#include "support/workflow_cases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace scalectl::test {
namespace {

constexpr std::int64_t kSteps = 500;  // in a task of the matrix
constexpr Parents kEveryParents[] = {Parents::kNone,      Parents::kComplete, Parents::kPending,
                                     Parents::kCancelled, Parents::kMixed,    Parents::kResolved};

struct ParentsRule {
  const char* words;
  std::vector<std::string> states;  // "": without a transition, which is pending
};

const ParentsRule& rule_of(Parents parents) {
  static const std::map<Parents, ParentsRule> rules{
      {Parents::kNone, {"no parents", {}}},
      {Parents::kComplete, {"a complete parent", {"complete"}}},
      {Parents::kPending, {"a pending parent", {"pending"}}},
      {Parents::kCancelled, {"a cancelled parent", {"cancelled"}}},
      {Parents::kMixed,
       {"parents complete, resolved and without transitions",
        {"complete", "resolved_manually", ""}}},
      {Parents::kResolved, {"parents resolved and complete", {"resolved_manually", "complete"}}}};
  return rules.at(parents);
}

bool satisfies(const std::string& state) {
  return state == "complete" || state == "resolved_manually";
}

/// Seconds to wait after failure number `attempts`: 1, 2, 4, 8, 16, 30, 30, …
std::int64_t exponential_s(std::int64_t attempts) {
  std::int64_t wait = 1;
  for (std::int64_t i = 0; i < attempts && wait < 30; ++i) wait *= 2;
  return std::min<std::int64_t>(wait, 30);
}

/// Seconds from now until the next attempt may be; none where nothing has to be waited for.
std::optional<std::int64_t> retry_in_s(const Case& step, const Faults& faults) {
  const auto failure = faults.failures_unseen ? std::nullopt : step.failure_age_s;
  if (const auto seconds = step.backoff_s()) {
    if (const auto attempt = step.attempt_age_s()) return *seconds - *attempt;
    if (!faults.explicit_needs_attempt) {
      if (!failure) return std::nullopt;
      return *seconds - *failure;
    }
  }
  if (!failure) return std::nullopt;
  return exponential_s(step.attempts.value_or(faults.null_attempts ? 1 : 0)) - *failure;
}

std::string number(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

std::vector<TaskerStep> parents_in(std::int64_t task, std::int64_t first_id) {
  std::vector<TaskerStep> steps;
  for (const char* state : {"complete", "pending", "cancelled", "resolved_manually", ""}) {
    TaskerStep step{.id = first_id + static_cast<std::int64_t>(steps.size()), .task = task};
    if (*state != '\0') step.history = {{"in_progress", 120}, {state, 90}};
    steps.push_back(std::move(step));
  }
  return steps;
}

std::int64_t id_in(const std::vector<TaskerStep>& parents, const std::string& state) {
  for (const TaskerStep& parent : parents) {
    if ((parent.history.empty() ? "" : parent.history.back().to_state) == state) return parent.id;
  }
  return 0;
}

std::vector<Event> history_of(const Case& step) {
  std::vector<Event> history;
  if (step.failure_age_s) {
    const auto age = static_cast<double>(*step.failure_age_s);
    history = {{"error", age + 7200}, {"pending", age + 7000}, {"error", age}};
    if (step.state != "error") history.push_back({step.state, age / 2});
  } else if (!step.state.empty()) {
    history = {{step.state, 60}};
  }
  return history;
}

}  // namespace

std::optional<std::int64_t> Case::attempt_age_s() const {
  if (attempts.value_or(0) == 0) return std::nullopt;
  return failure_age_s.value_or(20) + 3;
}

std::optional<std::int64_t> Case::backoff_s() const {
  // Counted from the failure, an elapsed one of a step with attempts would still be in force.
  const std::int64_t since = attempt_age_s() ? *attempt_age_s() - 1 : failure_age_s.value_or(5);
  if (backoff == Backoff::kNone) return std::nullopt;
  return backoff == Backoff::kElapsed ? since : since + 8;
}

std::string expected(const Case& step, const Faults& faults) {
  const std::string state = step.state.empty() ? "pending" : step.state;
  const auto& parents = rule_of(step.parents).states;
  const auto completed = std::count_if(parents.begin(), parents.end(), satisfies);
  const bool dependencies = completed == std::ssize(parents);

  const std::int64_t attempts = step.attempts.value_or(0);
  const bool left = attempts < step.retry_limit.value_or(3);
  const bool may_retry = attempts == 0 || step.retryable;
  const auto retry_in = retry_in_s(step, faults);
  const bool failed = step.failure_age_s && !faults.failures_unseen;
  const bool waits =
      retry_in && *retry_in + faults.zone_shift_s > 0 && (failed || !faults.explicit_needs_failure);
  const bool eligible = left && (may_retry || faults.eligible_ignores_retryable) && !waits;
  const bool ready = (state == "pending" || (state == "error" && !faults.error_never_ready)) &&
                     dependencies &&
                     (faults.ignores_flags || (!step.in_process && !step.processed)) && left &&
                     (may_retry || faults.ready_ignores_retryable) && !waits &&
                     !(faults.null_attempts && !step.attempts);
  const auto letter = [](bool value) { return value ? 't' : 'f'; };
  return fmt::format("{} {} {} {} {} {} {}", state, letter(dependencies), letter(eligible),
                     letter(ready), number(retry_in), parents.size(), completed);
}

std::string in_words(const Case& step) {
  const char* const backoffs[] = {"no backoff asked for", "an elapsed backoff",
                                  "a backoff in force"};
  return fmt::format(
      "{} with {}, attempts {} of {}, {}, {}, {}{}{}",
      step.state.empty() ? "a step without transitions" : "a step in " + step.state,
      rule_of(step.parents).words, step.attempts ? std::to_string(*step.attempts) : "NULL",
      step.retry_limit ? std::to_string(*step.retry_limit) : "NULL",
      step.retryable ? "retryable" : "not retryable",
      backoffs[static_cast<std::size_t>(step.backoff)],
      step.failure_age_s ? fmt::format("failed {} s ago", *step.failure_age_s) : "never failed",
      step.in_process ? ", in_process" : "", step.processed ? ", processed" : "");
}

std::vector<Case> every_case() {
  std::vector<Case> cases;
  const auto add_flags = [&](Case step) {
    for (const int flags : {0, 1, 2, 3}) {
      step.in_process = (flags & 1) != 0;
      step.processed = (flags & 2) != 0;
      cases.push_back(step);
    }
  };
  const auto add_retries = [&](Case step) {
    for (const std::optional<std::int64_t> limit : {std::optional<std::int64_t>(), {3}, {2000}}) {
      step.retry_limit = limit;
      const std::int64_t end = limit.value_or(3);
      for (const std::optional<std::int64_t> attempts :
           {std::optional<std::int64_t>(), {0}, {1}, {end - 1}, {end}, {44}, {1000}}) {
        step.attempts = attempts;
        for (const bool retryable : {true, false}) {
          step.retryable = retryable;
          for (const Backoff backoff : {Backoff::kNone, Backoff::kElapsed, Backoff::kInForce}) {
            step.backoff = backoff;
            add_flags(step);
          }
        }
      }
    }
  };
  for (const char* state :
       {"", "pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"}) {
    for (const std::optional<std::int64_t> age : {std::optional<std::int64_t>(), {1}, {3600}}) {
      const bool is_error = std::string_view(state) == "error";
      if (is_error != age.has_value() && (is_error || *state == '\0')) continue;  // cannot be
      for (const Parents parents : kEveryParents) {
        add_retries({.state = state, .parents = parents, .failure_age_s = age});
      }
    }
  }
  return cases;
}

Matrix matrix_of(const std::vector<Case>& cases) {
  Matrix matrix;
  auto next_parent = std::ssize(cases) + 1;
  std::vector<TaskerStep> parents;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (i % kSteps == 0) {
      parents = parents_in(++matrix.tasks, next_parent);
      next_parent += std::ssize(parents);
      matrix.steps.insert(matrix.steps.end(), parents.begin(), parents.end());
    }
    const Case& given = cases[i];
    const auto age = given.attempt_age_s();
    TaskerStep step{.id = static_cast<std::int64_t>(i) + 1,
                    .task = matrix.tasks,
                    .history = history_of(given),
                    .parents = {},
                    .attempts = given.attempts,
                    .retry_limit = given.retry_limit,
                    .retryable = given.retryable,
                    .in_process = given.in_process,
                    .processed = given.processed,
                    .last_attempted_age_s = {},
                    .backoff_s = given.backoff_s()};
    if (age) step.last_attempted_age_s = static_cast<double>(*age);
    for (const std::string& state : rule_of(given.parents).states) {
      step.parents.push_back(id_in(parents, state));
    }
    matrix.steps.push_back(std::move(step));
  }
  return matrix;
}

}  // namespace scalectl::test
