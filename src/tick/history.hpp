// History: what the bookkeeping remembers of earlier runs.
#pragma once

#include <vector>

#include "core/result.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {

/// One Result with a table: for each tick and strategy its last run, p50 and p95 of the last day, and the trend:
/// the median of the newer half of that day's runs over that of the older half, of runs with about as
/// many rows as the last one (half to twice; nothing below four). Ticks that never ran are listed too.
/// The verdict is warn where a last run missed its threshold.
core::Result status(pg::Session& session, const std::vector<Definition>& ticks);

}  // namespace scalectl::tick
