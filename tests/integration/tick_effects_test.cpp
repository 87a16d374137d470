// What each tick does to each row, on rows written by hand; with each strategy.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/game.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using test::metric;
using testing::ElementsAre;
using testing::IsEmpty;

struct TickEffects : test::GameTest, testing::WithParamInterface<const char*> {
  TickEffects() {
    init();
    session.query(
        "INSERT INTO locations VALUES ('camp', 'Camp', 0, 0, 0);"
        "INSERT INTO items VALUES ('rope', 'Rope', 'tool', 900, 1);");
  }

  static tick::Strategy strategy() { return tick::strategy_of(GetParam()); }
  /// A player with id `id`.
  void player(int id, int hp, int max_hp, int stamina, int max_stamina, int endurance) {
    session.query(fmt::format(
        "INSERT INTO players (player_id, telegram_id, name, location_id, hp, max_hp, stamina,"
        "  max_stamina, endurance, is_dead) VALUES ({0}, {0}, 'P', 'camp', {1}, {2}, {3}, {4}, {5},"
        "  {1} = 0)",
        id, hp, max_hp, stamina, max_stamina, endurance));
  }
  void effect(int player, const char* name, int hp_per_tick, int ticks) {
    session.query(
        "INSERT INTO status_effects (player_id, effect, hp_per_tick, ticks_remaining)"
        " VALUES ($1, $2, $3, $4)",
        {std::to_string(player), name, std::to_string(hp_per_tick), std::to_string(ticks)});
  }
  core::Result run(const std::string& name, std::map<std::string, std::string> parameters = {}) {
    return tick::run(session, tick::load(catalog, name),
                     {.strategy = strategy(), .parameters = std::move(parameters)}, recorder);
  }
  std::vector<std::string> stamina() {
    return lines("SELECT player_id || ':' || stamina FROM players ORDER BY player_id");
  }
  std::vector<std::string> health() {
    return lines(
        "SELECT concat(player_id, ':', hp, CASE WHEN is_dead THEN ' dead' END)"
        " FROM players ORDER BY player_id");
  }
  std::vector<std::string> effects() {
    return lines(
        "SELECT concat_ws(' ', player_id, effect, ticks_remaining)"
        " FROM status_effects ORDER BY player_id, effect");
  }
};

INSTANTIATE_TEST_SUITE_P(As, TickEffects, testing::Values("set", "rows", "batched"),
                         [](const auto& strategy) { return std::string(strategy.param); });

TEST_P(TickEffects, Stamina_GivesOnePointAndATenthOfEnduranceUpToTheMaximum) {
  player(1, 50, 100, 10, 50, 0);   // 10 + 1
  player(2, 50, 100, 10, 50, 9);   // 10 + 1 + 0
  player(3, 50, 100, 10, 50, 10);  // 10 + 1 + 1
  player(4, 50, 100, 10, 50, 39);  // 10 + 1 + 3
  player(5, 50, 100, 49, 50, 30);  // would be 53
  player(6, 50, 100, 50, 50, 30);  // full already
  player(7, 0, 100, 10, 50, 30);   // dead
  EXPECT_EQ(metric(run("stamina"), "rows"), "5");
  EXPECT_THAT(stamina(), ElementsAre("1:11", "2:11", "3:12", "4:14", "5:50", "6:50", "7:10"));
}

TEST_P(TickEffects, StaminaWithABonus_GivesItInPlaceOfThePoint) {
  player(1, 50, 100, 10, 50, 25);
  player(2, 50, 100, 45, 50, 0);
  run("stamina", {{"bonus", "4"}});
  EXPECT_THAT(stamina(), ElementsAre("1:16", "2:49"));
}

TEST_P(TickEffects, Stamina_TouchesNothingElse) {
  player(1, 50, 100, 10, 50, 25);
  const std::string others =
      "SELECT md5((to_jsonb(p) - 'stamina')::text) FROM players AS p WHERE player_id = 1";
  const std::string before = scalar(others);
  run("stamina");
  EXPECT_THAT(stamina(), ElementsAre("1:13"));
  EXPECT_EQ(scalar(others), before);
}

TEST_P(TickEffects, Combat_EndsTheTurnsThatAreIdleForLongerThanAllowed) {
  for (int id = 1; id <= 4; ++id) player(id, 50, 100, 10, 50, 0);
  const auto fight = [&](int id, const char* turn, int number, const char* age) {
    session.query(
        "INSERT INTO active_combats (combat_id, player_id, npc, npc_hp, turn, turn_number,"
        "  turn_started_at, started_at)"
        " VALUES ($1, $1, 'wolf', 9, $2, $3, now() - $4::interval, now() - interval '1 d')",
        {std::to_string(id), turn, std::to_string(number), age});
  };
  fight(1, "player", 3, "5 min 20 s");
  fight(2, "npc", 7, "2 h");
  fight(3, "player", 1, "4 min 20 s");
  fight(4, "npc", 2, "1 s");
  EXPECT_EQ(metric(run("combat"), "rows"), "2");
  // A turn that ended begins again at the moment of the run; the others keep their time.
  const std::string shown =
      "SELECT concat_ws(' ', combat_id, turn, turn_number, turn_started_at >="
      "  (SELECT max(started_at) FROM scalectl.tick_runs)) FROM active_combats ORDER BY combat_id";
  EXPECT_THAT(lines(shown), ElementsAre("1 npc 4 t", "2 player 8 t", "3 player 1 f", "4 npc 2 f"));
  EXPECT_EQ(metric(run("combat", {{"idle", "1m30s"}}), "rows"), "1");
  EXPECT_THAT(lines(shown), ElementsAre("1 npc 4 f", "2 player 8 f", "3 npc 2 t", "4 npc 2 f"));
  EXPECT_EQ(scalar("SELECT count(*) FROM active_combats WHERE npc_hp <> 9 OR started_at > now() -"
                   "  interval '23 h'"),
            "0");
}

TEST_P(TickEffects, Decay_RemovesWhatLiesLongerThanAllowed) {
  const auto drop = [&](int id, const char* age) {
    session.query(
        "INSERT INTO dropped_items (dropped_item_id, item_id, location_id, dropped_at)"
        " VALUES ($1, 'rope', 'camp', now() - $2::interval)",
        {std::to_string(id), age});
  };
  drop(1, "0 s");
  drop(2, "20 min");
  drop(3, "59 min");
  drop(4, "61 min");
  drop(5, "30 d");
  const std::string left = "SELECT dropped_item_id FROM dropped_items ORDER BY 1";
  EXPECT_EQ(metric(run("decay"), "rows"), "2");
  EXPECT_THAT(lines(left), ElementsAre("1", "2", "3"));
  EXPECT_EQ(metric(run("decay", {{"older-than", "10m"}}), "rows"), "2");
  EXPECT_THAT(lines(left), ElementsAre("1"));
}

TEST_P(TickEffects, StatusEffects_AddUpAndStayBetweenZeroAndTheMaximum) {
  player(1, 50, 100, 10, 50, 0);
  player(2, 98, 100, 10, 50, 0);
  player(3, 50, 100, 10, 50, 0);
  player(4, 50, 100, 10, 50, 0);
  effect(1, "bleeding", -2, 5);
  effect(1, "burning", -4, 5);
  effect(1, "regenerating", 3, 5);
  effect(2, "regenerating", 3, 5);  // only up to 100
  effect(3, "regenerating", 3, 5);
  EXPECT_EQ(metric(run("status-effects"), "rows"), "3");
  EXPECT_THAT(health(), ElementsAre("1:47", "2:100", "3:53", "4:50"));
}

TEST_P(TickEffects, StatusEffects_CountDownAndEndAfterTheirLastTick) {
  player(1, 50, 100, 10, 50, 0);
  effect(1, "burning", -4, 2);
  effect(1, "poisoned", -1, 1);
  run("status-effects");
  EXPECT_THAT(health(), ElementsAre("1:45"));
  EXPECT_THAT(effects(), ElementsAre("1 burning 1"));
  run("status-effects");
  EXPECT_THAT(health(), ElementsAre("1:41"));
  EXPECT_THAT(effects(), IsEmpty());
  EXPECT_EQ(metric(run("status-effects"), "rows"), "0");
  EXPECT_THAT(health(), ElementsAre("1:41"));
}

TEST_P(TickEffects, StatusEffects_KillAtZero) {
  player(1, 4, 100, 10, 50, 0);
  player(2, 3, 100, 10, 50, 0);
  player(3, 5, 100, 10, 50, 0);
  for (const int id : {1, 2, 3}) effect(id, "burning", -4, 9);
  EXPECT_EQ(metric(run("status-effects"), "rows"), "3");
  EXPECT_THAT(health(), ElementsAre("1:0 dead", "2:0 dead", "3:1"));
}

TEST_P(TickEffects, StatusEffects_LeaveTheDeadDeadWhileTimePassesForThem) {
  player(1, 0, 100, 10, 50, 0);
  player(2, 0, 100, 10, 50, 0);
  effect(1, "regenerating", 3, 2);
  effect(2, "regenerating", 3, 1);
  EXPECT_EQ(metric(run("status-effects"), "rows"), "0");
  EXPECT_THAT(health(), ElementsAre("1:0 dead", "2:0 dead"));
  EXPECT_THAT(effects(), ElementsAre("1 regenerating 1"));
}

}  // namespace
}  // namespace scalectl
