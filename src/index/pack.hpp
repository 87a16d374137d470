// Pack: a set of indexes as its SQL file states them, one after another between "-- @index NAME"
// lines, each with why it is there and the query whose plan must use it.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"

namespace scalectl::index {

struct IndexDefinition {
  std::string name;
  std::string why;
  std::string query;  ///< whose plan must use the index
  std::string table;  ///< as the catalog calls it
  catalog::SqlText create;
};

struct Pack {
  std::string name;
  int version = 1;
  std::string summary;
  std::string family;  ///< reference schema whose tables it indexes
  std::string prefix;  ///< what the tables' names begin with
  std::vector<IndexDefinition> indexes;
};

/// Reads a pack file. Throws Error (usage) naming file, line and what was expected.
Pack parse(const catalog::Entry& entry);

/// The newest version of every pack, by name.
std::vector<Pack> load_all(const catalog::Catalog& catalog);

/// The newest version of one pack; throws Error (usage) where there is none of that name.
Pack load(const catalog::Catalog& catalog, const std::string& name);

}  // namespace scalectl::index
