#include "index/neighbours.hpp"

#include <fmt/format.h>

namespace scalectl::index {
namespace {

using core::Unit;

struct Neighbour {
  std::int64_t oid = 0;
  std::int64_t table_oid = 0;
  std::string name;
  std::string table;
  std::string form;
  bool constraint = false;
  std::int64_t bytes = 0;
  std::int64_t scans = 0;
};

/// `condition` is about c (the index), t (the table) and tn (its schema). Parts of a partitioned
/// index are left out: the whole speaks for them.
std::vector<Neighbour> neighbours(pg::Session& session, const std::string& condition,
                                  const pg::Params& params) {
  const pg::Rows rows = session.query(
      fmt::format(
          "SELECT c.oid, t.oid AS table_oid, c.relname, tn.nspname || '.' || t.relname AS tab,"
          "       {} AS form, pg_relation_size(c.oid) AS bytes,"
          "       coalesce(pg_stat_get_numscans(c.oid), 0) AS scans,"
          "       EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) AS keeps"
          "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
          "  JOIN pg_class t ON t.oid = i.indrelid"
          "  JOIN pg_namespace tn ON tn.oid = t.relnamespace"
          " WHERE i.indisvalid AND NOT c.relispartition AND {} ORDER BY tab, c.oid",
          kForm, condition),
      params);
  std::vector<Neighbour> list;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    list.push_back({.oid = rows.integer(i, "oid"),
                    .table_oid = rows.integer(i, "table_oid"),
                    .name = rows.text(i, "relname"),
                    .table = rows.text(i, "tab"),
                    .form = rows.text(i, "form"),
                    .constraint = rows.boolean(i, "keeps"),
                    .bytes = rows.integer(i, "bytes"),
                    .scans = rows.integer(i, "scans")});
  }
  return list;
}

std::vector<Neighbour> of_schema(pg::Session& session, const std::optional<std::string>& schema) {
  if (schema) return neighbours(session, "tn.nspname = $1", {*schema});
  return neighbours(session, "tn.nspname = ANY (current_schemas(false))", {});
}

std::string words_for(Overlap overlap, const Neighbour& other) {
  const std::string which =
      (take_apart(other.form).unique ? "UNIQUE index " : "index ") + other.name;
  return overlap == Overlap::kDuplicate ? "does what " + which + " does"
                                        : "has a key that is the beginning of that of " + which;
}

}  // namespace

std::string superfluous_beside(pg::Session& session, const Item& item) {
  if (item.form.empty()) return "";
  for (const Neighbour& other :
       neighbours(session, "t.oid = $1", {std::to_string(item.table.oid)})) {
    if (other.name == item.definition->name) continue;
    const Overlap found = overlap(item.form, other.form);
    if (found != Overlap::kNone) return words_for(found, other);
  }
  return "";
}

core::Table unused(pg::Session& session, const std::optional<std::string>& schema) {
  core::Table table{.key = "unused",
                    .title = "Never scanned since the statistics were reset",
                    .columns = {{"index", "index"},
                                {"table", "table"},
                                {"size_bytes", "size", Unit::kBytes},
                                {"definition", "definition"}},
                    .rows = {}};
  for (const Neighbour& index : of_schema(session, schema)) {
    const Shape shape = take_apart(index.form);
    if (index.scans > 0 || index.constraint || shape.unique) continue;
    table.rows.push_back({index.name, index.table, index.bytes, index.form});
  }
  return table;
}

core::Table duplicates(pg::Session& session, const std::optional<std::string>& schema) {
  core::Table table{.key = "duplicates",
                    .title = "Do what another index does",
                    .columns = {{"index", "index"},
                                {"table", "table"},
                                {"size_bytes", "size", Unit::kBytes},
                                {"because", "because it"}},
                    .rows = {}};
  const std::vector<Neighbour> all = of_schema(session, schema);
  for (const Neighbour& index : all) {
    if (index.constraint) continue;
    for (const Neighbour& other : all) {
      if (other.table_oid != index.table_oid || other.oid == index.oid) continue;
      const Overlap found = overlap(index.form, other.form);
      if (found == Overlap::kNone) continue;
      // Of two that are equal, the older one stays.
      const bool mutual = overlap(other.form, index.form) == Overlap::kDuplicate;
      if (found == Overlap::kDuplicate && mutual && !other.constraint && other.oid > index.oid)
        continue;
      table.rows.push_back({index.name, index.table, index.bytes, words_for(found, other)});
      break;
    }
  }
  return table;
}

}  // namespace scalectl::index
