#include "index/write_price.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "index/copies.hpp"
#include "index/explain.hpp"
#include "index/grants.hpp"

namespace scalectl::index {
namespace {

constexpr int kRows = 1000;
constexpr int kRounds = 7;
// Room for a second version of every row.
constexpr int kFillfactor = 45;

/// What one try measured.
struct Try {
  std::optional<WriteCost> inserts;
  std::optional<WriteCost> updates;
};

/// Nothing where no row was written.
std::optional<WriteCost> cost_of(const core::Value& plan) {
  const double rows = rows_written(plan);
  if (rows <= 0) return std::nullopt;
  return WriteCost{.time_s = number_in(*plan.if_object(), "Execution Time") / 1e3 * kRows / rows,
                   .wal_bytes = number_in(root_of(plan), "WAL Bytes") * kRows / rows};
}

/// The columns of the index: its keys without their directions.
std::vector<std::string> columns_of(const Candidate& candidate) {
  std::vector<std::string> columns;
  for (std::string key : candidate.keys) {
    constexpr std::string_view kDown = " DESC";
    if (key.ends_with(kDown)) key.resize(key.size() - kDown.size());
    columns.push_back(std::move(key));
  }
  return columns;
}

/// Gives each row the columns of another one, so that values stay what the table has.
std::string rotation_of(const std::string& table, const std::vector<std::string>& columns) {
  std::vector<std::string> next;
  std::vector<std::string> assignments;
  std::vector<std::string> changes;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    next.push_back(fmt::format("lead({}) OVER w AS v{}", columns[i], i));
    assignments.push_back(fmt::format("{} = n.v{}", columns[i], i));
    changes.push_back(fmt::format("c.{} IS DISTINCT FROM n.v{}", columns[i], i));
  }
  return fmt::format(
      "UPDATE {0} AS c SET {1} FROM (SELECT ctid AS place, lead(ctid) OVER w AS follower, {2}"
      " FROM {0} WINDOW w AS (ORDER BY md5(ctid::text))) AS n"
      " WHERE c.ctid = n.place AND n.follower IS NOT NULL AND ({3})",
      table, core::join(assignments, ", "), core::join(next, ", "), core::join(changes, " OR "));
}

Try try_out(pg::Session& session, const Candidate& candidate, bool with) {
  const std::string& table = candidate.on.table;
  const pg::Naming naming(candidate.on.schema, {});
  pg::Transaction tx = session.begin();  // rolled back
  CopyOptions options;
  options.temporary = false;  // its WAL is to be measured
  options.empty = true;
  options.fillfactors[table] = kFillfactor;
  Copies copies(tx, {table}, naming, options);
  if (with) {
    copies.add_index({.table = table,
                      .name = "",
                      .form = fmt::format("btree ({})", core::join(candidate.keys, ", "))});
  }
  const std::string copy = copies.quoted(table);
  const std::string columns = copies.columns(table);
  const auto measured = [&](const std::string& sql) {
    return explain(tx, "ANALYZE, WAL, TIMING OFF", sql);
  };
  Try out;
  out.inserts = cost_of(measured(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} LIMIT {}", copy,
                                             columns, columns, naming.table(table), kRows)));
  try {
    out.updates = cost_of(measured(rotation_of(copy, columns_of(candidate))));
  } catch (const core::Error& error) {
    // A generated column, or one that must be unique.
    if (error.kind() == core::ErrorKind::kInterrupted) throw;
  }
  return out;
}

void keep_cheaper(std::optional<WriteCost>& cost, const std::optional<WriteCost>& next) {
  if (!cost || !next) return;
  cost->time_s = std::min(cost->time_s, next->time_s);
  cost->wal_bytes = std::min(cost->wal_bytes, next->wal_bytes);
}

std::optional<CostWithAndWithout> both(const std::optional<WriteCost>& without,
                                       const std::optional<WriteCost>& with) {
  if (!without || !with) return std::nullopt;
  return CostWithAndWithout{*without, *with};
}

}  // namespace

WritePrice price_writes(pg::Session& session, const Candidate& candidate) {
  require_primary(session);
  require_create(session, candidate.on.schema);
  require_select(session, pg::Naming(candidate.on.schema, {}).table(candidate.on.table));
  Try without = try_out(session, candidate, false);
  Try with = try_out(session, candidate, true);
  // In turns: what else the machine does shows in the cheapest of them least.
  for (int round = 1; round < kRounds; ++round) {
    const Try next_without = try_out(session, candidate, false);
    const Try next_with = try_out(session, candidate, true);
    keep_cheaper(without.inserts, next_without.inserts);
    keep_cheaper(without.updates, next_without.updates);
    keep_cheaper(with.inserts, next_with.inserts);
    keep_cheaper(with.updates, next_with.updates);
  }
  return {.inserts = both(without.inserts, with.inserts),
          .updates = both(without.updates, with.updates)};
}

}  // namespace scalectl::index
