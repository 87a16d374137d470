// The epoch layout against the plain one: the same random histories on both, and every player the
// same after each step.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/rng.hpp"
#include "core/text.hpp"
#include "support/layout.hpp"

namespace scalectl {
namespace {

constexpr int kPlayers = 2000;
constexpr int kSteps = 120;

/// What may happen to a player. {table} takes plain writes, {current} those that name stamina: both
/// are `players` on the plain layout. {some} chooses players by their id alone, so that each of
/// them has a history of his own; {n} is a number from 1 to 40.
constexpr const char* kEvents[] = {
    // A spend, with what there is at most.
    "UPDATE {current} SET stamina = stamina - {n} WHERE {some} AND NOT is_dead AND stamina >= {n}",
    "UPDATE {current} SET stamina = GREATEST(stamina - {n}, 0) WHERE {some}",
    // A potion, of which the living and the dead have something.
    "UPDATE {current} SET stamina = LEAST(stamina + {n}, max_stamina) WHERE {some}",
    // Deaths and revivals, also with a price.
    "UPDATE {table} SET hp = 0, is_dead = true WHERE {some}",
    "UPDATE {table} SET hp = max_hp, is_dead = false WHERE {some}",
    "UPDATE {current} SET hp = max_hp, is_dead = false, stamina = stamina / 2 WHERE {some} AND "
    "is_dead",
    // What regeneration goes by.
    "UPDATE {table} SET endurance = (endurance * 7 + {n}) % 90 WHERE {some}",
    "UPDATE {table} SET max_stamina = max_stamina + {n} WHERE {some}",
    "UPDATE {table} SET max_stamina = max_stamina + {n}, endurance = {n}, is_dead = false, hp = "
    "max_hp"
    " WHERE {some}",
    "UPDATE {current} SET max_stamina = GREATEST(max_stamina - {n}, 5),"
    "       stamina = LEAST(stamina, GREATEST(max_stamina - {n}, 5)) WHERE {some}",
    // What has nothing to do with it.
    "UPDATE {table} SET xp = xp + {n} WHERE {some}",
    "UPDATE {current} SET name = 'Called ' || {n} WHERE {some}",
    "INSERT INTO {table} (telegram_id, name, location_id, stamina, max_stamina, endurance, is_dead,"
    "                     hp, created_at, last_seen_at)"
    " SELECT 900000000 + {id} + g, 'New', (SELECT min(location_id) FROM {schema}.locations),"
    "        {n} % 50, 50, g * 7, g % 4 = 0, CASE WHEN g % 4 = 0 THEN 0 ELSE 100 END,"
    "        timestamptz '2025-10-21 00:00Z', timestamptz '2025-10-21 00:00Z'"
    "   FROM generate_series(1, 12) AS g ORDER BY g",
    "DELETE FROM {table} WHERE {some} AND hashint8extended(player_id, 7) % 11 = 0",
};

struct LayoutProperty : test::LayoutTest {
  LayoutProperty() {
    for (const std::string schema : {"plain", "lazy"}) {
      init(schema);
      seed({.players = kPlayers, .dead_ratio = 0.2, .naming = pg::Naming(schema, {})});
    }
    migrate("epoch", "lazy");
  }

  void play(const std::string& event, core::Rng& rng, int step) {
    const std::string some =
        fmt::format("hashint8extended(player_id, {}) % {} = 0", step, rng.between(2, 6));
    const std::string n = std::to_string(rng.between(1, 40));
    // A settled row takes a plain write of stamina; that way is walked too.
    const bool settle = rng.chance(0.3);
    for (const std::string schema : {"plain", "lazy"}) {
      const std::string table = schema + ".players";
      const bool lazy = schema == "lazy";
      const std::map<std::string, std::string> values{
          {"schema", schema},
          {"table", table},
          {"some", some},
          {"n", n},
          {"id", std::to_string(step * 100)},
          {"current", lazy && !settle ? schema + ".players_current" : table}};
      pg::Transaction tx = session.begin();
      if (lazy && settle) {
        tx.query("SELECT count(lazy.settle_player(player_id)) FROM lazy.players WHERE " + some);
      }
      tx.query(core::fill(event, values));
      tx.commit();
    }
  }
  void tick_both() {
    session.query(
        "UPDATE plain.players SET stamina = LEAST(stamina + 1 + endurance / 10, max_stamina)"
        " WHERE is_dead = FALSE AND stamina < max_stamina");
    tick(session, "lazy");
  }
  std::string differing(const std::string& lazy) {
    const std::string one = test::players_of("plain.players");
    const std::string other = test::players_of(lazy);
    return scalar("SELECT count(*) FROM ((" + one + " EXCEPT ALL " + other + ") UNION ALL (" +
                  other + " EXCEPT ALL " + one + ")) AS d");
  }
};

TEST_F(LayoutProperty, RandomHistories_LeaveEveryPlayerTheSame) {
  core::Rng rng(20251021, 0, 0);
  ASSERT_EQ(differing("lazy.players_current"), "0");
  int ticks = 0;
  for (int step = 1; step <= kSteps; ++step) {
    if (rng.chance(0.45)) {
      tick_both();
      ++ticks;
    } else {
      const char* event = kEvents[rng.below(std::size(kEvents))];
      play(event, rng, step);
      ASSERT_EQ(differing("lazy.players_current"), "0") << "step " << step << ": " << event;
    }
  }
  EXPECT_GT(ticks, 30);
  EXPECT_EQ(differing("lazy.players_current"), "0");
  EXPECT_NE(differing("lazy.players"), "0");  // it was lazy indeed
  migrate("seed", "lazy");
  EXPECT_EQ(differing("lazy.players"), "0");
}

}  // namespace
}  // namespace scalectl
