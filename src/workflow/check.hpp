// Checking the data of a workflow: what the views and the state machine take for granted.
#pragma once

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::workflow {

/// Finds cycles among the steps, edges between tasks, edges from a step to itself, doubled edges,
/// steps or tasks with two most_recent transitions, none although they have transitions, or one that
/// is not the newest, and moves that the state machine does not know. With `repair`, the newest transition of a step or task
/// becomes its only most_recent one; the rest is for people to mend. The verdict is fail while
/// anything is wrong.
core::Result check(pg::Session& session, const pg::Naming& naming, bool repair,
                   core::Observer& observer);

}  // namespace scalectl::workflow
