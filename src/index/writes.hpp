// Writes: the statements that the tables of a schema family see most, as sql/writes states them:
// what indexes cost is measured on them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"

namespace scalectl::index {

struct Write {
  std::string name;
  std::string why;
  catalog::SqlText sql;

  /// The table that is written, as the catalog calls it.
  const std::string& table() const { return sql.identifiers().front(); }
};

/// Reads a file of writes. Throws Error (usage) naming file, line and what was expected.
std::vector<Write> parse_writes(const catalog::Entry& entry);

/// The newest version of those of `family`; none where there is no such file.
std::vector<Write> load_writes(const catalog::Catalog& catalog, const std::string& family);

/// The columns that an UPDATE's SET names; none for another statement. Whether it changes their
/// values is not asked: changed_columns() finds that out, and needs copies for it.
std::set<std::string> columns_set(const Write& write);

}  // namespace scalectl::index
