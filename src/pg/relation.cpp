#include "pg/relation.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "pg/errors.hpp"
#include "pg/identifier.hpp"

namespace scalectl::pg {

namespace {

/// Throws Error (usage) where the schema that `quoted` names is one that the role may not use; the
/// server's own message does not say what to grant.
void require_usage(Session& session, const std::string& quoted) {
  const Rows rows = session.query(
      "SELECT quote_ident(n.nspname) AS schema, quote_ident(current_user) AS role FROM "
      "pg_namespace n"
      " WHERE n.nspname = (parse_ident($1))[1] AND cardinality(parse_ident($1)) = 2"
      "   AND NOT has_schema_privilege(n.oid, 'USAGE')",
      {quoted});
  if (rows.empty()) return;
  throw core::usage_error(
      fmt::format("role {} may not use schema {}", rows.text(0, "role"), rows.text(0, "schema")),
      fmt::format("GRANT USAGE ON SCHEMA {} TO {};", rows.text(0, "schema"), rows.text(0, "role")));
}

}  // namespace

std::optional<Relation> find_relation(Session& session, const std::string& quoted) {
  const Rows rows = session.query(
      "SELECT c.oid, n.nspname, c.relname, c.relkind = 'r' AS plain, c.relkind = 'p' AS "
      "partitioned,"
      "       pg_has_role(c.relowner, 'USAGE') AS owned,"
      "       a.attname, format_type(a.atttypid, NULL) AS type"
      "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      "  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
      " WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
      " ORDER BY a.attnum",
      {quoted});
  if (rows.empty()) return std::nullopt;
  Relation relation{.oid = rows.integer(0, "oid"),
                    .schema = rows.text(0, "nspname"),
                    .name = rows.text(0, "relname"),
                    .plain = rows.boolean(0, "plain"),
                    .partitioned = rows.boolean(0, "partitioned"),
                    .owned = rows.boolean(0, "owned"),
                    .columns = {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (const Param name = rows.at(i, "attname")) {
      relation.columns.push_back({.name = *name, .type = rows.text(i, "type")});
    }
  }
  return relation;
}

Relation require_relation(Session& session, const std::string& quoted) {
  require_usage(session, quoted);
  if (auto found = find_relation(session, quoted)) return *found;
  const Rows path = session.query("SELECT array_to_string(current_schemas(false), ', ') AS path");
  const Rows known = session.query(
      "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
      " ORDER BY relname LIMIT 1000");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < known.size(); ++i) names.push_back(known.text(i, "relname"));
  std::string bare =
      quoted.substr(quoted.rfind('.') == std::string::npos ? 0 : quoted.rfind('.') + 1);
  if (bare.size() > 2 && bare.front() == '"') bare = bare.substr(1, bare.size() - 2);
  const std::string like = core::closest(bare, names);
  throw core::usage_error(
      fmt::format("there is no table {} (search path: {})", quoted, path.text(0, "path")),
      like.empty() || like == bare ? kNoTableHint
                                   : fmt::format("there is a table {}; name it with --table {}={}",
                                                 quote_identifier(like), bare, like));
}

}  // namespace scalectl::pg
