#include "index/grants.hpp"

#include <fmt/format.h>

#include "pg/errors.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

std::string role_of(pg::Session& session) {
  return pg::quote_identifier(session.query("SELECT current_user AS role").text(0, "role"));
}

bool asks(pg::Session& session, const std::string& condition, const pg::Params& params = {}) {
  return session.query("SELECT " + condition + " AS yes", params).boolean(0, "yes");
}

}  // namespace

std::string why_no_temporary_tables(pg::Session& session) {
  if (asks(session, "pg_is_in_recovery()")) return "this server is a standby";
  if (asks(session, "current_setting('transaction_read_only')::bool")) {
    return "the session is read-only";
  }
  if (asks(session, "has_database_privilege(current_database(), 'TEMPORARY')")) return "";
  const std::string database =
      pg::quote_identifier(session.query("SELECT current_database() AS name").text(0, "name"));
  return fmt::format(
      "role {0} may make no temporary tables; GRANT TEMPORARY ON DATABASE {1} TO {0};",
      role_of(session), database);
}

std::string missing_select(pg::Session& session, const std::string& quoted) {
  if (asks(session, "has_table_privilege(to_regclass($1), 'SELECT')", {quoted})) return "";
  return fmt::format("role {0} may not read {1}; GRANT SELECT ON {1} TO {0};", role_of(session),
                     quoted);
}

void require_select(pg::Session& session, const std::string& quoted) {
  const std::string missing = missing_select(session, quoted);
  if (missing.empty()) return;
  const auto semicolon = missing.find("; ");
  throw core::usage_error(missing.substr(0, semicolon), missing.substr(semicolon + 2));
}

void require_create(pg::Session& session, const std::string& schema) {
  if (asks(session, "has_schema_privilege($1, 'CREATE')", {schema})) return;
  const std::string role = role_of(session);
  throw core::usage_error(
      fmt::format("role {} may create nothing in schema {}", role, schema),
      fmt::format("GRANT CREATE ON SCHEMA {} TO {};", pg::quote_identifier(schema), role));
}

void require_builder(pg::Session& session, const pg::Relation& table) {
  const std::string role = role_of(session);
  const std::string quoted =
      pg::quote_identifier(table.schema) + "." + pg::quote_identifier(table.name);
  if (!table.owned) {
    const std::string owner =
        session
            .query("SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = $1",
                   {std::to_string(table.oid)})
            .text(0, "owner");
    throw core::usage_error(
        fmt::format("role {} may neither build nor drop indexes of {}: it belongs to {}", role,
                    quoted, owner),
        fmt::format("GRANT {} TO {};", pg::quote_identifier(owner), role));
  }
  require_create(session, table.schema);
}

void require_primary(pg::Session& session) {
  if (asks(session, "pg_is_in_recovery()")) {
    throw pg::server_error("25006", "this server is in recovery: it takes no writes");
  }
  if (asks(session, "current_setting('transaction_read_only')::bool")) {
    throw pg::server_error("25006",
                           "default_transaction_read_only is on for this role or database");
  }
}

void require_usage_of_extension(pg::Session& session, const std::string& name) {
  const pg::Rows rows = session.query(
      "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
      " WHERE e.extname = $1 AND NOT has_schema_privilege(n.oid, 'USAGE')",
      {name});
  if (rows.empty()) return;
  const std::string schema = pg::quote_identifier(rows.text(0, "nspname"));
  const std::string role = role_of(session);
  throw core::usage_error(
      fmt::format("role {} may not use schema {}, where the extension {} is", role, schema, name),
      fmt::format("GRANT USAGE ON SCHEMA {} TO {};", schema, role));
}

std::string missing_sight(pg::Session& session) {
  if (asks(session, "pg_has_role('pg_read_all_stats', 'USAGE')")) return "";
  return fmt::format("GRANT pg_read_all_stats TO {};", role_of(session));
}

}  // namespace scalectl::index
