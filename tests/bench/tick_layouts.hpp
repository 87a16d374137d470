// The stamina tick on the three layouts of the players.
#pragma once

#include "arena.hpp"
#include "core/result.hpp"

namespace scalectl::bench {

/// Adds to `result`: set on the hot layout against the seed's; batches by two workers against set;
/// epoch at 1,000,000 players against 1,000; reading players_current against the table. The verdict
/// is fail where a limit is missed, but warn where two workers are: then a note says what limits
/// them.
void hold_layouts_against_each_other(const Arena& arena, core::Result& result);

}  // namespace scalectl::bench
