// Estimate: how big an index will be and how long it takes to build, from the table's statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "index/look.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

struct Estimate {
  double rows = 0;  ///< that the index will hold, as the planner guesses
  std::int64_t bytes =
      0;               ///< equal keys are stored once in PostgreSQL 13 and later: it may be less
  double build_s = 0;  ///< on a machine like the one README's figures are from, idle
};

/// Nothing for a table that was never analyzed, or whose form is not known.
std::optional<Estimate> estimate(pg::Session& session, const Item& item);

/// Bytes of a b-tree of `rows` entries of `width` bytes each. Source: PostgreSQL documentation,
/// "Database Page Layout", and its default fillfactor of 90 for b-trees.
std::int64_t btree_bytes(double rows, double width);

/// Mean bytes of the columns in `keys` ("a, lower(b), c DESC") of a table, by pg_stats; nothing
/// where the role may not see them, or there are none.
std::optional<double> width_of(pg::Session& session, const pg::Relation& table,
                               const std::string& keys);

/// Where the server would put a new index, and how much room is left there.
struct Disk {
  std::string path;
  std::optional<std::int64_t> free_bytes;  ///< nothing for a server that is not on this host
};
Disk disk_of(pg::Session& session);

}  // namespace scalectl::index
