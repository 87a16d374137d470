// Check: a condition on variables, with a name: "${status} == 200".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "load/scenario/regex.hpp"
#include "load/scenario/template.hpp"

namespace scalectl::load::scenario {

enum class Operator {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kContains,
  kMatches  ///< the right side is a regular expression that the left one has a match of
};

/// LEFT OPERATOR RIGHT. Two numbers are compared as numbers, else as text; < and the like are false
/// for text that is no number.
struct Check {
  std::string name;  ///< as the scenario says, or the condition's text
  int id = 0;        ///< into Scenario::check_names
  Template left;
  Operator comparison = Operator::kEqual;
  Template right;
  std::shared_ptr<const Regex> regex;  ///< of kMatches

  /// False also where a variable has no value.
  bool holds(Scope& scope) const;
};

/// "${a} == ${b}", "${name} contains x", "${body} matches ^ok"; white space around the operator. A
/// side may stand in single or double quotes: "${name} == ''". Leaves the id to the caller. Throws
/// Error (usage) with the column.
Check parse_check(std::string_view text, Symbols& symbols, std::vector<std::string>& used);

}  // namespace scalectl::load::scenario
