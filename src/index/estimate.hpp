// Estimate: how big an index will be and how long it takes to build, from the table's statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "index/definition.hpp"
#include "index/look.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

struct Estimate {
  double rows = 0;  ///< that the index will hold
  std::int64_t bytes = 0;
  double build_s = 0;  ///< on a machine like the one README's figures are from, idle
};

/// Nothing for a table that was never analyzed, or whose form is not known.
std::optional<Estimate> estimate(pg::Session& session, const Item& item);

/// What pg_stats says of an index's columns.
struct Keys {
  double width = 0;     ///< mean bytes of all of them
  double distinct = 0;  ///< different values; infinite where equal ones are not stored together
};

/// Of an index of this shape; nothing where the role may not see the statistics, or there are none.
/// Columns are taken to be independent of each other, and of the index's predicate.
std::optional<Keys> keys_of(pg::Session& session, const pg::Relation& table, const Shape& shape);

/// Bytes of a b-tree that was just built of `rows` entries. Sources: PostgreSQL documentation,
/// "Database Page Layout" and "B-Tree Deduplication"; its default fillfactor of 90 for b-trees; and
/// nbtsort.c, which ends a list of equal keys' rows at a tenth of a page.
std::int64_t btree_bytes(double rows, const Keys& keys);

/// Where the server would put a new index, and how much room is left there.
struct Disk {
  std::string path;
  std::optional<std::int64_t> free_bytes;  ///< nothing for a server that is not on this host
};
Disk disk_of(pg::Session& session);

}  // namespace scalectl::index
