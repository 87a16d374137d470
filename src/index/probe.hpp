// Probe: the query that an index is judged by, bound to tables and to values.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

class Probe {
 public:
  /// Fetches the values that the index's `samples` give, at most kMaxSamples sets of them. Throws
  /// Error (usage) for a parameter that they have no column for.
  Probe(pg::Session& session, const IndexDefinition& index, const pg::Naming& naming);

  const std::string& sql() const { return sql_; }
  /// The query on other tables: `table` gives the quoted name of each.
  std::string sql_on(const std::function<std::string(const std::string&)>& table) const;
  /// Sets of values, one after another for each run; one empty set for a query without parameters,
  /// none where the tables are empty.
  const std::vector<pg::Params>& samples() const { return samples_; }

 private:
  static constexpr int kMaxSamples = 200;

  const IndexDefinition& index_;
  std::string sql_;
  std::vector<pg::Params> samples_;
};

}  // namespace scalectl::index
