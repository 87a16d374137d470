// Indexes of partitioned tables, which CREATE INDEX CONCURRENTLY does not know: each partition's
// index is built concurrently; then, in one short transaction, the index of the whole is made as an
// empty frame and all of them are attached to it. So a build that stops leaves no frame.
#pragma once

#include <string>

#include "index/builder.hpp"
#include "index/pack.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// Builds `index` on the partitioned table `table`, each partition's with `comment` on it; those
/// that a killed build of ours has finished are used. Throws Error: what stopped it. What was built
/// until then is dropped again, and the message says so.
void build_partitioned(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table, const std::string& comment, Builder& builder);

/// Drops the index of the whole, which has to lock the table for a moment, and what unfinished
/// builds have left on its partitions. Throws Error (busy) once the patience is exhausted.
void drop_partitioned(pg::Session& session, const IndexDefinition& index, const pg::Relation& table,
                      Builder& builder);

/// Indexes that unfinished builds have left on partitions of a table.
enum class Leftovers { kNone, kOurs, kForeign };

Leftovers leftovers_of(pg::Session& session, const IndexDefinition& index,
                       const pg::Relation& table);

}  // namespace scalectl::index
