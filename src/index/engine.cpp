#include "index/engine.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "index/partitioned.hpp"
#include "pg/relation.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;

/// An index of the pack as the database has it.
struct Found {
  bool valid = false;
  std::int64_t bytes = 0;
  std::int64_t scans = 0;
  std::string definition;
};

/// An index of the pack, its table, and what was found under its name.
struct Item {
  const IndexDefinition* definition;
  pg::Relation table;
  std::optional<Found> found;

  std::string quoted() const {
    return pg::quote_identifier(table.schema) + "." + pg::quote_identifier(definition->name);
  }
  std::string state() const {
    if (!found) return "missing";
    return found->valid ? "present" : "invalid";
  }
};

/// An index of a partitioned table is as big, and as much used, as those of its partitions are.
constexpr const char* kFind =
    "SELECT i.indisvalid AND i.indisready AS valid, whole.bytes, whole.scans,"
    "       pg_get_indexdef(i.indexrelid) AS definition, i.indrelid AS table_oid,"
    "       i.indrelid::regclass::text AS table_name"
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  JOIN pg_index i ON i.indexrelid = c.oid"
    "  CROSS JOIN LATERAL (WITH RECURSIVE tree AS ("
    "      SELECT c.oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)"
    "    SELECT sum(pg_relation_size(oid))::bigint AS bytes,"
    "           coalesce(sum(pg_stat_get_numscans(oid)), 0)::bigint AS scans FROM tree) whole"
    " WHERE c.relname = $1 AND n.nspname = $2";

std::optional<Found> find(pg::Session& session, const IndexDefinition& index,
                          const pg::Relation& table) {
  const pg::Rows rows = session.query(kFind, {index.name, table.schema});
  if (rows.empty()) {
    // The index of a whole is made last: a build that was killed leaves those of some partitions.
    if (table.partitioned && has_leftovers(session, index, table)) return Found{};
    return std::nullopt;
  }
  if (rows.integer(0, "table_oid") != table.oid) {
    throw core::usage_error(
        fmt::format("index \"{}\" is there, but on table {}", index.name, rows.text(0, "table_name")),
        "rename or drop that one first");
  }
  return Found{.valid = rows.boolean(0, "valid"),
               .bytes = rows.integer(0, "bytes"),
               .scans = rows.integer(0, "scans"),
               .definition = rows.text(0, "definition")};
}

std::vector<Item> look(pg::Session& session, const Pack& pack, const pg::Naming& naming) {
  std::vector<Item> items;
  for (const IndexDefinition& index : pack.indexes) {
    pg::Relation table = pg::require_relation(session, naming.table(index.table));
    auto found = find(session, index, table);
    items.push_back({.definition = &index, .table = std::move(table), .found = std::move(found)});
  }
  return items;
}

std::string create_sql(const IndexDefinition& index, const pg::Naming& naming) {
  return index.create
      .bind([&](const std::string& table) { return naming.table(table); }, {})
      .sql;
}

/// SQL on one line, for a table.
std::string on_one_line(const std::string& sql) {
  std::string line;
  for (const char c : sql) {
    const bool space = c == ' ' || c == '\n';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
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

[[noreturn]] void refuse_invalid(const Item& item, const Pack& pack) {
  throw Error(ErrorKind::kFailed,
              fmt::format("index \"{}\" is INVALID: an earlier build did not finish",
                          item.definition->name),
              fmt::format("if no build is running: scalectl index drop {0}, then apply {0}", pack.name));
}

/// Builds one index. Whatever stops the build, no INVALID index of ours stays behind.
void build(pg::Session& session, const Item& item, const Pack& pack, const pg::Naming& naming) {
  try {
    if (session.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
    if (item.table.partitioned) {
      build_partitioned(session, *item.definition, item.table);
    } else {
      session.query(create_sql(*item.definition, naming));
    }
    session.query(fmt::format("COMMENT ON INDEX {} IS {}", item.quoted(),
                              pg::quote_literal(fmt::format("scalectl pack {} v{}: {}", pack.name,
                                                            pack.version, item.definition->why))));
  } catch (const Error& error) {
    std::string left;
    try {
      const auto found = find(session, *item.definition, item.table);
      if (found && !found->valid && !item.table.partitioned) {
        session.query("DROP INDEX CONCURRENTLY " + item.quoted());
        left = "; the unfinished index was dropped";
      }
    } catch (const Error&) {
      left = "; an INVALID index may be left behind";
    }
    throw Error(error.kind(),
                fmt::format("index \"{}\": {}{}", item.definition->name, error.message(), left),
                error.hint());
  }
}

}  // namespace

core::Result plan(pg::Session& session, const Pack& pack, const pg::Naming& naming) {
  const core::Stopwatch watch;
  core::Result result = new_result("plan", pack);
  core::Table table = new_table({{"action", "action"}, {"sql", "SQL"}});
  int to_create = 0;
  bool partitioned = false;
  for (const Item& item : look(session, pack, naming)) {
    const bool missing = !item.found;
    to_create += missing ? 1 : 0;
    table.rows.push_back(row_of(
        item, {missing ? "create" : item.found->valid ? "keep" : "repair",
               missing ? core::Value(on_one_line(create_sql(*item.definition, naming))) : core::Value()}));
    if (item.state() == "invalid") result.verdict = core::Verdict::kWarn;
    partitioned = partitioned || (missing && item.table.partitioned);
  }
  if (partitioned) {
    result.notes.emplace_back(
        "on a partitioned table it is built so on each partition, and then joined up");
  }
  result.metrics.set("to_create", to_create);
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

core::Result apply(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Observer& observer) {
  const core::Stopwatch watch;
  core::Result result = new_result("apply", pack);
  core::Table table = new_table(
      {{"action", "action"}, {"build_s", "build time", Unit::kSeconds}, {"size_bytes", "size", Unit::kBytes}});
  const std::vector<Item> items = look(session, pack, naming);
  for (const Item& item : items) {
    if (item.state() == "invalid") refuse_invalid(item, pack);
  }
  int created = 0;
  for (const Item& item : items) {
    if (item.found) {
      table.rows.push_back(row_of(item, {"kept", {}, item.found->bytes}));
      continue;
    }
    const core::Stopwatch build_watch;
    try {
      build(session, item, pack, naming);
    } catch (const Error& error) {
      const std::string done = fmt::format("{} of {} indexes done", table.rows.size(), items.size());
      if (error.kind() != ErrorKind::kInterrupted) throw error.within("index apply (" + done + ")");
      result.interrupted = true;
      result.verdict = core::Verdict::kInconclusive;
      result.notes.push_back("interrupted: " + error.message() + "; " + done);
      break;
    }
    ++created;
    const double seconds = build_watch.seconds();
    const auto built = find(session, *item.definition, item.table);
    table.rows.push_back(row_of(item, {"created", seconds, built ? built->bytes : 0}));
    observer.info(fmt::format("Created index {} in {:.2f}s", item.definition->name, seconds));
  }
  result.metrics.set("created", created).set("kept", static_cast<int>(table.rows.size()) - created);
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

core::Result status(pg::Session& session, const Pack& pack, const pg::Naming& naming) {
  const core::Stopwatch watch;
  core::Result result = new_result("status", pack);
  core::Table table = new_table({{"state", "state"},
                                 {"size_bytes", "size", Unit::kBytes},
                                 {"scans", "scans", Unit::kCount},
                                 {"definition", "definition"}});
  int present = 0;
  for (const Item& item : look(session, pack, naming)) {
    present += item.state() == "present" ? 1 : 0;
    table.rows.push_back(item.found ? row_of(item, {item.state(), item.found->bytes,
                                                    item.found->scans, item.found->definition})
                                    : row_of(item, {item.state(), {}, {}, {}}));
  }
  if (present < static_cast<int>(pack.indexes.size())) result.verdict = core::Verdict::kWarn;
  result.metrics.set("present", present).set("missing", pack.indexes.size() - static_cast<std::size_t>(present));
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

core::Result drop(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                  core::Observer& observer) {
  const core::Stopwatch watch;
  core::Result result = new_result("drop", pack);
  core::Table table = new_table({{"action", "action"}});
  int dropped = 0;
  for (const Item& item : look(session, pack, naming)) {
    if (!item.found) {
      table.rows.push_back(row_of(item, {"not there"}));
      continue;
    }
    if (item.table.partitioned) {
      drop_partitioned(session, *item.definition, item.table);
    } else {
      session.query("DROP INDEX CONCURRENTLY " + item.quoted());
    }
    ++dropped;
    table.rows.push_back(row_of(item, {"dropped"}));
    observer.info(fmt::format("Dropped index {}", item.definition->name));
  }
  result.metrics.set("dropped", dropped);
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::index
