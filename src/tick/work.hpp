// Work: what a run did and what it cost, by the server's own counters; and its record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::tick {

struct Work {
  std::int64_t rows = 0;
  std::int64_t statements = 0;
  std::int64_t batches = 0;
  std::int64_t batch_retries = 0;  ///< batches that a deadlock ended, and that were worked again
  std::int64_t updated = 0;        ///< rows that were updated, in all tables of the tick
  std::int64_t hot_updated = 0;    ///< of them heap-only
  std::int64_t wal_bytes = 0;      ///< of the whole server: other sessions' share is in it

  Work& operator+=(const Work& other);
  /// Nothing where no row was updated.
  std::optional<double> hot_ratio() const;
};

/// The present position in the write-ahead log. Throws Error (connection) on a standby, which has
/// none; the work itself would not say so where it finds nothing to do.
std::string wal_position(pg::Transaction& tx);

/// What this session has updated and not yet told the statistics. That may hold earlier
/// transactions of it too, so that a transaction's own updates are a difference.
struct Updates {
  std::int64_t all = 0;
  std::int64_t hot = 0;  ///< of them heap-only
};
Updates updates_so_far(pg::Transaction& tx, const std::vector<pg::Relation>& relations);

/// Adds to `work` what the session has updated since `before`.
void count_updates(pg::Transaction& tx, const std::vector<pg::Relation>& relations,
                   const Updates& before, Work& work);

/// Adds to `work` the WAL written since `from`.
void count_wal(pg::Transaction& tx, const std::string& from, Work& work);

/// The window that a run stands for.
struct Stamp {
  std::int64_t slot;
  std::int64_t token;
  std::string window_s;
};

/// Writes a run into scalectl.tick_runs, inside a transaction of its own; the row's id. `result`
/// holds name, params, threshold, band and time; `began` is when it began, by the server, where
/// that is not the beginning of `tx`.
std::string record(pg::Transaction& tx, const core::Result& result, const std::string& schema,
                   const Work& work, const std::optional<Stamp>& stamp, const pg::Param& began);

/// The commit took time of its own: puts the whole into record `run_id`. The work is done and safe
/// by then, so whatever goes wrong here is not worth failing for.
void record_commit(pg::Session& session, const std::string& run_id, const core::Result& result);

}  // namespace scalectl::tick
