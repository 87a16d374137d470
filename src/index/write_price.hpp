// WritePrice: what writes into a table would cost more with one more index, measured on a copy.
#pragma once

#include <optional>

#include "index/candidates.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// What 1,000 rows of a write cost.
struct WriteCost {
  double time_s = 0;
  double wal_bytes = 0;
};

struct CostWithAndWithout {
  WriteCost without;
  WriteCost with;
};

struct WritePrice {
  std::optional<CostWithAndWithout> inserts;  ///< nothing where the table has no rows
  /// Of updates that change the index's columns, on pages with room for the new versions: without
  /// the index they are heap-only, unless another one names the columns. Nothing where the rows are
  /// all alike, or cannot take one another's values.
  std::optional<CostWithAndWithout> updates;
};

/// The cheapest of a few tries on rows of the table, with the indexes that it has, in transactions
/// that are rolled back. Throws Error (usage) where the role may not make a copy.
WritePrice price_writes(pg::Session& session, const Candidate& candidate);

}  // namespace scalectl::index
