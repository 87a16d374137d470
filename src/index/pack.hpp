// Pack: a set of indexes as its SQL file states them, one after another between "-- @index NAME"
// lines, each with why it is there and the query whose plan must use it. A pack may also set how
// full a table's pages are made ("-- @fillfactor TABLE PERCENT").
#pragma once

#include <map>
#include <optional>
#include <set>
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
  catalog::SqlText probe;                   ///< the query
  std::optional<catalog::SqlText> samples;  ///< its rows are values for the query's parameters
  std::optional<double> target_s;           ///< what the query may take at the 95th percentile
  std::string seed_before;                  ///< what a seed document says it took without …
  std::string seed_after;                   ///< … and with its indexes
};

/// How full the pages of a table are made: what is left free takes heap-only updates.
struct Fillfactor {
  std::string table;  ///< as the catalog calls it
  int percent = 100;
  std::string why;
};

struct Pack {
  std::string name;
  int version = 1;
  std::string summary;
  std::string family;      ///< reference schema whose tables it indexes
  std::string prefix;      ///< what the tables' names begin with
  std::string instead_of;  ///< the pack that this one is the better design for
  std::vector<IndexDefinition> indexes;
  std::vector<Fillfactor> fillfactors;
  /// By table (as the catalog calls it), the columns that the pack makes room to change without any
  /// index hearing of it: those that the family's updates of a table with a fillfactor set, where
  /// none of the pack's own indexes names one. Parsing alone does not know them.
  std::map<std::string, std::set<std::string>> kept_free;

  /// The tables that it knows, each once.
  std::vector<std::string> tables() const;
};

/// Reads a pack file. Throws Error (usage) naming file, line and what was expected.
Pack parse(const catalog::Entry& entry);

/// The newest version of every pack, by name; with what it keeps free.
std::vector<Pack> load_all(const catalog::Catalog& catalog);

/// The newest version of one pack; throws Error (usage) where there is none of that name.
Pack load(const catalog::Catalog& catalog, const std::string& name);

/// The pack that calls itself the better design than `pack`, if there is one.
std::optional<Pack> better_design(const catalog::Catalog& catalog, const Pack& pack);

}  // namespace scalectl::index
