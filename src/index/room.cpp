#include "index/room.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "index/changes.hpp"
#include "index/definition.hpp"

namespace scalectl::index {
namespace {

/// What takes an index away: one that keeps a constraint goes with it, and one of a partitioned
/// table cannot be dropped concurrently.
std::string drop_sql(pg::Session& session, const std::string& table, const std::string& name) {
  return session
      .query(
          "SELECT CASE WHEN k.conname IS NOT NULL"
          "            THEN format('ALTER TABLE %s DROP CONSTRAINT %I', $1::text, k.conname)"
          "            ELSE format('DROP INDEX %s%I.%I', CASE c.relkind WHEN 'i' THEN"
          "                        'CONCURRENTLY ' ELSE '' END, n.nspname, c.relname) END AS sql"
          "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
          "  JOIN pg_index i ON i.indexrelid = c.oid"
          "  LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid"
          " WHERE i.indrelid = to_regclass($1) AND c.relname = $2",
          {table, name})
      .text(0, "sql");
}

}  // namespace

std::vector<std::string> spoilers(pg::Session& session, const Pack& pack,
                                  const pg::Naming& naming) {
  std::vector<std::string> notes;
  for (const auto& [known, columns] : pack.kept_free) {
    const std::string table = naming.table(known);
    for (const auto& [name, form] : forms_on(session, table)) {
      const std::vector<std::string> named = named_by(form, columns);
      if (named.empty()) continue;
      notes.push_back(fmt::format(
          "index {0} names {1}, which {2} keeps out of all indexes: while it is there, no update "
          "of "
          "{3} that changes {1} is heap-only; drop it with {4};",
          name, core::join(named, ", "), pack.name, table, drop_sql(session, table, name)));
    }
  }
  return notes;
}

void note_spoilers(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Result& result) {
  for (std::string& note : spoilers(session, pack, naming)) {
    result.notes.push_back(std::move(note));
    if (result.verdict == core::Verdict::kPass) result.verdict = core::Verdict::kWarn;
  }
}

}  // namespace scalectl::index
