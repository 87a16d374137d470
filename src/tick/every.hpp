// A tick again and again, at the boundaries of its windows: the loop of a small daemon.
//
// Time is the database's clock, so that every host means the same window; that a window is worked
// once is not the loop's business but the slot row's. What the loop needs of the world comes in as
// functions: it has no clock, no connection and no thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"

namespace scalectl::tick {

/// What becomes of windows that went by unworked.
enum class Missed {
  kDropped,  ///< the next boundary is waited for
  kLast,     ///< the window under way is worked at once, in place of them all
  kAll,      ///< each is worked, by the run that follows
};

struct EveryOptions {
  std::string name;                          ///< of the tick, for the Result
  core::Seconds every{300};                  ///< length of a window
  std::optional<core::Seconds> duration;     ///< none: until a stop
  core::Seconds jitter{0};                   ///< each run begins up to this much after its boundary
  std::uint64_t seed = 42;                   ///< of the jitter
  std::optional<std::int64_t> max_failures;  ///< gives up after so many failures in a row
  Missed missed = Missed::kLast;
};

/// What the loop needs of the world.
struct EveryPort {
  /// Seconds since 1970 by the database's clock. Throws Error, after which connect() is called.
  std::function<double()> database_now;
  /// Makes a connection in place of one that broke. Throws Error.
  std::function<void()> connect;
  /// One run of the tick in the window under way; says itself in one line what it did. Throws
  /// Error. The Result's metrics are those of `tick run --window`.
  std::function<core::Result()> run_once;
  /// Waits; false where a stop is requested, before it or meanwhile.
  std::function<bool(core::Seconds)> wait;
  /// Monotonic seconds since the start.
  std::function<core::Seconds()> elapsed;
  /// Told after each run how the whole stands, in the shape of the final Result, and in a line.
  std::function<void(const core::Result&, const std::string&)> after_run;
};

/// What came of it.
struct Ended {
  core::Result result;  ///< command "tick every"
  std::string failure;  ///< why the whole has failed: verdict fail, and exit 5; else empty
};

/// How far behind its window's boundary the run in window `window` begins: uniform in [0, jitter),
/// the same for a seed. Seconds.
double jitter_of(const EveryOptions& options, std::int64_t window);

/// Throws Error (usage) for options that make no sense.
void check(const EveryOptions& options);

/// Runs until a stop, or the duration is over; a stop never cuts a run short. A run that fails is
/// logged and counted, and tried again within its window with growing pauses, as is a lost
/// connection; usage errors wait for the next window. The Result is a warning where runs failed,
/// were slow or overran, or windows were missed, and a failure where --max-failures ended it, the
/// last run failed, or none worked and no window was found done.
Ended run_every(const EveryOptions& options, const EveryPort& port, core::Observer& observer);

}  // namespace scalectl::tick
