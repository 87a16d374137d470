// Foreign keys around a bulk load: checked once for all rows instead of once for each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/session.hpp"

namespace scalectl::seed {

/// A foreign key that was taken off its table, with all that is needed to put it back.
struct ForeignKey {
  std::string table;       ///< quoted and qualified
  std::string name;        ///< quoted
  std::string definition;  ///< by pg_get_constraintdef
};

/// Takes the foreign keys off the tables with these oids, inside `tx`.
std::vector<ForeignKey> suspend(pg::Transaction& tx, const std::vector<std::int64_t>& tables);

/// Puts them back, which checks every row. Throws Error where one refers to nothing.
void restore(pg::Transaction& tx, const std::vector<ForeignKey>& keys);

/// The tables (quoted and qualified) outside `tables` that refer to one of them, directly or not.
std::vector<std::string> referring_tables(pg::Transaction& tx,
                                          const std::vector<std::int64_t>& tables);

}  // namespace scalectl::seed
