#include "index/workload.hpp"

#include <fmt/format.h>

#include "catalog/sql_text.hpp"
#include "core/error.hpp"
#include "index/grants.hpp"
#include "index/hypothetical.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {

std::vector<Workload> busiest(pg::Session& session, std::int64_t limit) {
  require_usage_of_extension(session, "pg_stat_statements");
  const auto schema = schema_of_extension(session, "pg_stat_statements");
  const bool loaded =
      session.query("SELECT current_setting('pg_stat_statements.max', true) IS NOT NULL AS yes")
          .boolean(0, "yes");
  if (!schema || !loaded) {
    throw core::usage_error("pg_stat_statements is not there",
                            "give queries with --sql FILE; or put pg_stat_statements into "
                            "shared_preload_libraries and CREATE EXTENSION pg_stat_statements");
  }
  const std::string missing = missing_sight(session);
  if (!missing.empty()) {
    throw core::usage_error("the role may not read other roles' statements", missing);
  }
  const pg::Rows rows = session.query(
      "SELECT query, calls, total_exec_time / 1e3 AS total FROM " + *schema +
          ".pg_stat_statements"
          " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
          "   AND query ~* '^\\s*(SELECT|UPDATE|DELETE|INSERT|WITH)\\M'"
          "   AND query !~* "
          "'(pg_catalog|pg_stat|pg_class|pg_locks|hypopg|scalectl_|information_schema)'"
          " ORDER BY total_exec_time DESC LIMIT $1",
      {std::to_string(limit)});
  std::vector<Workload> queries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    queries.push_back({.sql = rows.text(i, "query"),
                       .calls = static_cast<double>(rows.integer(i, "calls")),
                       .total_s = rows.real(i, "total")});
  }
  return queries;
}

std::vector<Workload> read_queries(const std::string& path, const std::string& text) {
  const catalog::File file{.path = path, .text = text};
  std::vector<Workload> queries;
  for (const catalog::SqlText& statement : catalog::split_statements(file, text, 1)) {
    const auto as_is = [](const std::string& name) { return pg::quote_identifier(name); };
    queries.push_back({.sql = statement.bind(as_is, [](const std::string&) { return ""; }).sql});
  }
  if (queries.empty()) {
    throw core::usage_error(fmt::format("{} holds no statement", path),
                            "write queries into it, with a semicolon after each");
  }
  return queries;
}

}  // namespace scalectl::index
