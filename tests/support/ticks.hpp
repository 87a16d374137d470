// Ticks: players whose stamina ticks can be counted afterwards.
#pragma once

#include <string>

#include "support/database.hpp"

namespace scalectl::test {

/// Makes every player one that no maximum and no death keeps from a tick, and remembers all of them
/// in the table `was`.
inline void make_countable(pg::Session& session) {
  session.query(
      "UPDATE players SET is_dead = false, hp = max_hp, stamina = 0, max_stamina = 100000;"
      "CREATE TABLE was AS TABLE players;");
}

/// How many ticks the players have had since then, and how many players: "1:1500" where each of
/// 1,500 has had one, "1:1200 2:300" where some have had two.
inline std::string ticks_had(pg::Session& session) {
  return scalar(session,
                "SELECT string_agg(ticks || ':' || players, ' ' ORDER BY ticks) FROM ("
                "  SELECT (p.stamina - was.stamina) / (1 + p.endurance / 10) AS ticks,"
                "         count(*) AS players FROM players AS p JOIN was USING (player_id)"
                "   GROUP BY 1) AS counted");
}

}  // namespace scalectl::test
