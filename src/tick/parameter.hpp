// Parameter: a value that a tick takes from the command line.
#pragma once

#include <string>
#include <utility>

#include "catalog/front_matter.hpp"
#include "core/value.hpp"

namespace scalectl::tick {

/// Bound to :variable in its SQL.
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

/// Reads: NAME TYPE = DEFAULT "help". Throws Error (usage) naming file and line.
Parameter parse_parameter(const catalog::File& file, const catalog::Field& field);

}  // namespace scalectl::tick
