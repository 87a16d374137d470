// The golden matrix of step readiness: every case, and what the rules of the issue say about it.
// The rules are written down here once more, from the words and not from the SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/tasker.hpp"

namespace scalectl::test {

enum class Parents { kNone, kComplete, kPending, kCancelled, kMixed, kResolved };
enum class Backoff { kNone, kElapsed, kInForce };

/// One step of the matrix.
struct Case {
  std::string state;  ///< "": the step has no transitions
  Parents parents = Parents::kNone;
  std::optional<std::int64_t> attempts;
  std::optional<std::int64_t> retry_limit;
  bool retryable = true;
  Backoff backoff = Backoff::kNone;
  std::optional<std::int64_t> failure_age_s;  ///< of the last failure; none: it never failed
  bool in_process = false;
  bool processed = false;

  /// When it was last attempted: a while before it failed; nobody knows for a step without
  /// attempts.
  std::optional<std::int64_t> attempt_age_s() const;
  /// The explicit backoff, chosen so that it ends before or after now.
  std::optional<std::int64_t> backoff_s() const;
};

/// What is wrong with a view; the rules have none of it.
struct Faults {
  bool null_attempts = false;  ///< never ready, and counted as one attempt in the backoff
  bool ready_ignores_retryable = false;
  bool eligible_ignores_retryable = false;
  bool failures_unseen = false;         ///< no failure is ever found: it looks for a state "failed"
  bool error_never_ready = false;       ///< it knows "failed" only
  bool ignores_flags = false;           ///< in_process and processed
  bool explicit_needs_attempt = false;  ///< explicit seconds count only from last_attempted_at
  bool explicit_needs_failure = false;  ///< and only once the step has failed
  std::int64_t zone_shift_s = 0;        ///< by how much stored times are taken to be later
};

/// "state deps eligible ready retry-in-s total completed": the row that a view should have.
std::string expected(const Case& step, const Faults& faults = {});

/// The case in words, for the message of a test that fails.
std::string in_words(const Case& step);

std::vector<Case> every_case();

/// Steps for `cases`, spread over tasks that hold the parents: the step of case i has the id i + 1.
struct Matrix {
  std::int64_t tasks = 0;
  std::vector<TaskerStep> steps;
};
Matrix matrix_of(const std::vector<Case>& cases);

}  // namespace scalectl::test
