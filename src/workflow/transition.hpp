// Moving a step or a task from one state to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "workflow/states.hpp"

namespace scalectl::workflow {

struct Move {
  Kind kind = Kind::kStep;
  std::int64_t id = 0;
  std::string to_state;
  /// Refuse the move unless this is the state it starts from; for callers that race.
  std::optional<std::string> expected_state;
};

/// Makes the move in one transaction. It locks the step (or task), so that of several clients one
/// goes first and the others see where it has come to; one statement then demotes the old
/// most_recent row and writes the new one; the columns that mirror the state (in_process,
/// processed, attempts, last_attempted_at; complete) follow. Throws Error: usage for an id or state
/// that does not exist, for an illegal move (naming the legal ones), and for what Tasker's guards
/// refuse: a step that begins before its parents are done, a task that completes before its steps
/// are finished; busy where the lock was held too long.
core::Result transition(pg::Session& session, const pg::Naming& naming, const Move& move);

}  // namespace scalectl::workflow
