// Slots: why a tick is done once per window, whoever runs it and however often.
//
// A window of length w is slot floor(clock / w), by the database's clock in seconds since 1970,
// which knows neither time zones nor daylight saving. Each tick of each table has one row in
// scalectl.tick_slots. A run claims its slot with
//   UPDATE … SET slot = new, token = token + 1 WHERE (slot + 1) * window_s <= new * w
// (for an unchanged window: WHERE slot < new) in the transaction that does the work, so that claim
// and work are committed together or not at all, and a clock that steps back claims nothing. The
// token is a fencing token (Kleppmann, "How to do distributed locking"): it only ever grows, and
// what a run writes outside the claim's transaction it writes under its token.
//
// An advisory lock of the transaction says at once whether another run is at work. It ends with the
// transaction or the connection, and passes through PgBouncer. Nothing rests on it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/parse.hpp"
#include "pg/session.hpp"
#include "tick/options.hpp"

namespace scalectl::tick {

/// Whose slot it is.
struct SlotKey {
  std::string tick;
  std::string target;  ///< quoted and qualified name of the table that the tick names first
};

enum class SlotState {
  kWorked,       ///< claimed by this run
  kResumed,      ///< claimed by an earlier run, which died or stopped: this one goes on
  kAlreadyDone,  ///< an earlier run has done it
  kHeld,         ///< another run is at it
};

/// As Results call it: worked, resumed, already_done, held.
std::string name_of(SlotState state);

/// A length of windows; whole milliseconds.
class Window {
 public:
  /// Throws Error (usage) for less than a millisecond, a fraction of one, or more than a year.
  explicit Window(core::Seconds length);

  std::int64_t microseconds() const { return microseconds_; }
  /// As numeric: "300", "0.25".
  std::string seconds() const;
  /// The slot of a moment, in microseconds since 1970.
  std::int64_t slot_at(std::int64_t now) const;
  /// The first slot that begins at `moment` or later.
  std::int64_t first_from(std::int64_t moment) const;
  std::int64_t begin_of(std::int64_t slot) const { return slot * microseconds_; }
  std::int64_t end_of(std::int64_t slot) const { return (slot + 1) * microseconds_; }

 private:
  std::int64_t microseconds_;
};

/// "2026-01-02T03:05:00.000Z" for microseconds since 1970.
std::string moment_text(std::int64_t microseconds);

/// What a claim brought.
struct Claim {
  SlotState state = SlotState::kAlreadyDone;
  std::int64_t slot = 0;
  std::int64_t token = 0;
  Window window;              ///< of `slot`
  std::int64_t now = 0;       ///< the clock, in microseconds since 1970
  std::int64_t missed = 0;    ///< windows between the slot before and the present one
  bool more = false;          ///< another claim at the same `now` would bring a window too
  bool clock_behind = false;  ///< the clock shows a time before the slot that is done
  bool dropped = false;       ///< the slot before was begun and not finished; its rest is dropped
  std::string started;        ///< when the slot was claimed first, as the server writes it
};

/// What one claim is to do.
struct Wish {
  Window window;
  CatchUp catch_up;
  Strategy strategy;
  std::string params;               ///< the tick's parameters, as JSON
  std::optional<std::int64_t> now;  ///< in place of the clock: a later claim of the same run
};

/// Windows that --catch-up all works at most.
inline constexpr std::int64_t kMaxCaughtUp = 10'000;

/// The claim that would bring nothing since the window is done; nothing where there is something to
/// do. Takes no lock, so that it can be asked while another run holds the row.
std::optional<Claim> find_done(pg::Transaction& tx, const SlotKey& key, const Wish& wish,
                               const Options& options);

/// Takes the lock that tells others that this run is at work, until `tx` ends. False where another
/// run has it and `on_held` is skip; `holder` then says who. Throws Error (busy), naming the other,
/// for fail, and for wait after the lock timeout.
bool hold(pg::Transaction& tx, const SlotKey& key, const Options& options, std::string& holder);

/// Claims what is due. Throws Error (usage) where more windows were missed than may be caught up,
/// and where a window that was begun in batches cannot be finished as `wish` wants.
Claim claim(pg::Transaction& tx, const SlotKey& key, const Wish& wish, const Options& options);

/// The Error of a run whose token is no longer the newest.
core::Error fenced_off(const SlotKey& key, std::int64_t token);

}  // namespace scalectl::tick
