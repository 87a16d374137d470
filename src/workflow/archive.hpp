// Archiving: finished tasks leave the tables that the views read.
#pragma once

#include <cstdint>

#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::workflow {

struct ArchiveOptions {
  core::Seconds older_than{30 * 86'400};
  std::int64_t batch = 1'000;  ///< tasks in one transaction
};

/// Moves tasks that came to a final state (complete, cancelled, resolved_manually) longer ago than
/// `older_than` to the archive's tables, with their steps, edges and transitions. Each batch is a
/// transaction of its own, so a run that is stopped is simply run again; tasks that somebody has
/// locked are left for the next run, so nobody waits. Tasks that rows of other tables refer to, or
/// that have an edge to another task, stay and are counted in a warning. A stop request ends it
/// between batches and is reported in the Result. The archive's tables must be there.
core::Result archive(pg::Session& session, const pg::Naming& naming, const ArchiveOptions& options,
                     core::Observer& observer);

}  // namespace scalectl::workflow
