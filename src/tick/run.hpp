// Running a tick: one transaction, timed, measured and recorded.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {

enum class Strategy {
  kSet,   ///< the whole tick as one statement
  kRows,  ///< seed 000's "before": one look, then one statement for each row
};

struct Options {
  Strategy strategy = Strategy::kSet;
  std::map<std::string, std::string> parameters;  ///< by name; the rest take their defaults
  std::optional<core::Seconds> warn_after;        ///< in place of the tick's own
  core::Seconds lock_timeout{10};                 ///< how long to wait for a locked row
  bool strict = false;                            ///< a missed threshold is a failure
  bool record = true;                             ///< write a row into scalectl.tick_runs
  pg::Naming naming;
};

/// Seed 000's bands: excellent under 0.5 s, good under 2 s, ok up to the threshold, else warning.
std::string band_of(double elapsed_s, double threshold_s);

/// Throws Error (usage) for options that `tick` cannot be run with, whatever the database holds.
void check(const Definition& tick, const Options& options);

/// Throws Error (usage) naming the first table of `tick` that is not there.
void check_tables(pg::Session& session, const Definition& tick, const Options& options);

/// Runs `tick` once. The transaction holds the work and its record, so there is never one without
/// the other. A stop request rolls it back and is reported in the Result, not thrown. Throws Error:
/// usage for a table, column or parameter that is not there; busy for a lock that stayed held.
core::Result run(pg::Session& session, const Definition& tick, const Options& options,
                 core::Observer& observer);

}  // namespace scalectl::tick
