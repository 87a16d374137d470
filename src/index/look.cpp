#include "index/look.hpp"

#include <fmt/format.h>

#include "catalog/checksum.hpp"
#include "core/error.hpp"
#include "index/blockers.hpp"
#include "index/partitioned.hpp"

namespace scalectl::index {
namespace {

/// An index of a partitioned table is as big, and as much used, as those of its partitions are. Who
/// builds it now is seen by the lock on the table, which everybody may see, and not by what only
/// some may see of the progress.
std::string find_sql() {
  return fmt::format(
      "SELECT c.oid, c.relkind, n.nspname, i.indisvalid AND i.indisready AS valid,"
      "       whole.bytes, whole.scans, used.last_idx_scan AS last_use,"
      "       pg_get_indexdef(i.indexrelid) AS definition,"
      "       CASE WHEN i.indexrelid IS NOT NULL THEN {} END AS form, i.indrelid AS table_oid,"
      "       i.indrelid::regclass::text AS table_name,"
      "       obj_description(c.oid, 'pg_class') AS comment,"
      "       (SELECT l.pid FROM pg_locks l JOIN pg_stat_progress_create_index b ON b.pid = l.pid"
      "         WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted"
      "           AND NOT i.indisvalid LIMIT 1) AS builder"
      "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      "  LEFT JOIN pg_index i ON i.indexrelid = c.oid"
      "  LEFT JOIN pg_class t ON t.oid = i.indrelid"
      "  LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace"
      "  CROSS JOIN LATERAL (WITH RECURSIVE tree AS ("
      "      SELECT c.oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)"
      "    SELECT sum(pg_relation_size(oid))::bigint AS bytes,"
      "           coalesce(sum(pg_stat_get_numscans(oid)), 0)::bigint AS scans FROM tree) whole"
      "  CROSS JOIN LATERAL (SELECT (SELECT to_jsonb(s) ->> 'last_idx_scan'"
      "                                FROM pg_stat_all_indexes s WHERE s.indexrelid = c.oid)"
      "                             AS last_idx_scan) used"
      " WHERE c.relname = $1 AND n.nspname = $2",
      kForm);
}

/// "game" in "scalectl pack game v2: why".
std::string pack_in(const std::string& comment) {
  const std::string_view prefix = kCommentPrefix;
  if (comment.rfind(prefix, 0) != 0) return "";
  return comment.substr(prefix.size(), comment.find(' ', prefix.size()) - prefix.size());
}

/// The part of a name that is still there with `tail` after it: PostgreSQL keeps 63 bytes.
std::string with_tail(const std::string& name, const std::string& tail) {
  if (name.size() + tail.size() <= pg::kMaxIdentifierBytes) return name + tail;
  const std::string digest = "_" + catalog::sha256(name).substr(0, 8);
  return name.substr(0, pg::kMaxIdentifierBytes - tail.size() - digest.size()) + digest + tail;
}

}  // namespace

std::string comment_of(const Pack& pack, const IndexDefinition& index) {
  return fmt::format("{}{} v{}: {}", kCommentPrefix, pack.name, pack.version, index.why);
}

std::string_view to_text(State state) {
  switch (state) {
    case State::kMissing:
      return "missing";
    case State::kPresent:
      return "present";
    case State::kInvalid:
      return "invalid";
    case State::kBuilding:
      return "building";
    case State::kMisfit:
      return "misfit";
    case State::kDrift:
      break;
  }
  return "drift";
}

State Item::state() const {
  if (!misfit.empty()) return State::kMisfit;
  if (!found) return State::kMissing;
  if (found->builder) return State::kBuilding;
  if (!found->valid) return State::kInvalid;
  return form.empty() || found->form == form ? State::kPresent : State::kDrift;
}

bool Item::repairable() const {
  return found && (found->ours || (!form.empty() && found->form == form));
}

std::string Item::quoted() const {
  return pg::quote_identifier(table.schema) + "." + pg::quote_identifier(definition->name);
}

std::string Item::quoted_table() const {
  return pg::quote_identifier(table.schema) + "." + pg::quote_identifier(table.name);
}

std::optional<Found> find(pg::Session& session, const IndexDefinition& index,
                          const pg::Relation& table) {
  static const std::string kFind = find_sql();
  const pg::Rows rows = session.query(kFind, {index.name, table.schema});
  if (rows.empty()) {
    // The index of a whole is made last: a build that was killed leaves those of some partitions.
    const Leftovers left =
        table.partitioned ? leftovers_of(session, index, table) : Leftovers::kNone;
    if (left == Leftovers::kNone) return std::nullopt;
    return Found{.ours = left == Leftovers::kOurs};
  }
  if (!rows.at(0, "table_oid")) {
    throw core::usage_error(fmt::format("index \"{}\" cannot be made: schema {} has a relation of "
                                        "that name that is no index",
                                        index.name, table.schema),
                            "rename that one first");
  }
  if (rows.integer(0, "table_oid") != table.oid) {
    throw core::usage_error(fmt::format("index \"{}\" is there, but on table {}", index.name,
                                        rows.text(0, "table_name")),
                            "rename or drop that one first");
  }
  const std::string comment = rows.at(0, "comment").value_or("");
  Found found{.oid = rows.integer(0, "oid"),
              .valid = rows.boolean(0, "valid"),
              .ours = comment.rfind(kCommentPrefix, 0) == 0,
              .pack = pack_in(comment),
              .bytes = rows.integer(0, "bytes"),
              .scans = rows.integer(0, "scans"),
              .last_use = rows.at(0, "last_use"),
              .definition = rows.text(0, "definition"),
              .form = rows.text(0, "form"),
              .builder = std::nullopt};
  if (rows.at(0, "builder")) found.builder = rows.integer(0, "builder");
  return found;
}

View look(pg::Session& session, const Pack& pack, const pg::Naming& naming, Misfits misfits) {
  View view;
  for (const IndexDefinition& index : pack.indexes) {
    pg::Relation table = pg::require_relation(session, naming.table(index.table), index.table);
    if (!table.plain && !table.partitioned) {
      throw core::usage_error(fmt::format("{} is no table", naming.table(index.table)),
                              "an index needs one; name it with --schema and --table");
    }
    Item item{.definition = &index,
              .table = std::move(table),
              .found = std::nullopt,
              .form = "",
              .misfit = ""};
    try {
      item.found = find(session, index, item.table);
    } catch (const core::Error& error) {
      if (misfits == Misfits::kThrow || error.kind() != core::ErrorKind::kUsage) throw;
      item.misfit = error.message() + "; " + error.hint();
    }
    view.items.push_back(std::move(item));
  }
  Forms forms = forms_of(session, pack, naming, misfits == Misfits::kThrow);
  for (std::size_t i = 0; i < forms.forms.size(); ++i) {
    view.items[i].form = forms.forms[i];
    if (view.items[i].misfit.empty()) view.items[i].misfit = forms.misfits[i];
  }
  view.forms_unknown_because = std::move(forms.unknown_because);
  return view;
}

std::string replacement_name(const std::string& name) { return with_tail(name, "_scalectl"); }

std::vector<Leftover> leftovers(pg::Session& session, const Item& item) {
  // REINDEX CONCURRENTLY cuts the name, so that its tail fits, and may number it.
  const pg::Rows rows = session.query(
      fmt::format(
          "SELECT n.nspname, c.relname, {} AS form, obj_description(c.oid, 'pg_class') AS comment,"
          "       c.relname = $3 AS replacement"
          "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
          "  JOIN pg_namespace n ON n.oid = c.relnamespace"
          "  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace"
          " WHERE i.indrelid = $1"
          "   AND (c.relname = $3 OR (NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'"
          "        AND starts_with($2, regexp_replace(c.relname, '_cc(new|old)[0-9]*$', ''))))"
          " ORDER BY c.relname",
          kForm),
      {std::to_string(item.table.oid), item.definition->name,
       replacement_name(item.definition->name)});
  std::vector<Leftover> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool commented = rows.at(i, "comment").value_or("").rfind(kCommentPrefix, 0) == 0;
    const bool copy = item.found && item.found->ours && rows.text(i, "form") == item.found->form;
    found.push_back({.quoted = pg::quote_identifier(rows.text(i, "nspname")) + "." +
                               pg::quote_identifier(rows.text(i, "relname")),
                     .ours = commented || (copy && !rows.boolean(i, "replacement"))});
  }
  return found;
}

std::vector<Leftover> leftovers_at_rest(pg::Session& session, const Item& item) {
  if (builder_on(session, item.table.oid)) return {};
  return leftovers(session, item);
}

core::Result new_result(const std::string& verb, const Pack& pack) {
  core::Result result{.command = "index " + verb, .name = pack.name};
  result.params.set("pack_version", pack.version);
  return result;
}

core::Table new_table(std::vector<core::Column> columns) {
  columns.insert(columns.begin(), {{"index", "index"}, {"table", "table"}});
  return {.key = "indexes", .title = "", .columns = std::move(columns), .rows = {}};
}

core::Array row_of(const Item& item, core::Array rest) {
  core::Array row{item.definition->name, item.table.schema + "." + item.table.name};
  for (core::Value& value : rest) row.push_back(std::move(value));
  return row;
}

}  // namespace scalectl::index
