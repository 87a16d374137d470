// Indexes of partitioned tables, which CREATE INDEX CONCURRENTLY does not know: each partition's
// index is built concurrently; then, in one short transaction, the index of the whole is made as an
// empty frame and all of them are attached to it. So a build that stops leaves no frame.
#pragma once

#include "index/pack.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// Builds `index` on the partitioned table `table`. Throws Error: what stopped it. What was built
/// until then is dropped again, and the message says so.
void build_partitioned(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table);

/// Drops the index of the whole, which has to lock the table for a moment (Error (busy) where that
/// takes too long), and what unfinished builds have left on its partitions.
void drop_partitioned(pg::Session& session, const IndexDefinition& index,
                      const pg::Relation& table);

/// True if an unfinished build has left an index on a partition of `table`.
bool has_leftovers(pg::Session& session, const IndexDefinition& index, const pg::Relation& table);

}  // namespace scalectl::index
