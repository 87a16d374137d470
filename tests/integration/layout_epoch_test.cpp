// The epoch layout: what keeps it right where a write comes from somewhere unaware of it, or at the
// same time as a tick.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "support/layout.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

using core::Error;
using test::error_of;
using test::metric;
using testing::ElementsAre;
using testing::HasSubstr;

struct LayoutEpoch : test::LayoutTest {
  /// One player: 10 of 50 stamina, 3 with each tick.
  LayoutEpoch() {
    init();
    session.query("INSERT INTO locations VALUES ('camp', 'Camp', 0, 0, 0)");
    session.query(
        "INSERT INTO players (player_id, telegram_id, name, location_id, stamina, endurance)"
        " VALUES (1, 1, 'Ann', 'camp', 10, 20)");
    migrate("epoch");
  }

  std::string present() {
    return scalar("SELECT stamina FROM players_current WHERE player_id = 1");
  }
  std::string stored() {
    return scalar("SELECT stamina || ' at ' || stamina_epoch FROM players WHERE player_id = 1");
  }
  void ticks(int number) {
    for (int i = 0; i < number; ++i) tick();
  }
};

TEST_F(LayoutEpoch, Tick_WritesNoPlayer) {
  ticks(2);
  EXPECT_EQ(present(), "16");
  EXPECT_EQ(stored(), "10 at 0");
  ticks(20);
  EXPECT_EQ(present(), "50");
}

TEST_F(LayoutEpoch, SettlePlayer_BringsTheRowToThePresentOnce) {
  ticks(2);
  EXPECT_EQ(scalar("SELECT settle_player(1)"), "16");
  EXPECT_EQ(stored(), "16 at 2");
  const std::string version = scalar("SELECT ctid FROM players");
  EXPECT_EQ(scalar("SELECT settle_player(1)"), "16");
  EXPECT_EQ(scalar("SELECT ctid FROM players"), version);
  EXPECT_EQ(scalar("SELECT settle_player(77)"), "");
}

TEST_F(LayoutEpoch, PlainWriteOfStamina_IsRefusedUntilSettled) {
  ticks(2);
  const Error error = error_of(
      [&] { session.query("UPDATE players SET stamina = stamina - 5 WHERE player_id = 1"); });
  EXPECT_THAT(error.message(), HasSubstr("player 1 has regenerated"));
  EXPECT_THAT(error.hint(), HasSubstr("settle_player"));
  // Nor would it do to write what is there: 10 is not what the player has.
  error_of([&] { session.query("UPDATE players SET stamina = 10 WHERE player_id = 1"); });
  EXPECT_EQ(present(), "16");
  session.query("SELECT settle_player(1)");
  session.query("UPDATE players SET stamina = stamina - 5 WHERE player_id = 1");
  EXPECT_EQ(present(), "11");
  tick();
  EXPECT_EQ(present(), "14");
}

TEST_F(LayoutEpoch, TickBetweenSettlingAndWriting_ComesOnTop) {
  ticks(2);
  pg::Session other = database.connect();
  pg::Transaction tx = session.begin();
  EXPECT_EQ(tx.query("SELECT settle_player(1) AS now").text(0, "now"), "16");
  tick(other);
  tx.query("UPDATE players SET stamina = stamina - 5 WHERE player_id = 1");
  tx.query("UPDATE players SET stamina = stamina - 1, endurance = 30 WHERE player_id = 1");
  tx.commit();
  EXPECT_EQ(present(), "13");  // 16 - 5 + 3 - 1
  // The next transaction is not excused.
  tick();
  error_of([&] { session.query("UPDATE players SET stamina = 0 WHERE player_id = 1"); });
}

TEST_F(LayoutEpoch, WhoWritesTheView_SpendsOfThePresent) {
  ticks(2);
  EXPECT_EQ(scalar("UPDATE players_current SET stamina = stamina - 12, xp = 7 WHERE player_id = 1"
                   " RETURNING stamina"),
            "4");
  EXPECT_EQ(stored(), "4 at 2");
  EXPECT_EQ(scalar("SELECT xp FROM players"), "7");
  EXPECT_THAT(
      error_of([&] {
        session.query("UPDATE players_current SET stamina = stamina - 5 WHERE player_id = 1");
      }).message(),
      HasSubstr("check constraint"));
}

TEST_F(LayoutEpoch, View_HasTheColumnsThatPlayersHadBefore) {
  const std::string columns =
      "SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute"
      " WHERE attnum > 0 AND attname <> 'stamina_epoch' AND attrelid = ";
  EXPECT_EQ(scalar(columns + "'players_current'::regclass"),
            scalar(columns + "'players'::regclass"));
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_attribute WHERE attname = 'stamina_epoch'"
                   " AND attrelid = 'players_current'::regclass"),
            "0");
}

TEST_F(LayoutEpoch, ColumnAddedLater_IsInTheViewOnceMigratedAgain) {
  session.query("ALTER TABLE players ADD COLUMN \"guild name\" text");
  ticks(2);
  const std::string options = "SELECT reloptions FROM pg_class WHERE relname = 'players_current'";
  const std::string before = scalar(options);
  EXPECT_THAT(migrate("epoch").notes, ElementsAre(HasSubstr("guild name")));
  EXPECT_EQ(scalar(options), before);
  session.query("UPDATE players_current SET \"guild name\" = 'Owls', stamina = stamina - 1");
  EXPECT_EQ(scalar("SELECT p.\"guild name\" || ' ' || c.\"guild name\" || ' ' || c.stamina"
                   " FROM players p JOIN players_current c USING (player_id)"),
            "Owls Owls 15");
  EXPECT_THAT(migrate("epoch").notes, ElementsAre(HasSubstr("already epoch")));
  migrate("seed");
  EXPECT_EQ(scalar("SELECT stamina || \"guild name\" FROM players"), "15Owls");
}

TEST_F(LayoutEpoch, TwoSpendsAtOnceThroughTheView_TakeBoth) {
  ticks(2);
  pg::Session other = database.connect();
  std::string left;
  {
    pg::Transaction first = session.begin();
    first.query("UPDATE players_current SET stamina = stamina - 6, level = 9 WHERE player_id = 1");
    const std::string pid = test::backend_of(other);
    std::jthread second([&] {
      left = test::scalar(other,
                          "UPDATE players_current SET stamina = stamina - 7, xp = 3"
                          " WHERE player_id = 1 RETURNING stamina");
    });
    pg::Session watcher = database.connect();
    EXPECT_TRUE(test::comes_true(
        [&] { return test::scalar(watcher, "SELECT " + test::is_blocked(pid)) == "t"; }));
    tick(watcher);  // while one has written and the other waits
    first.commit();
  }
  EXPECT_EQ(left, "6");  // 16 - 6 + 3 - 7
  EXPECT_EQ(present(), "6");
  EXPECT_EQ(scalar("SELECT level || ' ' || xp FROM players"), "9 3");
}

TEST_F(LayoutEpoch, SettlingBehindASettlementOfALaterEpoch_DoesNotSetItBack) {
  tick();
  pg::Session other = database.connect();
  std::string settled;
  {
    pg::Transaction first = session.begin();
    first.query("SELECT FROM players WHERE player_id = 1 FOR UPDATE");
    const std::string pid = test::backend_of(other);
    std::jthread second([&] { settled = test::scalar(other, "SELECT settle_player(1)"); });
    pg::Session watcher = database.connect();
    EXPECT_TRUE(test::comes_true(
        [&] { return test::scalar(watcher, "SELECT " + test::is_blocked(pid)) == "t"; }));
    tick(watcher);
    first.query("SELECT settle_player(1)");
    first.commit();
  }
  EXPECT_EQ(settled, "16");
  EXPECT_EQ(stored(), "16 at 2");
}

TEST_F(LayoutEpoch, ReadThatWaitsForAWriter_SeesHisRowAndHoldsUpNoTick) {
  tick();
  pg::Session other = database.connect();
  std::string seen;
  {
    pg::Transaction first = session.begin();
    pg::Session watcher = database.connect();
    first.query("SELECT FROM players WHERE player_id = 1 FOR UPDATE");
    const std::string pid = test::backend_of(other);
    std::jthread reader([&] {
      pg::Transaction tx = other.begin();
      seen = tx.query("SELECT stamina FROM players_current WHERE player_id = 1 FOR UPDATE")
                 .text(0, "stamina");
      watcher.query("SET lock_timeout = '2s'");
      tick(watcher);
      tx.commit();
    });
    pg::Session third = database.connect();
    EXPECT_TRUE(test::comes_true(
        [&] { return test::scalar(third, "SELECT " + test::is_blocked(pid)) == "t"; }));
    tick(third);
    first.query("SELECT settle_player(1)");  // at a later epoch than the reader's
    first.commit();
  }
  EXPECT_EQ(seen, "16");
  EXPECT_EQ(present(), "19");
}

TEST_F(LayoutEpoch, DeathAndRevival_LeaveOutTheTimeBetween) {
  ticks(2);
  session.query("UPDATE players SET hp = 0, is_dead = true");
  ticks(3);
  EXPECT_EQ(present(), "16");
  session.query("UPDATE players SET hp = 1, is_dead = false");
  EXPECT_EQ(stored(), "16 at 5");
  tick();
  EXPECT_EQ(present(), "19");
}

TEST_F(LayoutEpoch, NewRows_BeginNow) {
  ticks(4);
  session.query(
      "INSERT INTO players (player_id, telegram_id, name, location_id, stamina)"
      " VALUES (2, 2, 'Bo', "
      "'camp', 5)");
  EXPECT_EQ(scalar("SELECT stamina FROM players_current WHERE telegram_id = 2"), "5");
  seed({.players = 300, .existing = seed::Existing::kReplace});
  EXPECT_EQ(scalar("SELECT count(*) FROM players WHERE stamina_epoch <> 4"), "0");
}

TEST_F(LayoutEpoch, EpochsNeverGoBack) {
  ticks(2);
  session.query("SELECT settle_player(1)");
  EXPECT_THAT(error_of([&] { session.query("UPDATE players SET stamina_epoch = 0"); }).message(),
              HasSubstr("would go back from 2 to 0"));
}

TEST_F(LayoutEpoch, TriggerOfTheUsersOwnThatWritesStamina_IsRefusedOnAnUnsettledRow) {
  session.query(
      "CREATE FUNCTION bury() RETURNS trigger LANGUAGE plpgsql AS"
      " 'BEGIN NEW.stamina := 0; RETURN NEW; END';"
      " CREATE TRIGGER bury BEFORE UPDATE OF is_dead ON players FOR EACH ROW EXECUTE FUNCTION "
      "bury()");
  tick();
  EXPECT_THAT(
      error_of([&] { session.query("UPDATE players SET hp = 0, is_dead = true"); }).message(),
      HasSubstr("a trigger changes stamina of player 1"));
  pg::Transaction tx = session.begin();
  tx.query("SELECT settle_player(1)");
  tx.query("UPDATE players SET hp = 0, is_dead = true");
  tx.commit();
  EXPECT_EQ(present(), "0");
}

TEST_F(LayoutEpoch, ReadingThroughTheView_LooksAtTheEpochOnce) {
  seed({.players = 3000, .existing = seed::Existing::kReplace});
  session.query("ANALYZE players");
  const auto plan = lines(
      "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off)"
      " SELECT * FROM players_current WHERE player_id BETWEEN 500 AND 1499");
  const std::string text = testing::PrintToString(plan);
  EXPECT_THAT(text, HasSubstr("regen_epoch_pkey on regen_epoch (actual rows=1 loops=1)"));
  EXPECT_THAT(text, HasSubstr("players_pkey on players p (actual rows=1000 loops=1)"));
}

TEST_F(LayoutEpoch, RolesOfTheGame_MayDoWithTheViewWhatTheyMayWithTheTable) {
  migrate("seed");
  const std::string role = "player_" + database.name();
  session.query("CREATE ROLE " + role);
  session.query("GRANT SELECT, UPDATE ON players TO " + role);
  migrate("epoch");
  tick();
  session.query("SET ROLE " + role);
  session.query("UPDATE players_current SET stamina = stamina - 3");
  session.query("UPDATE players SET endurance = 0");
  tick();
  EXPECT_EQ(present(), "11");
  session.query("RESET ROLE");
  const std::string reader = "reader_" + database.name();
  session.query("CREATE ROLE " + reader);
  session.query("SET ROLE " + reader);
  EXPECT_THAT(error_of([&] { present(); }).message(), HasSubstr("permission denied"));
  EXPECT_THAT(error_of([&] { tick(); }).message(), HasSubstr("permission denied"));
  session.query("RESET ROLE");
  session.query("DROP OWNED BY " + role + "; DROP ROLE " + role + "; DROP ROLE " + reader);
}

TEST_F(LayoutEpoch, GoingBack_SettlesEverybodyAndLeavesNoTrace) {
  ticks(3);
  const core::Result back = migrate("seed");
  EXPECT_EQ(metric(back, "layout_before"), "\"epoch\"");
  EXPECT_EQ(metric(back, "players_settled"), "1");
  EXPECT_EQ(scalar("SELECT stamina FROM players"), "19");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
            "0");
  EXPECT_THAT(
      lines("SELECT relname FROM pg_class WHERE relname IN ('regen_epoch', 'players_current')"),
      ElementsAre());
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
  migrate("epoch");
  EXPECT_EQ(stored(), "19 at 0");
}

TEST_F(LayoutEpoch, GoingBackWhileSomebodyPlaysAndTicks_LosesNothing) {
  seed({.players = 2000, .dead_ratio = 0, .existing = seed::Existing::kReplace});
  session.query("UPDATE players SET stamina = 0, endurance = 5, max_stamina = 100000, xp = 0");
  std::atomic<bool> stop = false;
  int spends = 0;
  std::int64_t epochs = 0;
  std::jthread game([&] {
    pg::Session own = database.connect();
    for (int i = 0; !stop; ++i) {
      try {  // it ends where the view is gone
        own.query("UPDATE players_current SET xp = xp + 1 WHERE player_id = " +
                  std::to_string(i % 2000 + 1));
        ++spends;
        if (i % 300 == 10) {
          tick(own);
          ++epochs;
        }
      } catch (const Error&) {
        return;
      }
    }
  });
  test::comes_true([&] { return scalar("SELECT epoch FROM regen_epoch") >= "1"; });
  schema::LayoutOptions options = to("hot");
  options.batch = 100;
  schema::migrate(session, catalog, options, recorder);
  stop = true;
  game.join();
  EXPECT_EQ(scalar("SELECT sum(xp) FROM players"), std::to_string(spends));
  EXPECT_EQ(scalar("SELECT min(stamina) || ' ' || max(stamina) FROM players"),
            fmt::format("{0} {0}", epochs));
}

}  // namespace
}  // namespace scalectl
