// Candidates: indexes that might serve a query, read off its plan: what it compares, joins and
// sorts by. Which of them would, the planner says.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/value.hpp"

namespace scalectl::index {

/// A table as a plan scans it.
struct Scanned {
  std::string schema;
  std::string table;
  bool operator<(const Scanned& other) const {
    return std::tie(schema, table) < std::tie(other.schema, other.table);
  }
  bool operator==(const Scanned&) const = default;
};

/// A b-tree on these columns; each is an SQL key ("\"created_at\" DESC").
struct Candidate {
  Scanned on;
  std::vector<std::string> keys;
  bool operator==(const Candidate&) const = default;
};

/// The tables of an EXPLAIN (VERBOSE, FORMAT JSON) plan, by the names it has for them.
std::map<std::string, Scanned> scanned_tables(const core::Value& plan);

/// Candidates for the plan's tables, whose columns are given: what is compared for equality first,
/// at most three columns, then a range or what is sorted by. None that differ only by name.
std::vector<Candidate> candidates(const core::Value& plan,
                                  const std::map<Scanned, std::vector<std::string>>& columns);

}  // namespace scalectl::index
