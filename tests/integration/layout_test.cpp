// From one layout to another: what moves, what stays, and what happens when somebody is in the way.
#include "support/layout.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "index/engine.hpp"
#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "support/stopper.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::error_of;
using test::metric;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr int kPlayers = 10'000;

struct LayoutChange : test::LayoutTest {
  LayoutChange() { init(); }

  void fill() {
    seed({.players = kPlayers, .inventory = 200, .combats = 100, .dropped = 10, .effects = 10});
  }
  std::string players() { return test::digest(session, "(" + test::players_of("players") + ")"); }
  std::string everything() {
    return players() + test::digest(session, "inventory") + test::digest(session, "active_combats");
  }
  double bytes() { return std::stod(scalar("SELECT pg_relation_size('players')")); }
  std::vector<std::string> indexes(const std::string& table = "players") {
    return lines("SELECT indexrelid::regclass FROM pg_index WHERE indisvalid AND indrelid = '" +
                 table + "'::regclass ORDER BY 1");
  }
  std::string fillfactor() {
    return scalar(
        "SELECT coalesce(array_to_string(reloptions, ','), 'none') FROM pg_class"
        " WHERE oid = 'players'::regclass");
  }
  /// In a session of its own: the server adds what this one has written shortly before.
  double hot_ratio_of_a_tick() {
    pg::Session own = database.connect();
    return tick::run(own, tick::load(catalog, "stamina"), {.record = false}, recorder)
        .metrics.find("hot_ratio")
        ->number();
  }
};

TEST_F(LayoutChange, ToHotAndBack_KeepsEveryRowAndTheSizesPromised) {
  fill();
  index::apply(session, index::load(catalog, "game"), {}, recorder);
  session.query("CREATE INDEX theirs ON players (xp)");
  const std::string before = everything();
  const double packed = bytes();

  const core::Result hot = migrate("hot");
  EXPECT_EQ(metric(hot, "layout_before"), "\"seed\"");
  EXPECT_EQ(metric(hot, "layout_after"), "\"hot\"");
  EXPECT_EQ(metric(hot, "indexes_dropped"), "1");
  EXPECT_EQ(fillfactor(), "fillfactor=50");
  EXPECT_THAT(indexes(), UnorderedElementsAre("players_location_id_idx", "players_pkey",
                                              "players_telegram_id_key", "theirs"));
  EXPECT_EQ(everything(), before);
  EXPECT_NEAR(bytes() / packed, 2, 0.1);
  EXPECT_NEAR(hot.metrics.find("rows_moved")->number() / kPlayers, 0.5, 0.02);
  EXPECT_EQ(hot.metrics.find("size_after_bytes")->number(), bytes());
  EXPECT_FALSE(recorder.steps.empty());

  const core::Result again = migrate("hot");
  EXPECT_EQ(metric(again, "rows_moved"), "0");
  EXPECT_THAT(again.notes, ElementsAre("already hot: nothing to do"));
  EXPECT_GT(hot_ratio_of_a_tick(), 0.98);
  EXPECT_NEAR(bytes() / packed, 2, 0.1);

  const std::string ticked = everything();
  const core::Result seed = migrate("seed");
  EXPECT_EQ(metric(seed, "layout_after"), "\"seed\"");
  EXPECT_EQ(metric(seed, "indexes_created"), "1");  // the other one was never dropped
  EXPECT_EQ(fillfactor(), "none");
  EXPECT_EQ(everything(), ticked);
  EXPECT_LT(bytes() / packed, 1.1);
  EXPECT_THAT(indexes("active_combats"), testing::Contains("idx_combat_turn_time"));
  EXPECT_THAT(migrate("seed").notes, ElementsAre("already seed: nothing to do"));
  // What the pack says of the two.
  for (const auto& state :
       test::column(index::status(session, index::load(catalog, "game"), {}), "state")) {
    EXPECT_EQ(state, "\"present\"");
  }
}

TEST_F(LayoutChange, TableThatTicksHaveLoosened_IsSpreadAllTheSame) {
  fill();
  session.query("ALTER TABLE players SET (autovacuum_enabled = off)");
  const double packed = bytes();
  hot_ratio_of_a_tick();
  session.query("DELETE FROM players WHERE player_id % 5 = 0");  // pages that are four fifths full
  migrate("hot");
  EXPECT_LT(bytes() / packed, 2.3);
  EXPECT_GT(hot_ratio_of_a_tick(), 0.98);
  EXPECT_THAT(migrate("hot").notes, ElementsAre("already hot: nothing to do"));
}

TEST_F(LayoutChange, FromAnyLayoutToAnyOther_KeepsThePresentStamina) {
  fill();
  const auto present = [&] {
    const bool lazy = scalar("SELECT to_regclass('players_current') IS NOT NULL") == "t";
    return test::digest(session,
                        "(" + test::players_of(lazy ? "players_current" : "players") + ")");
  };
  for (const char* layout : {"epoch", "seed", "hot", "epoch", "hot", "seed", "epoch", "seed"}) {
    const std::string before = present();
    const core::Result result = migrate(layout);
    EXPECT_EQ(metric(result, "layout_after"), fmt::format("\"{}\"", layout));
    ASSERT_EQ(present(), before) << layout;
    if (std::string(layout) == "epoch") tick();
  }
}

TEST_F(LayoutChange, WritersMeanwhile_LoseNothing) {
  fill();
  std::atomic<bool> stop = false;
  std::atomic<int> spends = 0;
  std::vector<std::jthread> game;
  session.query("UPDATE players SET xp = 0");
  for (int writer = 0; writer < 2; ++writer) {
    game.emplace_back([&, writer] {
      pg::Session own = database.connect();
      for (int i = writer; !stop; i += 2) {
        // Two players a transaction, in an order of its own; and a child of one.
        const int one = i * 7919 % kPlayers + 1;
        const int other = i * 104729 % kPlayers + 1;
        pg::Transaction tx = own.begin();
        tx.query(fmt::format("UPDATE players SET xp = xp + 1 WHERE player_id = {}", one));
        if (other > one) {
          tx.query(fmt::format("UPDATE players SET xp = xp + 1 WHERE player_id = {}", other));
        }
        tx.query(
            fmt::format("INSERT INTO inventory (player_id, item_id) SELECT {}, max(item_id)"
                        " FROM items ON CONFLICT DO NOTHING",
                        one));
        tx.commit();
        spends += other > one ? 2 : 1;
      }
    });
  }
  schema::LayoutOptions options = to("hot");
  options.batch = 500;
  schema::migrate(session, catalog, options, recorder);
  options.layout = "seed";
  schema::migrate(session, catalog, options, recorder);
  stop = true;
  game.clear();
  EXPECT_GT(spends, 10);
  EXPECT_EQ(scalar("SELECT sum(xp) FROM players"), std::to_string(spends));
  EXPECT_EQ(scalar("SELECT count(*) FROM players"), std::to_string(kPlayers));
  // The indexes know of each row where it is now.
  session.query("SET enable_seqscan = off");
  EXPECT_EQ(scalar("SELECT count(*) FROM generate_series(1, " + std::to_string(kPlayers) +
                   ") AS id JOIN LATERAL (SELECT xp FROM players WHERE player_id = id) p ON true"),
            std::to_string(kPlayers));
}

TEST_F(LayoutChange, RowThatSomebodyHolds_IsNotWaitedFor) {
  fill();
  pg::Session other = database.connect();
  pg::Transaction holder = other.begin();
  holder.query("SELECT FROM players WHERE player_id < 50 FOR UPDATE");
  session.query("SET lock_timeout = '5s'");
  EXPECT_EQ(metric(migrate("hot"), "layout_after"), "\"hot\"");
  holder.commit();
}

TEST_F(LayoutChange, StoppedMidway_GoesOnWhereItWas) {
  fill();
  const std::string before = everything();
  test::Stopper stopper("spreading players", 50);
  pg::Session mine = database.connect(stopper.token());
  schema::LayoutOptions options = to("hot");
  options.batch = 500;
  const core::Result first = schema::migrate(mine, catalog, options, stopper);
  EXPECT_TRUE(first.interrupted);
  EXPECT_THAT(first.notes, ElementsAre(HasSubstr("run it again to go on")));
  const double done = first.metrics.find("rows_moved")->number();
  EXPECT_GT(done, 1000);
  EXPECT_LT(done, kPlayers / 2 - 1000);
  const core::Result second = migrate("hot");
  EXPECT_NEAR(done + second.metrics.find("rows_moved")->number(), kPlayers / 2, kPlayers / 50);
  EXPECT_EQ(everything(), before);
  EXPECT_GT(hot_ratio_of_a_tick(), 0.98);
  EXPECT_EQ(scalar("SELECT count(*) FROM players"), std::to_string(kPlayers));
}

TEST_F(LayoutChange, IndexOnStaminaThatIsNotOurs_IsNamedAndDroppedOnlyOnDemand) {
  seed({.players = 500});
  session.query("CREATE INDEX theirs ON players (level) WHERE stamina < 10");
  const Error error = error_of([&] { migrate("hot"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("index public.theirs names stamina"));
  EXPECT_THAT(error.hint(), HasSubstr("--foreign"));
  EXPECT_EQ(fillfactor(), "none");  // nothing was touched
  schema::LayoutOptions options = to("hot");
  options.foreign = true;
  EXPECT_EQ(metric(schema::migrate(session, catalog, options, recorder), "indexes_dropped"), "1");
  EXPECT_THAT(indexes(), Not(testing::Contains("theirs")));
  session.query("ALTER TABLE players ADD CONSTRAINT odd UNIQUE (player_id, stamina)");
  EXPECT_THAT(error_of([&] { schema::migrate(session, catalog, options, recorder); }).message(),
              HasSubstr("holds a constraint"));
}

TEST_F(LayoutChange, IndexesThatAreNotOurs_AreNamedTogetherAndNotedWithTheirStatements) {
  seed({.players = 500});
  session.query(
      "CREATE INDEX a_theirs ON players (stamina DESC) WHERE level > 3;"
      "CREATE INDEX b_theirs ON players (level) INCLUDE (stamina);"
      "ALTER TABLE players ADD CONSTRAINT c_odd UNIQUE (player_id, stamina)");
  const Error all = error_of([&] { migrate("hot"); });
  EXPECT_THAT(all.message(), HasSubstr("indexes public.a_theirs, public.b_theirs name stamina"));
  EXPECT_THAT(all.message(), HasSubstr("index public.c_odd names stamina and holds a constraint"));
  session.query("ALTER TABLE players DROP CONSTRAINT c_odd");
  schema::LayoutOptions options = to("hot");
  options.foreign = true;
  const core::Result result = schema::migrate(session, catalog, options, recorder);
  EXPECT_THAT(result.notes,
              ElementsAre(HasSubstr("CREATE INDEX a_theirs ON public.players USING btree (stamina "
                                    "DESC) WHERE (level > 3);"),
                          HasSubstr("CREATE INDEX b_theirs ON public.players USING btree (level) "
                                    "INCLUDE (stamina);")));
}

TEST_F(LayoutChange, UnfinishedIndexOfAnEarlierRun_IsBuiltAnew) {
  seed({.players = 500});
  session.query(
      "CREATE INDEX idx_combat_turn_time ON active_combats (turn_started_at);"
      " UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
      "'idx_combat_turn_time'::regclass");
  EXPECT_EQ(metric(migrate("seed"), "indexes_created"), "2");
  EXPECT_THAT(indexes("active_combats"), testing::Contains("idx_combat_turn_time"));
}

TEST_F(LayoutChange, TableThatStaysLocked_IsGivenUpOnAfterTenTries) {
  seed({.players = 500});
  pg::Session other = database.connect();
  pg::Transaction holder = other.begin();
  holder.query("LOCK TABLE players IN SHARE UPDATE EXCLUSIVE MODE");  // as VACUUM does
  for (const char* layout : {"hot", "epoch"}) {
    schema::LayoutOptions options = to(layout);
    options.lock_timeout = core::Seconds(0.005);
    const Error error = error_of([&] { schema::migrate(session, catalog, options, recorder); });
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_THAT(error.message(), HasSubstr("10 tries"));
  }
  EXPECT_EQ(fillfactor(), "none");
  EXPECT_EQ(scalar("SELECT to_regclass('regen_epoch') IS NULL"), "t");
}

TEST_F(LayoutChange, SecondOneAtTheSameTime_IsRefused) {
  seed({.players = 500});
  pg::Session other = database.connect();
  other.query("SELECT pg_advisory_lock(8314892176759552376)");
  const Error error = error_of([&] { migrate("hot"); });
  EXPECT_EQ(error.kind(), ErrorKind::kBusy);
  EXPECT_THAT(error.message(), HasSubstr("under way"));
}

TEST_F(LayoutChange, SchemaThatNeedsQuotes_WorksOnEveryLayout) {
  const std::string awkward = test::kAwkward + "$body$";
  schema::init(session, catalog, {.family = "game", .schema = awkward, .version = "test"},
               recorder);
  const pg::Naming naming(awkward, {});
  seed({.players = 500, .naming = naming});
  schema::LayoutOptions options = to("hot", awkward);
  for (const char* layout : {"hot", "epoch", "seed", "epoch"}) {
    options.layout = layout;
    EXPECT_EQ(metric(schema::migrate(session, catalog, options, recorder), "layout_after"),
              fmt::format("\"{}\"", layout));
  }
  const auto in = [&](const std::string& name) { return naming.table(name); };
  session.query("UPDATE " + in("regen_epoch") + " SET epoch = 1");
  session.query("UPDATE " + in("players_current") + " SET stamina = GREATEST(stamina - 1, 0)");
  session.query("SELECT " + in("settle_player") + "(1)");
  EXPECT_EQ(scalar("SELECT count(*) FROM " + in("players")), "500");
  schema::drop(session, catalog, options.place, true, recorder);
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
                   " WHERE nspname = " +
                   pg::quote_literal(awkward)),
            "0");
}

TEST_F(LayoutChange, DropAndStatus_KnowTheEpochLayout) {
  seed({.players = 500});
  migrate("epoch");
  EXPECT_EQ(schema::status(session, catalog, to("epoch").place).verdict, core::Verdict::kPass);
  schema::drop(session, catalog, to("epoch").place, true, recorder);
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
            "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"),
            "0");
  init();
  seed({.players = 100});
}

TEST_F(LayoutChange, ViewOfTheUsersOwnOnPlayersCurrent_IsNotDropped) {
  seed({.players = 500});
  migrate("epoch");
  session.query("CREATE VIEW tired AS SELECT * FROM players_current WHERE stamina < 5");
  tick();
  const std::string before = scalar("SELECT sum(stamina) FROM players_current");
  const Error error = error_of([&] { migrate("seed"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("tired"));
  EXPECT_EQ(scalar("SELECT sum(stamina) FROM players_current"), before);
}

TEST_F(LayoutChange, PlainRoles_NeedTheTableAndNothingElse) {
  const std::string owner = "owner_" + database.name();
  session.query("CREATE ROLE " + owner + "; CREATE SCHEMA own AUTHORIZATION " + owner);
  init("own");
  seed({.players = 500, .naming = pg::Naming("own", {})});
  session.query("SET ROLE " + owner);
  const Error error = error_of([&] { migrate("hot", "own"); });
  session.query("RESET ROLE");
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message() + error.hint(), HasSubstr("own"));
  // Whoever migrates, what is made belongs to the table's owner, who can take it back.
  for (const char* table : {"players", "active_combats"}) {
    session.query(fmt::format("ALTER TABLE own.{} OWNER TO {}", table, owner));
  }
  migrate("epoch", "own");
  EXPECT_THAT(lines("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relname IN"
                    " ('regen_epoch', 'players_current')"),
              ElementsAre(owner));
  session.query("RESET ROLE; DROP SCHEMA own CASCADE; DROP ROLE " + owner);
}

TEST_F(LayoutChange, WhatCannotBe_IsRefusedBeforeAnythingIsTouched) {
  EXPECT_THAT(error_of([&] { migrate("warm"); }).message(), HasSubstr("warm"));
  schema::LayoutOptions options = to("hot");
  options.batch = 0;
  EXPECT_EQ(error_of([&] { schema::check(catalog, options); }).kind(), ErrorKind::kUsage);
  options = to("hot");
  options.lock_timeout = core::Seconds(0);
  EXPECT_EQ(error_of([&] { schema::check(catalog, options); }).kind(), ErrorKind::kUsage);
  options = to("hot");
  options.place.family = "social";
  EXPECT_EQ(error_of([&] { schema::check(catalog, options); }).message(),
            "social has one layout only");
  EXPECT_THAT(error_of([&] { migrate("hot", "nowhere"); }).message(),
              HasSubstr("there is no table"));
}

}  // namespace
}  // namespace scalectl
