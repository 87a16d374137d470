// Layout: how the table that a tick writes is stored, and what that costs the tick.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::tick {

/// An index that names a column which the tick sets: in its key, its INCLUDE list, an expression or
/// its predicate. No update of that column can be heap-only, and each enters a row into every
/// index.
struct HarmfulIndex {
  std::string name;
  std::string table;
  std::vector<std::string> columns;  ///< those that the tick sets
};

struct Layout {
  std::string name;      ///< seed, hot, epoch or other; see below
  std::string table{};   ///< the one that this tells of; without relations, as the SQL writes it
  std::string quoted{};  ///< that table with its schema
  int fillfactor = 100;
  std::int64_t dead_rows = 0;  ///< the server's estimate, with what this transaction leaves behind
  std::vector<HarmfulIndex> indexes;
};

/// Looks at the first of `relations` that the statement `sql` updates (the first one where it
/// updates none: a tick that deletes). Its layout is
///   epoch  where it, or another of them, counts epochs (stamina_epoch, regen_epoch)
///   hot    where its pages are filled to at most 60 % and no index names what the tick sets
///   seed   where they are filled to the full, as PostgreSQL does unasked
///   other  in between: room, and an index that makes it useless, or little room
/// Harmful indexes are told of each table that the statement updates. BRIN indexes do no harm from
/// PostgreSQL 16 on. Dead rows are pg_stat_get_dead_tuples, which VACUUM, pruning and the
/// cumulative statistics keep, plus the old versions that this transaction has made and not yet
/// reported: an estimate that costs nothing. Call it after the work and before the commit.
Layout look_at_layout(pg::Transaction& tx, const std::vector<pg::Relation>& relations,
                      const std::string& sql);

}  // namespace scalectl::tick
