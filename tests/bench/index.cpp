#include <fmt/format.h>

#include "contest.hpp"
#include "contests.hpp"
#include "core/json.hpp"

namespace scalectl::bench {
namespace {

constexpr int kRounds = 9;
constexpr double kLimit = 1.05;

/// sql/indexes/game.v2.sql.
const std::vector<std::string> kStatements{
    "CREATE INDEX CONCURRENTLY idx_players_stamina_regen ON players (is_dead, stamina)"
    " WHERE is_dead = FALSE AND stamina < max_stamina",
    "CREATE INDEX CONCURRENTLY idx_combat_turn_time ON active_combats (turn_started_at)",
    "CREATE INDEX CONCURRENTLY idx_dropped_items_dropped_at ON dropped_items (dropped_at)"};

/// Building the pack game on 1,000,000 players, against the same statements in psql.
core::Table build(const Arena& arena) {
  arena.sql("lab", "CREATE DATABASE idx");
  arena.scalectl("idx", {"db", "init", "game"});
  arena.scalectl("idx", {"seed", "game", "--players", "1M", "--inventory", "0", "--effects", "0"});
  arena.sql("idx", "VACUUM ANALYZE");
  const auto without = [&arena] {
    arena.sql("idx",
              "DROP INDEX IF EXISTS idx_players_stamina_regen, idx_combat_turn_time,"
              " idx_dropped_items_dropped_at");
    arena.sql("idx", "CHECKPOINT");
  };
  core::Table table = run_contest("index_1m", "Building the pack game, 1,000,000 players",
                                  {{"psql, three CREATE INDEX CONCURRENTLY",
                                    without,
                                    [&] { arena.psql("idx", kStatements); },
                                    {}},
                                   {"scalectl index apply game", without,
                                    [&] {
                                      arena.scalectl("idx", {"index", "apply", "game"});
                                    },
                                    kLimit}},
                                  kRounds);
  arena.sql("lab", "DROP DATABASE idx");
  return table;
}

/// What index verify measured on the pack social with 100,000 users, beside seed 004's figures.
core::Table serve(const Arena& arena, bool& within) {
  arena.sql("lab", "CREATE DATABASE social");
  arena.scalectl("social", {"db", "init", "social"});
  arena.scalectl("social", {"seed", "social", "--users", "100k"});
  arena.scalectl("social", {"index", "apply", "social"});
  const core::Value result = core::parse_json(
      arena.scalectl("social", {"index", "verify", "social", "--runs", "200", "--format", "json"}),
      "index verify");
  arena.sql("lab", "DROP DATABASE social");
  core::Table table{.key = "social_100k",
                    .title = "The queries of pack social, 100,000 users, p95",
                    .columns = {{"index", "index"},
                                {"seed_before", "seed 004: before"},
                                {"without_s", "measured", core::Unit::kSeconds},
                                {"seed_after", "seed 004: after"},
                                {"p95_s", "measured", core::Unit::kSeconds}},
                    .rows = {}};
  const core::Object& all = *result.if_object();
  for (const core::Value& row : *all.find("tables")->if_object()->find("targets")->if_array()) {
    core::Array cells;
    for (const core::Column& column : table.columns)
      cells.push_back(*row.if_object()->find(column.key));
    table.rows.push_back(std::move(cells));
  }
  within = *all.find("verdict")->if_text() == "pass";
  return table;
}

}  // namespace

core::Result index(const Arena& arena) {
  core::Result result{.command = "bench", .name = "index"};
  result.tables.push_back(build(arena));
  bool within = false;
  result.tables.push_back(serve(arena, within));
  if (!within_limits(result.tables[0]) || !within) result.verdict = core::Verdict::kFail;
  return result;
}

}  // namespace scalectl::bench
