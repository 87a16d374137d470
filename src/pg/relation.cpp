#include "pg/relation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

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

/// `word` as one word for a shell.
std::string shell_word(const std::string& word) {
  static const std::regex kPlain("[A-Za-z0-9_=.-]+");
  if (std::regex_match(word, kPlain)) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// Which table may be meant by the one that is not there, and the options that name it. Those where
/// it was looked for come first.
std::string hint_for(Session& session, const std::string& quoted, const std::string& known) {
  const Rows tables = session.query(
      "SELECT relname, nspname, (parse_ident($1, false))[cardinality(parse_ident($1))] AS bare,"
      "       CASE WHEN cardinality(parse_ident($1)) = 2 THEN nspname = (parse_ident($1))[1]"
      "            ELSE nspname = ANY (current_schemas(false)) END AS near"
      "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
      "   AND n.nspname !~ '^pg_(toast|temp)' ORDER BY near DESC, relname, nspname LIMIT 1000",
      {quoted});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < tables.size(); ++i) names.push_back(tables.text(i, "relname"));
  const std::string bare = tables.empty() ? "" : tables.text(0, "bare");
  const std::string like = core::closest(bare, names);
  if (like.empty()) return kNoTableHint;
  const auto at =
      static_cast<std::size_t>(std::find(names.begin(), names.end(), like) - names.begin());
  const std::string schema = tables.text(at, "nspname");
  const std::string key = known.empty() ? bare : known;
  std::string options;
  if (!tables.boolean(at, "near")) options += " --schema " + shell_word(schema);
  if (like != bare || like != key) options += " --table " + shell_word(key + "=" + like);
  return fmt::format("there is a table {} in schema {}; name it with{}", quote_identifier(like),
                     quote_identifier(schema), options);
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

Relation require_relation(Session& session, const std::string& quoted, const std::string& known) {
  require_usage(session, quoted);
  if (auto found = find_relation(session, quoted)) return *found;
  const Rows path = session.query("SELECT array_to_string(current_schemas(false), ', ') AS path");
  throw core::usage_error(
      fmt::format("there is no table {} (search path: {})", quoted, path.text(0, "path")),
      hint_for(session, quoted, known));
}

}  // namespace scalectl::pg
