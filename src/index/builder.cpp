#include "index/builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPoll{5};
constexpr milliseconds kLastPoll{250};
constexpr double kLogEveryS = 10;
/// For taking away what a build has left, after it gave up: the way may be blocked still.
constexpr core::Seconds kCleanUpLimit{5};

/// How long the application may have to queue behind one try at a lock, and how long it is then
/// left in peace.
constexpr const char* kShortLocks =
    "SET LOCAL lock_timeout = '300ms'; SET LOCAL statement_timeout = 0";
constexpr milliseconds kPause{700};

/// "scalectl" and "index" in ASCII, as far as they fit.
constexpr std::int64_t kLockKey = 0x7363616c696e6478;

/// How a build stands, as the server tells it.
struct Progress {
  std::string phase;
  std::int64_t percent = 0;
  std::optional<std::int64_t> blocker;
};

Progress progress_of(pg::Session& session, std::int64_t pid) {
  // current_locker_pid is there only in the phases that wait for many; lockers_done may overshoot.
  const pg::Rows rows = session.query(
      "SELECT p.phase,"
      "       CASE WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total"
      "            WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total"
      "            WHEN p.lockers_total > 0 THEN 100 * p.lockers_done / p.lockers_total"
      "            ELSE 0 END AS percent,"
      "       coalesce((pg_blocking_pids(a.pid))[1], nullif(p.current_locker_pid, 0)) AS blocker"
      "  FROM (SELECT $1::int AS pid) a LEFT JOIN pg_stat_progress_create_index p USING (pid)",
      {std::to_string(pid)});
  Progress progress{.phase = rows.at(0, "phase").value_or(""),
                    .percent = std::clamp<std::int64_t>(
                        rows.at(0, "percent") ? rows.integer(0, "percent") : 0, 0, 99),
                    .blocker = std::nullopt};
  if (rows.at(0, "blocker")) progress.blocker = rows.integer(0, "blocker");
  // One that has several parallel workers may name itself in their stead.
  if (progress.blocker && *progress.blocker == pid) progress.blocker.reset();
  return progress;
}

/// Says how far it is: a bar that moves, and a line now and then for a log.
class Reporter {
 public:
  Reporter(core::Observer& observer, std::string what)
      : observer_(observer), what_(std::move(what)) {}

  /// The bar has little room: the name without its schema, the phase without what all of them begin
  /// with, the blocker in brief.
  void show(const Progress& now, const std::optional<Blocker>& blocker) {
    if (now.phase.empty() && !blocker) return;
    constexpr std::string_view kBuilding = "building index: ";
    const bool building = now.phase.rfind(kBuilding, 0) == 0;
    std::string bar = short_name();
    if (!now.phase.empty()) bar += ": " + now.phase.substr(building ? kBuilding.size() : 0);
    if (blocker) bar += ", " + blocker->brief();
    observer_.progress(bar, static_cast<std::uint64_t>(now.percent), 100, "%");
    shown_ = bar;
    if (watch_.seconds() - logged_s_ < kLogEveryS) return;
    logged_s_ = watch_.seconds();
    observer_.info(fmt::format("{}: {} {} %{}", what_, now.phase, now.percent,
                               blocker ? ", waits for " + blocker->describe() : ""));
  }
  void end() {
    if (!shown_.empty()) observer_.progress(shown_, 100, 100, "%");
  }

 private:
  std::string short_name() const {
    const auto dot = what_.rfind("\".\"");
    if (dot == std::string::npos) return what_;
    return what_.substr(dot + 3, what_.size() - dot - 4);
  }

  core::Observer& observer_;
  std::string what_;
  std::string shown_;
  core::Stopwatch watch_;
  double logged_s_ = 0;
};

/// What runs here is no part of a transaction: a connection that is lost takes nothing back.
Error outside_transactions(const Error& error) {
  if (error.kind() != ErrorKind::kConnection) return error;
  return Error(error.kind(), error.message(),
               "run the same command again: it keeps what is done, and apply drops what an "
               "unfinished build has left");
}

}  // namespace

pg::Session& Builder::connection() {
  if (!connection_) {
    cancel_ = {};
    connection_ = session_.another(cancel_.get_token());
    connection_->query(
        "SET statement_timeout = 0; SET lock_timeout = 0;"
        " SET idle_in_transaction_session_timeout = 0");
  }
  return *connection_;
}

bool Builder::put(const Mark& mark) {
  const bool there = session_.query("SELECT to_regclass($1) IS NOT NULL AS there", {mark.index})
                         .boolean(0, "there");
  if (!there) return false;
  try {
    // Statements in one message are one transaction. Who watches must not wait; and the mark must
    // outlive a crash of the server, whatever the role has set.
    session_.query(
        fmt::format("SET LOCAL lock_timeout = '300ms'; SET LOCAL synchronous_commit = on;"
                    " COMMENT ON INDEX {} IS {}",
                    mark.index, pg::quote_literal(mark.comment)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBusy) throw;
    return false;
  }
  return true;
}

void Builder::supervise(const std::string& sql, const std::string& what, Patience& patience,
                        const Mark& mark, bool to_the_end) {
  pg::Session& connection = this->connection();
  const std::int64_t pid = connection.query("SELECT pg_backend_pid() AS pid").integer(0, "pid");
  bool marked = mark.comment.empty();
  std::optional<Error> given_up;
  std::packaged_task<void()> work([&] { connection.query(sql); });
  std::future<void> done = work.get_future();
  const std::jthread thread(std::move(work));
  Reporter reporter(observer_, what);
  // Whatever happens here, the statement must have ended before the thread is waited for.
  const auto cancel = [&](Error why) {
    if (!given_up) given_up = std::move(why);
    cancel_.request_stop();
  };
  milliseconds poll = kFirstPoll;
  core::Stopwatch last;
  while (done.wait_for(poll) != std::future_status::ready) {
    poll = std::min(poll * 2, kLastPoll);
    try {
      if (!to_the_end && session_.stop().stop_requested()) {
        throw Error(ErrorKind::kInterrupted, "interrupted");
      }
      if (given_up) continue;  // cancelled, and about to end
      if (!marked) marked = put(mark);
      const Progress progress = progress_of(session_, pid);
      const double seconds = last.seconds();
      last = {};
      std::optional<Blocker> blocker;
      if (progress.blocker) {
        blocker = find_blocker(session_, *progress.blocker);
        patience.wait(seconds, what, blocker);
        if (patience.exhausted()) throw patience.give_up(what);
      }
      reporter.show(progress, blocker);
    } catch (const Error& error) {
      cancel(error);
    }
  }
  reporter.end();
  try {
    done.get();
  } catch (const Error& error) {
    connection_.reset();  // one that was told to stop, or broke, is good for nothing more
    throw outside_transactions(given_up ? *given_up : error);
  }
  if (given_up && given_up->kind() != ErrorKind::kBusy) throw *given_up;  // it was done before
  if (!marked) put(mark);
}

std::string Builder::clean_up(const std::string& index) {
  try {
    const pg::Rows rows = session_.query(
        "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid", {index});
    if (rows.empty()) return "";
  } catch (const Error&) {  // the connection is gone
    return "; an INVALID index is left behind, which the next apply repairs";
  }
  return try_drop(index) ? "; the unfinished index was dropped"
                         : "; an INVALID index is left behind, which the next apply repairs";
}

bool Builder::try_drop(const std::string& index) {
  try {
    Patience patience(kCleanUpLimit, observer_);
    drop_when_alone(index, "dropping what is left of it", patience, true);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void Builder::create(const std::string& sql, std::int64_t table, const std::string& index,
                     const std::string& comment) {
  const std::string what = "index " + index;
  await_builds(session_, patience_, table);
  try {
    supervise(sql, what, patience_, {.index = index, .comment = comment});
  } catch (const Error& error) {
    const bool named = error.message().rfind(what, 0) == 0;
    throw Error(error.kind(), (named ? "" : what + ": ") + error.message() + clean_up(index),
                error.hint());
  }
}

void Builder::drop_when_alone(const std::string& index, const std::string& what, Patience& patience,
                              bool to_the_end) {
  const pg::Rows table =
      session_.query("SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass($1)", {index});
  if (table.empty()) return;
  await_builds(session_, patience, table.integer(0, "indrelid"));
  supervise("DROP INDEX CONCURRENTLY IF EXISTS " + index, what, patience, {}, to_the_end);
}

void Builder::drop(const std::string& index) {
  drop_when_alone(index, "dropping " + index, patience_, false);
}

void Builder::run(const std::string& sql, const std::string& what) {
  supervise(sql, what, patience_, {});
}

void Builder::in_short_locks(const std::string& what, std::int64_t table, Against against,
                             const std::function<void(pg::Transaction&)>& work) {
  const std::string harmless =
      against == Against::kWriters ? "('AccessShareLock', 'RowShareLock')" : "('')";
  const auto holder = [&]() -> std::optional<Blocker> {
    const pg::Rows rows = session_.query(
        "SELECT l.pid FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
        " WHERE l.relation IN (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid))"
        "   AND l.granted AND l.pid <> pg_backend_pid() AND l.mode NOT IN " +
            harmless + " ORDER BY a.xact_start LIMIT 1",
        {std::to_string(table)});
    return rows.empty() ? std::nullopt : find_blocker(session_, rows.integer(0, "pid"));
  };
  for (;;) {
    const core::Stopwatch watch;
    const std::optional<Blocker> blocker = holder();
    try {
      pg::Transaction tx = session_.begin();
      tx.query(kShortLocks);
      work(tx);
      tx.commit();
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy) throw;
    }
    if (patience_.exhausted()) throw patience_.give_up(what);
    pause(session_.stop(), kPause);
    patience_.wait(watch.seconds(), what, blocker);
  }
}

SingleFlight::SingleFlight(pg::Session& session, Patience& patience) : session_(session) {
  const std::string key = std::to_string(kLockKey);
  await(
      session, patience, "index work in this database",
      [&]() -> std::optional<std::int64_t> {
        if (session.query("SELECT pg_try_advisory_lock($1) AS held", {key}).boolean(0, "held")) {
          return std::nullopt;
        }
        const pg::Rows rows = session.query(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            "   AND (classid::bigint << 32) + objid::bigint = $1",
            {key});
        return rows.empty() ? 0 : rows.integer(0, "pid");
      },
      "let the other scalectl end, which holds this lock while it works");
}

SingleFlight::~SingleFlight() {
  try {
    session_.query("SELECT pg_advisory_unlock($1)", {std::to_string(kLockKey)});
  } catch (const Error&) {  // the connection is gone, and the lock with it
  }
}

}  // namespace scalectl::index
