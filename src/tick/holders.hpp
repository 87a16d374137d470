// Holders: who has locks on a tick's tables, for a run that waited for one in vain.
#pragma once

#include <string>
#include <vector>

#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::tick {

/// The sessions that have locks on `relations` which may stand in a writer's way, oldest
/// transaction first, three at most: "pid 17 (user game, idle in transaction) since
/// 2026-01-02T03:04:05Z". That a session has locked a row shows as its lock on the table only, so
/// that each may be the one, and need not be. "" where there is none by now, or none that may be
/// seen.
std::string holders_of(pg::Session& session, const std::vector<pg::Relation>& relations);

}  // namespace scalectl::tick
