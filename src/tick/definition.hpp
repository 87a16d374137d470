// Definition: a tick as its SQL file states it.
//
//   -- tick: NAME                       -- @rows
//   -- summary, family, every, …        SELECT what to do;     (its columns are the values
//   -- param: NAME TYPE = DEFAULT "…"   UPDATE one :of_them;    of the second statement)
//
//   UPDATE … ;
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"
#include "core/parse.hpp"
#include "core/value.hpp"

namespace scalectl::tick {

/// A value that a tick takes from the command line, bound to :variable in its SQL.
struct Parameter {
  std::string name;      ///< as an option: older-than
  std::string variable;  ///< as in SQL: older_than
  std::string type;      ///< int, float, interval, text or bool
  std::string default_value;
  std::string help;

  /// `text` in the form that the server reads. Throws Error (usage).
  std::string to_sql(const std::string& text) const;
  /// The SQL type to cast to.
  std::string cast() const;
  /// `text` as a typed value under a key that states its unit: older_than_s, 3600.
  std::pair<std::string, core::Value> described(const std::string& text) const;
};

/// The row-by-row form of a tick: one look, then one statement for each row found.
struct RowByRow {
  catalog::SqlText select;
  catalog::SqlText each;
};

struct Definition {
  std::string name;
  std::string summary;
  std::string family;  ///< reference schema whose tables it works on
  core::Seconds every;
  core::Seconds warn_after;
  std::string log;   ///< with {rows} and {elapsed}
  std::string slow;  ///< with {elapsed} and {threshold}
  std::vector<Parameter> parameters;
  catalog::SqlText set;  ///< the whole tick as one statement
  std::optional<RowByRow> rows;

  const Parameter* find_parameter(const std::string& name) const;
  /// The tables that its statements name, each once.
  std::vector<std::string> tables() const;
};

/// Reads a tick file. Throws Error (usage) naming file, line and what was expected.
Definition parse(const catalog::File& file);

/// Every tick of the catalog, by name.
std::vector<Definition> load_all(const catalog::Catalog& catalog);

/// The newest version of one tick; throws Error (usage) where there is none of that name.
Definition load(const catalog::Catalog& catalog, const std::string& name);

}  // namespace scalectl::tick
