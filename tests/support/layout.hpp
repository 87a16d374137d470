// LayoutTest: a game of one test's own whose players change their layout.
#pragma once

#include "schema/layout.hpp"
#include "support/game.hpp"

namespace scalectl::test {

class LayoutTest : public GameTest {
 protected:
  schema::LayoutOptions to(const std::string& layout,
                           const std::optional<std::string>& schema = std::nullopt) {
    return {.place = {.family = "game", .schema = schema, .version = "test"}, .layout = layout};
  }
  core::Result migrate(const std::string& layout,
                       const std::optional<std::string>& schema = std::nullopt) {
    return schema::migrate(session, catalog, to(layout, schema), recorder);
  }
  /// One tick of the epoch layout.
  void tick(pg::Session& on, const std::string& schema = "public") {
    on.query("UPDATE " + schema + ".regen_epoch SET epoch = epoch + 1 WHERE tick = 'stamina'");
  }
  void tick() { tick(session); }
};

/// The columns that both layouts have, with the stamina of `from` (players, or players_current).
inline std::string players_of(const std::string& from) {
  return "SELECT player_id, telegram_id, name, location_id, level, xp, hp, max_hp, stamina,"
         "       max_stamina, endurance, is_dead, created_at, last_seen_at FROM " +
         from;
}

}  // namespace scalectl::test
