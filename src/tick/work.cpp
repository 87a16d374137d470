#include "tick/work.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace scalectl::tick {

using core::Error;
using core::ErrorKind;

Work& Work::operator+=(const Work& other) {
  rows += other.rows;
  statements += other.statements;
  batches += other.batches;
  batch_retries += other.batch_retries;
  updated += other.updated;
  hot_updated += other.hot_updated;
  wal_bytes += other.wal_bytes;
  return *this;
}

std::optional<double> Work::hot_ratio() const {
  if (updated == 0) return std::nullopt;
  return static_cast<double>(hot_updated) / static_cast<double>(updated);
}

std::string wal_position(pg::Transaction& tx) {
  const pg::Rows rows = tx.query(
      "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END AS lsn");
  if (const pg::Param lsn = rows.at(0, "lsn")) return *lsn;
  throw Error(ErrorKind::kConnection, "this server is a read-only standby",
              "connect to the primary");
}

Updates updates_so_far(pg::Transaction& tx, const std::vector<pg::Relation>& relations) {
  std::vector<std::string> oids;
  for (const pg::Relation& relation : relations) oids.push_back(std::to_string(relation.oid));
  const pg::Rows rows = tx.query(
      "SELECT coalesce(sum(pg_stat_get_xact_tuples_updated(oid)), 0)::bigint AS updated,"
      "       coalesce(sum(pg_stat_get_xact_tuples_hot_updated(oid)), 0)::bigint AS hot"
      "  FROM unnest($1::oid[]) AS oid",
      {"{" + core::join(oids, ",") + "}"});
  return {.all = rows.integer(0, "updated"), .hot = rows.integer(0, "hot")};
}

void count_updates(pg::Transaction& tx, const std::vector<pg::Relation>& relations,
                   const Updates& before, Work& work) {
  const Updates now = updates_so_far(tx, relations);
  work.updated += now.all - before.all;
  work.hot_updated += now.hot - before.hot;
}

void count_wal(pg::Transaction& tx, const std::string& from, Work& work) {
  work.wal_bytes +=
      tx.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::bigint AS wal",
               {from})
          .integer(0, "wal");
}

std::string record(pg::Transaction& tx, const core::Result& result, const std::string& schema,
                   const Work& work, const std::optional<Stamp>& stamp, const pg::Param& began) {
  const auto hot_ratio = work.hot_ratio();
  return tx
      .query(
          "INSERT INTO scalectl.tick_runs (tick, schema_name, strategy, params, started_at,"
          "    elapsed_s, threshold_s, band, rows, statements, hot_ratio, wal_bytes, slot, token,"
          "    window_s)"
          " VALUES ($1, $2, $3, $4, coalesce($15, now()), $5, $6, $7, $8, $9, $10, $11, $12, $13,"
          "    $14) RETURNING run_id",
          {result.name, schema, *result.params.find("strategy")->if_text(),
           core::to_json(result.params), fmt::format("{}", result.elapsed_s),
           fmt::format("{}", *result.threshold_s), result.band, std::to_string(work.rows),
           std::to_string(work.statements),
           hot_ratio ? pg::Param(fmt::format("{}", *hot_ratio)) : std::nullopt,
           std::to_string(work.wal_bytes),
           stamp ? pg::Param(std::to_string(stamp->slot)) : std::nullopt,
           stamp ? pg::Param(std::to_string(stamp->token)) : std::nullopt,
           stamp ? pg::Param(stamp->window_s) : std::nullopt, began})
      .text(0, "run_id");
}

void record_commit(pg::Session& session, const std::string& run_id, const core::Result& result) {
  try {
    pg::Transaction tx = session.begin();
    tx.query("SET LOCAL synchronous_commit = off");
    tx.query("UPDATE scalectl.tick_runs SET elapsed_s = $2, band = $3 WHERE run_id = $1",
             {run_id, fmt::format("{}", result.elapsed_s), result.band});
    tx.commit();
  } catch (const Error&) {  // the record keeps the time before the commit
  }
}

}  // namespace scalectl::tick
