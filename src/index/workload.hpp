// Workload: the queries that advice is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/session.hpp"

namespace scalectl::index {

/// Stands before the statements that scalectl runs to measure them: pg_stat_statements keeps it,
/// and busiest() leaves them out.
inline const std::string kOurs = "/* scalectl_measures */ ";

/// A query to find indexes for.
struct Workload {
  std::string sql;
  double calls = 1;               ///< how often it was run; 1 where nobody counted
  std::optional<double> total_s;  ///< all of its runs together
};

/// The statements that took the most time in this database by pg_stat_statements, at most `limit`
/// of them, ours and EXPLAIN's apart. Throws Error (usage) where it is not there, or may not be
/// read.
std::vector<Workload> busiest(pg::Session& session, std::int64_t limit);

/// The statements of an SQL file as queries, each run once. `path` is for messages. Throws Error
/// (usage) where it holds none.
std::vector<Workload> read_queries(const std::string& path, const std::string& text);

}  // namespace scalectl::index
