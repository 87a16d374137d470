#include "seed/foreign_keys.hpp"

#include "core/text.hpp"

namespace scalectl::seed {
namespace {

std::string oid_array(const std::vector<std::int64_t>& oids) {
  std::vector<std::string> words;
  for (const std::int64_t oid : oids) words.push_back(std::to_string(oid));
  return "{" + core::join(words, ",") + "}";
}

}  // namespace

std::vector<ForeignKey> suspend(pg::Transaction& tx, const std::vector<std::int64_t>& tables) {
  const pg::Rows rows = tx.query(
      "SELECT format('%I.%I', n.nspname, c.relname) AS on_table, quote_ident(k.conname) AS name,"
      "       pg_get_constraintdef(k.oid) AS definition"
      "  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
      "  JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE k.contype = 'f' AND k.conrelid = ANY ($1::oid[]) AND k.conparentid = 0"
      " ORDER BY k.oid",
      {oid_array(tables)});
  std::vector<ForeignKey> keys;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    keys.push_back({.table = rows.text(i, "on_table"),
                    .name = rows.text(i, "name"),
                    .definition = rows.text(i, "definition")});
    tx.query("ALTER TABLE " + keys.back().table + " DROP CONSTRAINT " + keys.back().name);
  }
  return keys;
}

void restore(pg::Transaction& tx, const std::vector<ForeignKey>& keys) {
  for (const ForeignKey& key : keys) {
    tx.query("ALTER TABLE " + key.table + " ADD CONSTRAINT " + key.name + " " + key.definition);
  }
}

std::vector<std::string> referring_tables(pg::Transaction& tx,
                                          const std::vector<std::int64_t>& tables) {
  const pg::Rows rows = tx.query(
      "WITH RECURSIVE refers AS ("
      "  SELECT unnest($1::oid[]) AS oid"
      "  UNION SELECT k.conrelid FROM pg_constraint k JOIN refers ON k.confrelid = refers.oid"
      // A partition has its keys, and is emptied, with the whole.
      "   WHERE k.contype = 'f' AND k.conparentid = 0"
      ") SELECT format('%I.%I', n.nspname, c.relname) AS name"
      "    FROM refers JOIN pg_class c ON c.oid = refers.oid"
      "    JOIN pg_namespace n ON n.oid = c.relnamespace"
      "   WHERE c.oid <> ALL ($1::oid[]) ORDER BY name",
      {oid_array(tables)});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(rows.text(i, "name"));
  return names;
}

}  // namespace scalectl::seed
