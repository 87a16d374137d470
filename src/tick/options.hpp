// Options: how a tick is to be run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/parse.hpp"
#include "pg/identifier.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {

/// What becomes of windows in which the tick did not run.
enum class CatchUp {
  kNone,  ///< they are dropped
  kLast,  ///< the present window is worked once, for all of them
  kAll,   ///< each is worked, oldest first
};

/// What a run does that finds another one at work on the tick.
enum class OnHeld {
  kSkip,  ///< nothing
  kFail,  ///< throws Error (busy) that names the other
  kWait,  ///< waits, up to the lock timeout
};

struct Options {
  Strategy strategy = Strategy::kSet;
  bool by_layout = false;    ///< epoch in place of `strategy` where the tables have that layout
  bool one_of_many = false;  ///< other ticks are run with the same options: what hints say
  std::map<std::string, std::string> parameters;  ///< by name; the rest take their defaults
  std::optional<core::Seconds> warn_after;        ///< in place of the tick's own
  core::Seconds lock_timeout{10};                 ///< how long to wait for a locked row
  bool strict = false;                            ///< a missed threshold is a failure
  bool record = true;                             ///< write a row into scalectl.tick_runs
  pg::Naming naming;
  std::optional<core::Seconds> window;  ///< once in each; needs the bookkeeping, hence `record`
  CatchUp catch_up = CatchUp::kLast;
  OnHeld on_held = OnHeld::kSkip;
  std::optional<std::int64_t> batch;    ///< rows in a batch, in place of the tick's own
  std::optional<std::int64_t> workers;  ///< connections that work on batches; 1
  std::function<double()> clock;        ///< seconds since 1970 UTC; the database's where empty
};

}  // namespace scalectl::tick
