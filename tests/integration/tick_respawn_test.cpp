// What tick respawn does to each place; with both strategies.
#include <gmock/gmock.h>

#include "support/game.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using test::metric;
using testing::ElementsAre;
using testing::IsEmpty;

struct TickRespawn : test::GameTest, testing::WithParamInterface<tick::Strategy> {
  TickRespawn() {
    init();
    session.query(
        "INSERT INTO locations VALUES ('camp', 'Camp', 0, 0, 0), ('road', 'Road', 1, 0, 0),"
        "  ('ruins', 'Ruins', 5, 0, 0)");
  }
  std::string spawned(std::map<std::string, std::string> parameters = {}) {
    return metric(
        tick::run(session, tick::load(catalog, "respawn"),
                  {.strategy = GetParam(), .parameters = std::move(parameters)}, recorder),
        "rows");
  }
  std::vector<std::string> places() {
    return lines(
        "SELECT location_id || ' ' || count(*) FROM wandering_enemies GROUP BY location_id ORDER "
        "BY 1");
  }
};

INSTANTIATE_TEST_SUITE_P(As, TickRespawn,
                         testing::Values(tick::Strategy::kSet, tick::Strategy::kRows),
                         [](const auto& strategy) {
                           return strategy.param == tick::Strategy::kSet ? "set" : "rows";
                         });

TEST_P(TickRespawn, FillsEachPlaceUpToItsDangerAndNoFurther) {
  EXPECT_EQ(spawned(), "4");
  EXPECT_THAT(places(), ElementsAre("road 1", "ruins 3"));
  EXPECT_EQ(spawned(), "0");
  EXPECT_EQ(spawned({{"per-location", "1"}}), "0");
  EXPECT_THAT(places(), ElementsAre("road 1", "ruins 3"));
  EXPECT_EQ(spawned({{"per-location", "9"}}), "2");
  EXPECT_THAT(places(), ElementsAre("road 1", "ruins 5"));
  session.query("DELETE FROM wandering_enemies WHERE location_id = 'ruins'");
  EXPECT_EQ(spawned({{"per-location", "2"}}), "2");
}

TEST_P(TickRespawn, WhoseTimeIsUp_IsRemovedAndReplaced) {
  spawned();
  session.query(
      "UPDATE wandering_enemies SET spawned_at = now() - interval '1 h', despawns_at = now()"
      " WHERE location_id = 'ruins';"
      "INSERT INTO wandering_enemies (location_id, npc, level, spawned_at, despawns_at)"
      " VALUES ('camp', 'stray', 1, now() - interval '1 h', now())");
  EXPECT_EQ(spawned(), "3");
  EXPECT_THAT(places(), ElementsAre("road 1", "ruins 3"));
  EXPECT_EQ(scalar("SELECT count(*) FROM wandering_enemies WHERE despawns_at <= now()"), "0");
}

TEST_P(TickRespawn, WhoComes_IsAHashOfPlaceNumberAndTime) {
  spawned({{"per-location", "5"}, {"lifetime", "20m"}});
  EXPECT_THAT(
      lines("WITH spawn AS ("
            "  SELECT *, hashtextextended(location_id || ' ' || row_number() OVER"
            "              (PARTITION BY location_id ORDER BY enemy_id),"
            "           extract(epoch FROM spawned_at)::bigint) AS hash"
            "    FROM wandering_enemies JOIN locations USING (location_id))"
            " SELECT location_id FROM spawn"
            "  WHERE level <> danger_level * 10 - 9 + (hash >> 3 & 1023) % 10"
            "     OR npc <> (ARRAY['raider', 'feral dog', 'scavenger', 'mutant rat', 'drone',"
            "                      'bandit', 'wolf', 'sentinel'])[1 + (hash & 7)]"
            "     OR despawns_at - spawned_at NOT BETWEEN interval '10m' AND interval '20m'"),
      IsEmpty());
  EXPECT_EQ(scalar("SELECT count(DISTINCT despawns_at) > 3 FROM wandering_enemies"), "t");
  EXPECT_EQ(scalar("SELECT count(DISTINCT spawned_at) FROM wandering_enemies"), "1");
}

TEST_P(TickRespawn, SeededEnemies_AreTakenForWhatTheyAre) {
  session.query("TRUNCATE locations CASCADE");
  seed({.players = 10,
        .enemies = 500,
        .as_of = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now())});
  EXPECT_EQ(scalar("SELECT count(*) FROM wandering_enemies JOIN locations USING (location_id)"
                   " WHERE level BETWEEN danger_level * 10 - 9 AND danger_level * 10"),
            "500");
  const std::string expired = "SELECT count(*) FROM wandering_enemies WHERE despawns_at <= now()";
  EXPECT_GT(std::stoi(scalar(expired)), 100);
  spawned();
  EXPECT_EQ(scalar(expired), "0");
  EXPECT_EQ(
      scalar("SELECT count(*) FROM locations LEFT JOIN (SELECT location_id, count(*) AS n FROM"
             " wandering_enemies GROUP BY 1) AS here USING (location_id)"
             " WHERE coalesce(n, 0) < LEAST(danger_level, 3)"),
      "0");
}

}  // namespace
}  // namespace scalectl
