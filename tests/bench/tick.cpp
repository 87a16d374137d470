#include <fmt/format.h>

#include "contest.hpp"
#include "contests.hpp"
#include "core/text.hpp"
#include "tick_layouts.hpp"

namespace scalectl::bench {
namespace {

constexpr int kRounds = 7;
constexpr double kLimit = 1.05;

/// The set form of sql/ticks/stamina with its default bonus.
constexpr const char* kUpdate =
    "UPDATE players SET stamina = LEAST(stamina + 1 + endurance / 10, max_stamina) "
    "WHERE is_dead = FALSE AND stamina < max_stamina";

core::Table at(const Arena& arena, std::int64_t players) {
  arena.sql("lab", "CREATE DATABASE tick_template");
  arena.scalectl("tick_template", {"db", "init", "game"});
  arena.scalectl("tick_template", {"seed", "game", "--players", std::to_string(players), "--only",
                                   "locations,players"});
  // Each run gets a copy of the same files.
  const auto copy = [&arena] {
    arena.sql("lab", "DROP DATABASE IF EXISTS tick");
    arena.sql("lab", "CREATE DATABASE tick TEMPLATE tick_template STRATEGY file_copy");
    arena.sql("lab", "CHECKPOINT");
  };
  core::Table table =
      run_contest(fmt::format("tick_{}", players),
                  fmt::format("The stamina tick, {} players", core::grouped(players)),
                  {{"psql UPDATE", copy, [&] { arena.psql("tick", {kUpdate}); }, {}},
                   {"scalectl tick run stamina", copy,
                    [&] {
                      arena.scalectl("tick", {"tick", "run", "stamina"});
                    },
                    kLimit}},
                  kRounds);
  arena.sql("lab", "DROP DATABASE tick");
  arena.sql("lab", "DROP DATABASE tick_template");
  return table;
}

}  // namespace

core::Result tick(const Arena& arena) {
  core::Result result{.command = "bench", .name = "tick"};
  for (const std::int64_t players : {100'000, 1'000'000}) {
    result.tables.push_back(at(arena, players));
    if (!within_limits(result.tables.back())) result.verdict = core::Verdict::kFail;
  }
  hold_layouts_against_each_other(arena, result);
  return result;
}

}  // namespace scalectl::bench
