// Trigger: a tick's variant that lives in the database (seed 000's option 2): whenever the game
// writes the tick's table, some of the tick's work is done along with it. sql/triggers/NAME.vN.sql
// says how:
//
//   -- trigger: NAME                  -- @function           -- @install
//   -- summary, table, function, name   a PL/pgSQL body        CREATE TRIGGER …
#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"
#include "tick/run.hpp"

namespace scalectl::tick {

enum class TriggerAction { kInstall, kRemove };

/// Throws Error (usage) for a tick without a trigger variant, and for options that it cannot have.
void check_trigger(const catalog::Catalog& catalog, const Definition& tick, const Options& options);

/// Installs the trigger variant of `tick` with the parameters of `options`, or takes it away. An
/// installed one is replaced, so that another parameter takes effect; taking away what is not there
/// does nothing and says so. Throws Error: usage for a table that is not there, and for a trigger
/// of that name which is not scalectl's; busy where the table's lock stayed held.
core::Result set_trigger(pg::Session& session, const catalog::Catalog& catalog,
                         const Definition& tick, const Options& options, TriggerAction action,
                         core::Observer& observer);

}  // namespace scalectl::tick
