// Seeding the game's tables: all or nothing, in one transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "seed/bulk.hpp"

namespace scalectl::seed {

struct GameOptions {
  std::int64_t players = 100'000;
  std::uint64_t seed = 42;
  int workers = 1;  ///< threads that make rows
  double dead_ratio = 0.05;
  std::optional<std::int64_t> inventory;  ///< default: two for each player
  std::optional<std::int64_t> combats;    ///< default: one for each 50 players
  std::optional<std::int64_t> dropped;    ///< default: one for each 5 players
  std::optional<std::int64_t> effects;    ///< default: one for each 10 players
  std::optional<std::int64_t> enemies;    ///< default: none; tick respawn makes them
  std::vector<std::string> only;          ///< tables; empty: all of them
  Existing existing = Existing::kRefuse;
  std::chrono::sys_time<std::chrono::microseconds> as_of;  ///< the "now" that rows are dated by
  pg::Naming naming;
};

/// Throws Error (usage) for options that cannot be met, whatever the database holds.
void check(const GameOptions& options);

/// Fills the tables by COPY. The same options give byte-identical tables whatever `workers`. A stop
/// request rolls back and is reported in the Result; an Error leaves the tables as they were, too.
/// Where the tables are empty (or replaced) and ours, their foreign keys are checked once, after the
/// load, and the rows are stored frozen.
core::Result seed_game(pg::Session& session, const GameOptions& options, core::Observer& observer);

}  // namespace scalectl::seed
