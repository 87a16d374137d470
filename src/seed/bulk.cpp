#include "seed/bulk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"

namespace scalectl::seed {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;
using core::usage_error;

constexpr const char* kRolledBack = "everything was rolled back; the tables are as they were";

/// Two loads at once would find the same tables empty, and choose the same ids. The key is "seed" in ASCII.
constexpr const char* kOneAtATime = "SELECT pg_advisory_xact_lock(1936024932)";

std::vector<std::int64_t> oids_of(const std::vector<BulkTable>& tables) {
  std::vector<std::int64_t> oids;
  for (const BulkTable& table : tables) oids.push_back(table.relation.oid);
  return oids;
}

}  // namespace

BulkTable find_table(pg::Session& session, const pg::Naming& naming, std::string_view name,
                     std::string_view key, const std::vector<ColumnSpec>& columns,
                     const std::string& hint) {
  BulkTable table{.name = std::string(name),
                  .key = std::string(key),
                  .columns = columns,
                  .quoted = naming.table(name)};
  table.relation = pg::require_relation(session, table.quoted, table.name);
  std::vector<std::string> names;
  for (const pg::RelationColumn& column : table.relation.columns) names.push_back(column.name);
  for (const ColumnSpec& wanted : columns) {
    const auto found = std::find_if(
        table.relation.columns.begin(), table.relation.columns.end(),
        [&](const pg::RelationColumn& column) { return column.name == wanted.name; });
    if (found == table.relation.columns.end()) {
      throw usage_error(fmt::format("table {} has no column \"{}\"", table.quoted, wanted.name),
                        core::did_you_mean(wanted.name, names, hint));
    }
    if (found->type != wanted.type) {
      throw usage_error(fmt::format("column {}.\"{}\" is {}, expected {}", table.quoted,
                                    wanted.name, found->type, wanted.type),
                        hint);
    }
  }
  return table;
}

bool has_rows(pg::Transaction& tx, const std::string& quoted) {
  return tx.query("SELECT EXISTS (SELECT FROM " + quoted + ") AS some").boolean(0, "some");
}

BulkLoad::BulkLoad(pg::Transaction& tx, std::vector<BulkTable> tables, const BulkContext& context)
    : tx_(tx),
      tables_(std::move(tables)),
      context_(context),
      summary_{.key = "tables",
               .title = "",
               .columns = {{"table", "table"},
                           {"rows", "rows", Unit::kCount},
                           {"copy_s", "COPY took", Unit::kSeconds},
                           {"rows_per_second", "rows/s", Unit::kCount}},
               .rows = {}} {
  if (context_.existing == Existing::kRefuse) refuse_rows();
  frozen_ = context_.existing == Existing::kReplace ||
            (context_.existing == Existing::kRefuse && owns_all());
  if (!frozen_) return;
  empty_tables();
  if (owns_all()) suspended_ = suspend(tx_, oids_of(tables_));
}

bool BulkLoad::owns_all() const {
  return std::all_of(tables_.begin(), tables_.end(),
                     [](const BulkTable& table) { return table.relation.owned; });
}

void BulkLoad::refuse_rows() const {
  for (const BulkTable& table : tables_) {
    if (!has_rows(tx_, table.quoted)) continue;
    throw usage_error(fmt::format("table {} is not empty", table.quoted),
                      "add --append to keep its rows, or --replace to remove them first");
  }
}

/// TRUNCATE, which also lets COPY store frozen rows. PostgreSQL wants the tables that refer to these
/// in the same statement; empty ones do no harm, others are not ours to empty.
void BulkLoad::empty_tables() {
  std::vector<std::string> list;
  for (const BulkTable& table : tables_) list.push_back(table.quoted);
  for (const std::string& table : referring_tables(tx_, oids_of(tables_))) {
    if (has_rows(tx_, table)) {
      throw usage_error(fmt::format("table {} holds rows that refer to these tables", table),
                        "replace all of them: leave out --only");
    }
    list.push_back(table);
  }
  tx_.query("TRUNCATE " + core::join(list, ", "));
  // Somebody may have written between our look and our lock.
  if (context_.existing == Existing::kRefuse) refuse_rows();
}

void BulkLoad::copy(const BulkTable& table, Units units, std::string_view unit,
                    const MakeRows& make) {
  std::vector<std::string> columns;
  for (const ColumnSpec& column : table.columns) columns.push_back(pg::quote_identifier(column.name));
  const core::Stopwatch watch;
  const std::int64_t copied = copy_rows(
      tx_,
      fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary{})", table.quoted,
                  core::join(columns, ", "), frozen_ && table.relation.plain ? ", FREEZE" : ""),
      units, context_.workers, make,
      [&](std::uint64_t sent) { context_.observer.progress(table.name, sent, units.count, unit); },
      context_.stop);
  const double seconds = watch.seconds();
  const double rate = seconds > 0 ? static_cast<double>(copied) / seconds : 0;
  rows_ += copied;
  summary_.rows.push_back({table.name, copied, seconds, std::round(rate)});
  context_.observer.info(fmt::format("Seeded {} rows of {} in {:.2f}s ({} rows/s)", copied,
                                     table.name, seconds,
                                     core::grouped(static_cast<std::int64_t>(rate))));
}

void BulkLoad::finish() {
  restore(tx_, suspended_);
  for (const BulkTable& table : tables_) {
    if (!table.key.empty()) {
      tx_.query(fmt::format("SELECT setval(s, last) FROM pg_get_serial_sequence($1, $2) AS s,"
                            "       (SELECT max({}) AS last FROM {}) AS keys"
                            " WHERE s IS NOT NULL AND last IS NOT NULL",
                            pg::quote_identifier(table.key), table.quoted),
                {table.quoted, table.key});
    }
    tx_.query("ANALYZE " + table.quoted);
  }
}

core::Result all_or_nothing(pg::Session& session, core::Result result,
                            const std::function<void(pg::Transaction&, core::Result&)>& work) {
  const core::Stopwatch watch;
  try {
    pg::Transaction tx = session.begin();
    tx.query("SET LOCAL lock_timeout = '10s'");
    tx.query(kOneAtATime);
    work(tx, result);
    tx.commit();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) throw;
    if (error.kind() != ErrorKind::kInterrupted) {
      throw Error(error.kind(),
                  fmt::format("{} {}: {}; {}", result.command, result.name, error.message(),
                              kRolledBack),
                  error.hint());
    }
    result.interrupted = true;
    result.verdict = core::Verdict::kInconclusive;
    result.metrics = {{"rows", 0}};
    result.tables.clear();
    result.notes = {fmt::format("interrupted: {}", kRolledBack)};
    watch.stamp(result);
    return result;
  }
  watch.stamp(result);
  if (const core::Value* rows = result.metrics.find("rows")) {
    result.metrics.set("rows_per_second", std::round(rows->number() / result.elapsed_s));
  }
  return result;
}

}  // namespace scalectl::seed
