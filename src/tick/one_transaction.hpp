// The strategies that are one transaction: the whole work of a tick, or none of it.
#pragma once

#include <stop_token>

#include "core/observer.hpp"
#include "pg/session.hpp"
#include "tick/statements.hpp"
#include "tick/work.hpp"

namespace scalectl::tick {

/// set: one statement.
Work as_set(pg::Transaction& tx, const Statements& statements);

/// rows: one look, then one statement for each row found; prepared unless the session is `pooled`,
/// since a pooler's server connection would keep it for others. Throws Error (interrupted) on a
/// stop, and Error (usage) where the second statement binds what the first does not return.
Work row_by_row(pg::Transaction& tx, const Statements& statements, bool pooled,
                const std::stop_token& stop, core::Observer& observer);

/// epoch: one row. Throws Error (usage) where no row fits: parameters that the layout fixes differ.
Work advance_epoch(pg::Transaction& tx, const Statements& statements);

}  // namespace scalectl::tick
