// Running a tick: on demand or once per window; timed, measured and recorded.
//
// Without a window, a run does the tick's work each time it is called. With one, the work belongs
// to slot floor(clock / window) and is done once, however many runs, hosts and reruns there are:
// see slot.hpp. set, rows and epoch are one transaction that holds claim, work and record, so there
// is never one without the others; batched is one transaction for each batch: see batched.hpp.
#pragma once

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"
#include "tick/options.hpp"

namespace scalectl::tick {

/// As --catch-up takes it, and Results show it: none, last, all.
std::string name_of(CatchUp catch_up);

/// Seed 000's bands: excellent under 0.5 s, good under 2 s, ok up to the threshold, else warning.
std::string band_of(double elapsed_s, double threshold_s);

/// Throws Error (usage) for options that `tick` cannot be run with, whatever the database holds.
void check(const Definition& tick, const Options& options);

/// Throws Error (usage) naming the first table of `tick` that is not there, and for a strategy that
/// the layout of the tables rules out.
void check_tables(pg::Session& session, const Definition& tick, const Options& options);

/// Runs `tick` once, or once for each window that is due. A stop request ends it and is reported in
/// the Result, not thrown. Throws Error: usage for a table, column or parameter that is not there;
/// busy for a lock that stayed held, and where another run has taken the window over.
core::Result run(pg::Session& session, const Definition& tick, const Options& options,
                 core::Observer& observer);

}  // namespace scalectl::tick
