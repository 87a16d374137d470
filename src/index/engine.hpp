// The index engine: what a pack asks for, held against what the database has.
#pragma once

#include "core/observer.hpp"
#include "core/result.hpp"
#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// What apply would do, in order; changes nothing.
core::Result plan(pg::Session& session, const Pack& pack, const pg::Naming& naming);

/// Builds what is missing, one index at a time, concurrently and outside any transaction; on a
/// partitioned table partition by partition, joined up under a short lock. What is there stays. A build that fails or is interrupted takes its unfinished index away again. Throws
/// Error (failed) for an index that an earlier build left INVALID.
core::Result apply(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Observer& observer);

/// Which of the pack's indexes are there, valid, how big and how much used.
core::Result status(pg::Session& session, const Pack& pack, const pg::Naming& naming);

/// Drops the pack's indexes, concurrently; those that are not there are passed over. That of a
/// partitioned table is dropped under a short lock: Error (busy) where it does not get it.
core::Result drop(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                  core::Observer& observer);

}  // namespace scalectl::index
