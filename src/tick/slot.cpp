#include "tick/slot.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "core/error.hpp"
#include "core/result.hpp"
#include "core/stopwatch.hpp"
#include "pg/identifier.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kLongest = 366 * 86'400 * kSecond;
constexpr std::chrono::milliseconds kPoll(20);

/// The lock's key in SQL. As a literal, not bound: a statement with parameters keeps its portal,
/// and with that its snapshot, until the next one, and this one may be the last for a long time.
std::string lock_key(const SlotKey& key) {
  return fmt::format("hashtextextended({}, 0)",
                     pg::quote_literal(fmt::format("scalectl tick {} {}", key.tick, key.target)));
}

std::int64_t floor_div(std::int64_t number, std::int64_t by) {
  const std::int64_t quotient = number / by;
  return number % by < 0 ? quotient - 1 : quotient;
}

/// Who has the lock, as far as the server tells.
std::string holder_of(pg::Transaction& tx, const SlotKey& key) {
  const pg::Rows rows = tx.query(fmt::format(
      "SELECT l.pid, a.usename, a.client_addr,"
      "       to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS "
      "since"
      "  FROM (SELECT {} AS key) AS k"
      "  JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
      "   AND l.classid::bigint = (k.key >> 32) & 4294967295"
      "   AND l.objid::bigint = k.key & 4294967295"
      "   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
      "  LEFT JOIN pg_stat_activity a ON a.pid = l.pid",
      lock_key(key)));
  if (rows.empty()) return "a run that has just ended";
  std::string text = fmt::format("pid {}", rows.text(0, "pid"));
  if (const auto user = rows.at(0, "usename")) text += fmt::format(" (user {})", *user);
  if (const auto address = rows.at(0, "client_addr")) text += fmt::format(" from {}", *address);
  if (const auto since = rows.at(0, "since")) text += fmt::format(" since {}", *since);
  return text;
}

bool try_hold(pg::Transaction& tx, const SlotKey& key) {
  return tx.query(fmt::format("SELECT pg_try_advisory_xact_lock({}) AS got", lock_key(key)))
      .boolean(0, "got");
}

std::int64_t clock_of(pg::Transaction& tx, const Options& options) {
  if (options.clock) return std::llround(options.clock() * static_cast<double>(kSecond));
  return tx.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now")
      .integer(0, "now");
}

/// The row of a tick, locked until the transaction ends.
struct Row {
  std::optional<std::int64_t> slot;  // nothing: never claimed
  std::optional<Window> window;
  std::int64_t token = 0;
  bool unfinished = false;
  bool same_params = false;
  std::string params;
  std::string started;
};

std::optional<Row> read_row(pg::Transaction& tx, const SlotKey& key, const std::string& params,
                            const std::string& lock) {
  const pg::Rows rows = tx.query(
      "SELECT slot, window_s::float8 AS window_s, token, state = 'working' AS unfinished,"
      "       coalesce(params = $3::jsonb, false) AS same_params, params,"
      "       to_json(claimed_at) #>> '{}' AS claimed_at"
      "  FROM scalectl.tick_slots WHERE tick = $1 AND target = $2" +
          lock,
      {key.tick, key.target, params});
  if (rows.empty()) return std::nullopt;
  Row row{.slot = std::nullopt,
          .window = std::nullopt,
          .token = rows.integer(0, "token"),
          .unfinished = rows.boolean(0, "unfinished"),
          .same_params = rows.boolean(0, "same_params"),
          .params = rows.at(0, "params").value_or(""),
          .started = rows.at(0, "claimed_at").value_or("")};
  if (rows.at(0, "slot")) {
    row.slot = rows.integer(0, "slot");
    row.window = Window(core::Seconds(rows.real(0, "window_s")));
  }
  return row;
}

Row lock_row(pg::Transaction& tx, const SlotKey& key, const std::string& params) {
  tx.query("INSERT INTO scalectl.tick_slots (tick, target) VALUES ($1, $2) ON CONFLICT DO NOTHING",
           {key.tick, key.target});
  return read_row(tx, key, params, " FOR UPDATE").value();
}

/// What a run says that finds window `row.slot` done.
Claim already_done(const Row& row, Claim claim) {
  claim.slot = *row.slot;
  claim.window = *row.window;
  claim.token = row.token;
  claim.clock_behind = claim.now < row.window->begin_of(*row.slot);
  return claim;
}

/// The same slot under a new token, for a run that goes on where another one ended.
Claim take_over(pg::Transaction& tx, const SlotKey& key, const Row& row, Claim claim) {
  const pg::Rows rows = tx.query(
      "UPDATE scalectl.tick_slots SET token = token + 1 WHERE tick = $1 AND target = $2"
      " RETURNING token",
      {key.tick, key.target});
  claim.state = SlotState::kResumed;
  claim.slot = *row.slot;
  claim.window = *row.window;
  claim.token = rows.integer(0, "token");
  claim.started = row.started;
  return claim;
}

/// Refuses what cannot be done about a window that an earlier run has begun in batches.
void check_unfinished(const SlotKey& key, const Row& row, const Wish& wish) {
  const std::string begun =
      fmt::format("the window of {} of tick {} was begun in batches and is not finished",
                  moment_text(row.window->begin_of(*row.slot)), key.tick);
  const std::string drop = "a later window drops the rest of it with --catch-up none";
  if (wish.strategy != Strategy::kBatched) {
    throw usage_error(begun, "finish it with --strategy batched; " + drop);
  }
  if (!row.same_params) {
    throw usage_error(fmt::format("{}; it has the parameters {}", begun, row.params),
                      "give the same parameters, so that every row is treated alike; " + drop);
  }
}

Claim take_new(pg::Transaction& tx, const SlotKey& key, const Wish& wish, Claim claim,
               std::int64_t slot, std::int64_t present) {
  const pg::Rows rows = tx.query(
      "UPDATE scalectl.tick_slots"
      "   SET slot = $3, window_s = $4, token = token + 1, state = $5, strategy = $6, params = $7,"
      "       claimed_at = now()"
      " WHERE tick = $1 AND target = $2"
      "   AND (slot IS NULL OR (slot + 1) * window_s <= $3::bigint * $4::numeric)"
      " RETURNING token, to_json(claimed_at) #>> '{}' AS claimed_at",
      {key.tick, key.target, std::to_string(slot), wish.window.seconds(),
       wish.strategy == Strategy::kBatched ? "working" : "done", tick::name_of(wish.strategy),
       wish.params});
  if (rows.empty()) return claim;
  claim.state = SlotState::kWorked;
  claim.slot = slot;
  claim.window = wish.window;
  claim.token = rows.integer(0, "token");
  claim.started = rows.text(0, "claimed_at");
  claim.more = slot < present;
  return claim;
}

}  // namespace

std::string name_of(SlotState state) {
  switch (state) {
    case SlotState::kWorked:
      return "worked";
    case SlotState::kResumed:
      return "resumed";
    case SlotState::kAlreadyDone:
      return "already_done";
    case SlotState::kHeld:
      return "held";
  }
  return "";
}

Window::Window(core::Seconds length)
    : microseconds_(std::llround(std::min(length.count(), 1e9) * static_cast<double>(kSecond))) {
  if (microseconds_ <= 0 || microseconds_ % 1000 != 0 || microseconds_ > kLongest) {
    throw usage_error(
        fmt::format("--window {} is no length of windows", core::format_duration(length)),
        "expected whole milliseconds up to 366 days, for example --window 5m");
  }
}

std::string Window::seconds() const {
  return microseconds_ % kSecond == 0
             ? std::to_string(microseconds_ / kSecond)
             : fmt::format("{}.{:03}", microseconds_ / kSecond, microseconds_ % kSecond / 1000);
}

std::int64_t Window::slot_at(std::int64_t now) const { return floor_div(now, microseconds_); }

std::int64_t Window::first_from(std::int64_t moment) const {
  return floor_div(moment + microseconds_ - 1, microseconds_);
}

std::string moment_text(std::int64_t microseconds) {
  return core::format_time(
      std::chrono::system_clock::time_point(std::chrono::microseconds(microseconds)));
}

bool hold(pg::Transaction& tx, const SlotKey& key, const Options& options, std::string& holder) {
  const core::Stopwatch watch;
  while (!try_hold(tx, key)) {
    holder = holder_of(tx, key);
    if (options.on_held == OnHeld::kSkip) return false;
    if (options.on_held == OnHeld::kFail) {
      throw Error(ErrorKind::kBusy, fmt::format("another run is at work: {}", holder),
                  "try again later, or let it be with --on-held skip");
    }
    if (watch.seconds() >= options.lock_timeout.count()) {
      throw Error(ErrorKind::kBusy,
                  fmt::format("another run is still at work after {}: {}",
                              core::format_duration(options.lock_timeout), holder),
                  "try again later, or wait longer with --lock-timeout");
    }
    // Between two looks the transaction has no snapshot, so that it holds back no vacuum.
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

Claim claim(pg::Transaction& tx, const SlotKey& key, const Wish& wish, const Options& options) {
  const Row row = lock_row(tx, key, wish.params);
  Claim claim{.window = wish.window};
  claim.now = wish.now ? *wish.now : clock_of(tx, options);
  const std::int64_t present = wish.window.slot_at(claim.now);
  if (!row.slot) return take_new(tx, key, wish, claim, present, present);

  const std::int64_t due = wish.window.first_from(row.window->end_of(*row.slot));
  if (row.unfinished) {
    if (wish.catch_up != CatchUp::kNone || present < due) {
      check_unfinished(key, row, wish);
      claim.more = present >= due;
      return take_over(tx, key, row, claim);
    }
    claim.dropped = true;
    tx.query("DELETE FROM scalectl.tick_shares WHERE tick = $1 AND target = $2",
             {key.tick, key.target});
  }
  if (present < due) return already_done(row, claim);
  claim.missed = present - due;
  if (wish.catch_up == CatchUp::kAll && claim.missed > kMaxCaughtUp) {
    throw usage_error(
        fmt::format("{} windows were missed since {}; --catch-up all works at most {}",
                    claim.missed, moment_text(row.window->end_of(*row.slot)), kMaxCaughtUp),
        "let one run stand for all of them: --catch-up last");
  }
  return take_new(tx, key, wish, claim, wish.catch_up == CatchUp::kAll ? due : present, present);
}

std::optional<Claim> find_done(pg::Transaction& tx, const SlotKey& key, const Wish& wish,
                               const Options& options) {
  const auto row = read_row(tx, key, wish.params, "");
  if (!row || !row->slot || row->unfinished) return std::nullopt;
  Claim claim{.window = wish.window};
  claim.now = wish.now ? *wish.now : clock_of(tx, options);
  const std::int64_t due = wish.window.first_from(row->window->end_of(*row->slot));
  if (wish.window.slot_at(claim.now) >= due) return std::nullopt;
  return already_done(*row, claim);
}

core::Error fenced_off(const SlotKey& key, std::int64_t token) {
  return Error(ErrorKind::kBusy,
               fmt::format("another run has taken over tick {} of {} (token {} is no longer the "
                           "newest); the batch under way was rolled back",
                           key.tick, key.target, token),
               "the other run finishes the window");
}

}  // namespace scalectl::tick
