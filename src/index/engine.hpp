// The index engine: what a pack asks for, held against what the database has.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "index/pack.hpp"
#include "index/writes.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// How long work that changes something waits for other sessions, all its waits together. Time in
/// which an index is being built does not count.
inline constexpr core::Seconds kDefaultWait{600};

/// What apply would do, in order, with what it would cost; changes nothing. The verdict is fail
/// where there is something to do.
core::Result plan(pg::Session& session, const Pack& pack, const pg::Naming& naming);

struct ApplyOptions {
  core::Seconds wait = kDefaultWait;
  bool replace = false;  ///< also what has a wrong definition, or is INVALID and not ours
};

/// Builds what is missing, one index at a time, concurrently and outside any transaction; on a
/// partitioned table partition by partition, joined up under a short lock. What is there stays;
/// what an earlier run of ours has left INVALID is built anew; what another session is building is
/// waited for. A wrong definition under the right name is reported (verdict fail) and changed only
/// with `replace`. A build that fails, is interrupted or waits for too long takes its unfinished
/// index away again. Throws Error: busy (exhausted patience; it names the blocker), failed (an
/// INVALID index that is not ours; a build that fails), usage (a pooler, a missing privilege),
/// connection (a standby).
core::Result apply(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Observer& observer, const ApplyOptions& options = {});

struct StatusOptions {
  bool all = false;  ///< also unused and duplicate indexes of the whole schema
};

/// Which of the pack's indexes are there, valid, as defined, how big and how much used.
/// One that cannot be made (a name taken, a column missing) is a row of its own; the verdict is
/// fail.
core::Result status(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                    const StatusOptions& options = {});

struct DropOptions {
  core::Seconds wait = kDefaultWait;
  bool foreign = false;  ///< also indexes that do not carry our comment, or that of another pack
  std::vector<Pack> others;  ///< packs that may be applied too and share some of the indexes
};

/// Drops the pack's indexes that carry our comment, concurrently; those that are not there are
/// passed over, and those that one of `others` needs, which is applied, are that one's from then on
/// (their comment says so). That of a partitioned table is dropped under a short lock: Error (busy)
/// where it does not get it.
core::Result drop(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                  core::Observer& observer, const DropOptions& options = {});

/// How verify finds out what a query would take without the index.
enum class Without {
  kAuto,  ///< by switches where they tell the truth (a plan without this index has no other one, as
          ///< hypopg 1.4 says by hiding it, or the catalogue does), else on copies
  kSwitches,  ///< the planner's enable_indexscan and the like: all indexes of the query are off
  kCopies,    ///< temporary copies of (a sample of) the tables, with all their indexes but this one
};

struct VerifyOptions {
  std::int64_t runs = 50;                ///< of each query with the index; fewer where it is slow
  core::Seconds limit{10};               ///< for one run without the index
  std::int64_t sample_rows = 1'000'000;  ///< of a table that is copied, at most
  Without without = Without::kAuto;
};

/// Runs each index's query with and without the index and reports plan, rows guessed and real,
/// pages and times. Everything happens in transactions that are rolled back, and nothing takes a
/// lock that an application would notice: a query that writes or locks rows runs on temporary
/// copies only. The verdict is fail where an index is not there, not used by its query, not faster
/// than without, or over the target that the pack states.
core::Result verify(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                    const VerifyOptions& options, core::Observer& observer);

/// What a pack is priced against.
struct PriceOptions {
  std::vector<Write> writes;           ///< the statements that its tables see most
  std::optional<Pack> better;          ///< the pack that calls itself the better design
  std::int64_t sample_rows = 100'000;  ///< of each table, at most
  std::int64_t rounds = 5;             ///< that each design is measured in, interleaved
};

/// What the pack's indexes cost when rows are written: time, share of heap-only updates, WAL and
/// index size of each write, without the pack, with it, and with the better design. It is measured
/// on copies of (a sample of) the tables, inside transactions that are rolled back. Indexes of the
/// pack that name a column which a write changes are found and named (verdict warn): no such update
/// can be heap-only. Times are held against each other only where the rounds show a difference; a
/// write that changes nothing makes the verdict inconclusive. Throws Error: usage (no writes, a
/// missing privilege), connection (a standby).
core::Result price(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   const PriceOptions& options, core::Observer& observer);

/// Throws Error (usage) for options that cannot be met, whatever the database holds.
void check(const VerifyOptions& options);
void check(const PriceOptions& options);

/// Throws Error where the session is one on which no index can be built: a standby (connection), a
/// connection pooler in between (usage).
void require_direct(pg::Session& session);

}  // namespace scalectl::index
