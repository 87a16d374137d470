#include <fmt/format.h>

#include "contest.hpp"
#include "contests.hpp"
#include "core/text.hpp"

namespace scalectl::bench {
namespace {

constexpr int kRounds = 5;
constexpr int kCombats = 20'000;
/// Writes of the game in each run, each a transaction: as many as there are batches of idle turns.
constexpr int kWrites = 100;

/// Both must have ended all of them.
constexpr const char* kNoneLeft =
    "DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM active_combats"
    "  WHERE turn_started_at < now() - interval '5 min'), 'idle turns are left'; END $$";

/// What the game does meanwhile: turns of combats that are not idle.
std::string writes() {
  return fmt::format(
      "DO $$ BEGIN FOR i IN 1..{} LOOP"
      "  UPDATE active_combats SET turn_number = turn_number + 1, turn_started_at = now()"
      "   WHERE combat_id = {} + i; COMMIT; END LOOP; END $$",
      kWrites, kCombats / 2);
}

}  // namespace

core::Result combat(const Arena& arena) {
  core::Result result{.command = "bench", .name = "combat"};
  arena.sql("lab", "CREATE DATABASE combat_template");
  arena.scalectl("combat_template", {"db", "init", "game"});
  arena.scalectl("combat_template",
                 {"seed", "game", "--players", std::to_string(kCombats), "--combats",
                  std::to_string(kCombats), "--only", "locations,players,active_combats"});
  arena.scalectl("combat_template", {"index", "apply", "game"});
  // The first half is idle.
  arena.sql("combat_template",
            fmt::format("UPDATE active_combats SET turn_started_at = now() - interval '1 h'"
                        " * (combat_id <= {})::int",
                        kCombats / 2));
  const auto copy = [&arena] {
    arena.sql("lab", "DROP DATABASE IF EXISTS combat");
    arena.sql("lab", "CREATE DATABASE combat TEMPLATE combat_template STRATEGY file_copy");
    arena.sql("lab", "CHECKPOINT");
  };
  const auto with_trigger = [&arena, copy] {
    copy();
    arena.scalectl("combat", {"tick", "run", "combat", "--trigger", "install"});
  };
  // Each ends all of the idle turns, and the game's own writes are in the time of both.
  result.tables.push_back(run_contest(
      "combat",
      fmt::format("{} idle turns and {} of the game", core::grouped(std::int64_t{kCombats / 2}),
                  kWrites),
      {{"batches of 100, beside the game",
        copy,
        [&] {
          arena.psql("combat", {writes()});
          arena.scalectl("combat", {"tick", "run", "combat", "--strategy", "batched"});
          arena.psql("combat", {kNoneLeft});
        },
        {}},
       {"trigger, in the game's writes",
        with_trigger,
        [&] {
          arena.psql("combat", {writes()});
          arena.psql("combat", {kNoneLeft});
        },
        {}},
       {"the game's writes alone", copy, [&] { arena.psql("combat", {writes()}); }, {}}},
      kRounds));
  result.notes.emplace_back(
      "the trigger does the same work, but in the transactions of the players who write: what each "
      "of "
      "their writes takes longer is the difference to the last row, over their number");
  arena.sql("lab", "DROP DATABASE combat");
  arena.sql("lab", "DROP DATABASE combat_template");
  return result;
}

}  // namespace scalectl::bench
