#include "tick/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "pg/identifier.hpp"
#include "tick/set_columns.hpp"

namespace scalectl::tick {
namespace {

constexpr int kRoomyFillfactor = 60;

/// Of the table $1, the live indexes that name one of the columns $2, a row for each pair. The
/// index of a constraint does not depend on its columns in pg_depend, so that the key is asked too.
constexpr const char* kNaming =
    "SELECT c.relname AS index, a.attname AS column"
    "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam"
    "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = ANY ($2::text[])"
    " WHERE i.indrelid = $1::oid AND i.indislive"
    "   AND NOT (m.amname = 'brin' AND current_setting('server_version_num')::int >= 160000)"
    "   AND (a.attnum = ANY (i.indkey) OR EXISTS ("
    "         SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    "            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid"
    "            AND d.refobjsubid = a.attnum))"
    " ORDER BY c.relname, a.attnum";

std::string array_of(const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  for (const std::string& column : columns) {
    std::string text = "\"";
    for (const char c : column) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    quoted.push_back(text + "\"");
  }
  return "{" + core::join(quoted, ",") + "}";
}

/// The columns that `sql` sets, by the relation's oid.
std::map<std::int64_t, std::vector<std::string>> columns_by_table(pg::Transaction& tx,
                                                                  const std::string& sql) {
  std::map<std::int64_t, std::vector<std::string>> columns;
  for (const SetColumn& set : set_columns(sql)) {
    const pg::Rows rows = tx.query("SELECT coalesce(to_regclass($1)::oid, 0) AS oid", {set.table});
    columns[rows.integer(0, "oid")].push_back(set.column);
  }
  return columns;
}

std::vector<HarmfulIndex> harmful_indexes(pg::Transaction& tx, const pg::Relation& relation,
                                          const std::vector<std::string>& columns) {
  const pg::Rows rows = tx.query(kNaming, {std::to_string(relation.oid), array_of(columns)});
  std::vector<HarmfulIndex> indexes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.text(i, "index");
    if (indexes.empty() || indexes.back().name != name) {
      indexes.push_back({.name = name, .table = relation.name, .columns = {}});
    }
    indexes.back().columns.push_back(rows.text(i, "column"));
  }
  return indexes;
}

bool has_column(const pg::Relation& relation, const std::string& name) {
  return std::any_of(relation.columns.begin(), relation.columns.end(),
                     [&](const pg::RelationColumn& column) { return column.name == name; });
}

/// players of the epoch layout, or regen_epoch whatever it is called.
bool counts_epochs(const pg::Relation& relation) {
  return has_column(relation, "stamina_epoch") ||
         (has_column(relation, "epoch") && has_column(relation, "advanced_at"));
}

}  // namespace

Layout look_at_layout(pg::Transaction& tx, const std::vector<pg::Relation>& relations,
                      const std::string& sql) {
  Layout layout;
  if (relations.empty()) {
    const std::vector<SetColumn> plain = set_columns(sql);
    if (!plain.empty()) layout.table = plain.front().table;
    return layout;
  }
  const auto columns = columns_by_table(tx, sql);
  const pg::Relation* main = nullptr;
  for (const pg::Relation& relation : relations) {
    const auto set = columns.find(relation.oid);
    if (set == columns.end()) continue;
    if (main == nullptr) main = &relation;
    for (HarmfulIndex& index : harmful_indexes(tx, relation, set->second)) {
      layout.indexes.push_back(std::move(index));
    }
  }
  if (main == nullptr) main = &relations.front();
  const pg::Rows rows = tx.query(
      "SELECT coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions)"
      "                  WHERE option_name = 'fillfactor'), 100) AS fillfactor,"
      "       pg_stat_get_dead_tuples(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)"
      "         + pg_stat_get_xact_tuples_deleted(c.oid) AS dead"
      "  FROM pg_class c WHERE c.oid = $1::oid",
      {std::to_string(main->oid)});
  layout.table = main->name;
  layout.quoted = pg::quote_identifier(main->schema) + "." + pg::quote_identifier(main->name);
  layout.fillfactor = static_cast<int>(rows.integer(0, "fillfactor"));
  layout.dead_rows = rows.integer(0, "dead");
  const bool named = std::any_of(layout.indexes.begin(), layout.indexes.end(),
                                 [&](const HarmfulIndex& i) { return i.table == main->name; });
  if (std::any_of(relations.begin(), relations.end(), counts_epochs)) {
    layout.name = "epoch";
  } else if (layout.fillfactor <= kRoomyFillfactor && !named) {
    layout.name = "hot";
  } else {
    layout.name = layout.fillfactor == 100 ? "seed" : "other";
  }
  return layout;
}

}  // namespace scalectl::tick
