// The seeder on a real server: which rows it makes, and in which tables.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/game.hpp"

namespace scalectl {
namespace {

using seed::Existing;
using test::digest;
using test::digests;
using test::kAwkward;
using test::metric;
using testing::Each;
using testing::ElementsAre;

struct SeedGame : test::GameTest {
  /// Foreign keys of the game's tables, and whether they are validated.
  std::vector<std::string> keys() {
    return lines(
        "SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid),"
        "              convalidated) FROM pg_constraint WHERE contype = 'f'"
        "   AND connamespace <> 'scalectl'::regnamespace ORDER BY 1");
  }
  /// What a fresh database holds after `options`.
  std::map<std::string, std::string> fresh(const seed::GameOptions& options) {
    const test::Database other;
    pg::Session there = other.connect();
    schema::init(there, catalog, {.family = "game", .version = "test"}, recorder);
    seed::seed_game(there, options, recorder);
    return digests(there);
  }
};

TEST_F(SeedGame, WithNumbersGiven_FillsEveryTableInThem) {
  init();
  const core::Result result =
      seed({.players = 1000, .inventory = 2500, .combats = 7, .dropped = 0, .effects = 1500, .enemies = 12});
  EXPECT_EQ(scalar("SELECT count(*) FROM locations"), "100");
  EXPECT_EQ(scalar("SELECT count(*) FROM items"), "60");
  EXPECT_EQ(scalar("SELECT count(*) FROM players"), "1000");
  EXPECT_EQ(scalar("SELECT count(*) FROM inventory"), "2500");
  EXPECT_EQ(scalar("SELECT count(*) FROM active_combats"), "7");
  EXPECT_EQ(scalar("SELECT count(*) FROM dropped_items"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM status_effects"), "1500");
  EXPECT_EQ(metric(result, "rows"), "5179");
  EXPECT_THAT(test::column(result, "rows"),
              ElementsAre("100", "60", "1000", "2500", "7", "0", "1500", "12"));
}

TEST_F(SeedGame, WithPlayersAlone_TakesTheDocumentedShares) {
  init();
  seed({.players = 1000});
  EXPECT_EQ(scalar("SELECT count(*) FROM inventory"), "2000");
  EXPECT_EQ(scalar("SELECT count(*) FROM active_combats"), "20");
  EXPECT_EQ(scalar("SELECT count(*) FROM dropped_items"), "200");
  EXPECT_EQ(scalar("SELECT count(*) FROM status_effects"), "100");
  EXPECT_EQ(scalar("SELECT count(*) FROM wandering_enemies"), "0");
}

TEST_F(SeedGame, AtTheHighestRatios_StaysWithinEveryUniqueKey) {
  init();
  seed({.players = 30, .inventory = 30 * 60, .combats = 30, .effects = 30 * 4});
  EXPECT_EQ(scalar("SELECT count(DISTINCT (player_id, item_id)) FROM inventory"), "1800");
  EXPECT_EQ(scalar("SELECT count(DISTINCT player_id) FROM active_combats"), "30");
  EXPECT_EQ(scalar("SELECT count(DISTINCT (player_id, effect)) FROM status_effects"), "120");
}

TEST_F(SeedGame, OneWorkerOrEight_StoreTheSameBytesInTheSameOrder) {
  init();
  const auto stored = [&](int workers) {
    seed({.players = 9000, .workers = workers, .existing = Existing::kReplace});
    std::vector<std::string> all;
    for (const char* table : test::kGameTables) all.push_back(digest(session, table, "ctid"));
    return all;
  };
  const auto with_one = stored(1);
  EXPECT_EQ(with_one[2].substr(0, 5), "9000:");
  EXPECT_EQ(stored(8), with_one);
}

TEST_F(SeedGame, SameSeed_SameRowsElsewhere_OtherSeed_OthersInEveryTable) {
  init();
  seed({.players = 300, .seed = 7});
  const auto here = digests(session);
  EXPECT_EQ(fresh({.players = 300, .seed = 7}), here);
  const auto other = fresh({.players = 300, .seed = 8});
  for (const char* table :
       {"players", "inventory", "active_combats", "dropped_items", "status_effects"}) {
    EXPECT_NE(other.at(table), here.at(table)) << table;
  }
  EXPECT_EQ(other.at("locations"), here.at("locations"));  // the fixed ones are fixed
}

TEST_F(SeedGame, BeyondOneCopy_LosesAndDoublesNoRow) {
  init();
  seed({.players = 10, .workers = 2, .dropped = 530'000, .only = {"players", "dropped_items"}});
  EXPECT_EQ(scalar("SELECT concat_ws(' ', count(*), count(DISTINCT dropped_item_id),"
                   "  min(dropped_item_id), max(dropped_item_id)) FROM dropped_items"),
            "530000 530000 1 530000");
}

TEST_F(SeedGame, Append_ContinuesWhereTheRowsEnd) {
  init();
  seed({.players = 100});
  seed({.players = 50, .existing = Existing::kAppend});
  EXPECT_EQ(scalar("SELECT concat_ws(' ', count(*), min(player_id), max(player_id)) FROM players"),
            "150 1 150");
  EXPECT_EQ(scalar("SELECT concat_ws(' ', count(*), max(inventory_id)) FROM inventory"), "300 300");
  EXPECT_EQ(scalar("SELECT count(*) FROM locations"), "100");
  EXPECT_EQ(scalar("SELECT min(player_id) > 100 FROM active_combats WHERE combat_id > 2"), "t");
  EXPECT_EQ(scalar("SELECT min(player_id) > 100 FROM inventory WHERE inventory_id > 200"), "t");
}

TEST_F(SeedGame, AppendedPlayers_AreThoseOfOneRun) {
  init();
  seed({.players = 100});
  seed({.players = 50, .existing = Existing::kAppend});
  EXPECT_EQ(digest(session, "players"), fresh({.players = 150}).at("players"));
}

TEST_F(SeedGame, Replace_LeavesOnlyTheNewRows) {
  init();
  seed({.players = 200});
  seed({.players = 50, .seed = 7, .existing = Existing::kReplace});
  EXPECT_EQ(digests(session), fresh({.players = 50, .seed = 7}));
}

TEST_F(SeedGame, OnlyPlayers_LoadsThemAndWhatTheyReferTo) {
  init();
  seed({.players = 100, .only = {"players"}});
  EXPECT_EQ(scalar("SELECT count(*) FROM players"), "100");
  EXPECT_EQ(scalar("SELECT count(*) FROM locations"), "100");
  EXPECT_EQ(scalar("SELECT count(*) FROM inventory"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM active_combats"), "0");
}

TEST_F(SeedGame, TableByTable_GivesWhatAllAtOnceGives) {
  init();
  seed({.players = 100, .only = {"players"}});
  for (const char* table : {"inventory", "active_combats", "dropped_items", "status_effects"}) {
    seed({.players = 100, .only = {table}});
  }
  EXPECT_EQ(digests(session), fresh({.players = 100}));
}

TEST_F(SeedGame, AfterSeeding_DefaultsOfTheIdsGoOn) {
  init();
  seed({.players = 100});
  EXPECT_EQ(scalar("INSERT INTO players (telegram_id, name, location_id)"
                   " VALUES (1, 'New', 'old_ruins') RETURNING player_id"),
            "101");
  EXPECT_EQ(scalar("INSERT INTO dropped_items (item_id, location_id)"
                   " VALUES ('iron_sword', 'old_ruins') RETURNING dropped_item_id"),
            "21");
}

TEST_F(SeedGame, AfterSeeding_ForeignKeysAreBackAndValidated) {
  init();
  const auto before = keys();
  ASSERT_EQ(before.size(), 8u);
  seed({.players = 100});
  EXPECT_EQ(keys(), before);
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "0");
}

TEST_F(SeedGame, AfterSeeding_ThePlannerKnowsTheTables) {
  init();
  seed({.players = 100});
  EXPECT_EQ(scalar("SELECT reltuples FROM pg_class WHERE relname = 'players'"), "100");
}

TEST_F(SeedGame, TablesOfOtherNames_AreFilledAlike) {
  init(kAwkward);
  const std::string in = pg::quote_identifier(kAwkward) + ".";
  session.query("ALTER TABLE " + in + "players RENAME TO \"Game \"\"Players\"\"\"");
  session.query("ALTER TABLE " + in + "items RENAME TO \"select\"");
  const pg::Naming naming(kAwkward, {"players=Game \"Players\"", "items=select"});
  seed({.players = 100, .naming = naming});
  EXPECT_EQ(digests(session, naming), fresh({.players = 100}));
  EXPECT_THAT(lines("SELECT convalidated FROM pg_constraint WHERE contype = 'f'"), Each("t"));
  EXPECT_EQ(scalar("INSERT INTO " + naming.table("players") +
                   " (telegram_id, name, location_id) VALUES (1, 'New', 'old_ruins')"
                   " RETURNING player_id"),
            "101");
}

TEST_F(SeedGame, AsARoleThatDoesNotOwnTheTables_MakesTheSameRows) {
  init();
  const std::string role = "writer_" + database.name();
  session.query("CREATE ROLE " + role +
                " LOGIN; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO " + role +
                "; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO " + role);
  {
    pg::Session writer({database.target().conninfo + " user=" + role}, "scalectl test");
    seed::seed_game(writer, {.players = 100}, recorder);
  }
  EXPECT_EQ(digests(session), fresh({.players = 100}));
  session.query("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(SeedGame, DeadRatio_DecidesWhoLives) {
  init();
  seed({.players = 500, .dead_ratio = 0});
  EXPECT_EQ(scalar("SELECT count(*) FROM players WHERE is_dead OR hp = 0"), "0");
  seed({.players = 500, .dead_ratio = 1, .existing = Existing::kReplace});
  EXPECT_EQ(scalar("SELECT count(*) FROM players WHERE is_dead AND hp = 0"), "500");
  seed({.players = 2000, .dead_ratio = 0.25, .existing = Existing::kReplace});
  const int dead = std::stoi(scalar("SELECT count(*) FROM players WHERE is_dead"));
  EXPECT_NEAR(dead, 500, 100);  // five standard deviations of the binomial distribution
}

TEST_F(SeedGame, Rows_AreDatedByAsOf) {
  init();
  seed({.players = 1000, .as_of = std::chrono::sys_days(std::chrono::year(2020) / 6 / 15)});
  session.query(
      "SET timezone = 'UTC'; SET search_path = public, pg_temp;"
      "CREATE TEMP VIEW now_then AS SELECT timestamptz '2020-06-15' AS t");
  for (const char* check :
       {"SELECT bool_and(dropped_at BETWEEN t - interval '2 h' AND t) FROM dropped_items, now_then",
        "SELECT bool_and(turn_started_at BETWEEN t - interval '10 min' AND t AND"
        "  started_at < turn_started_at) FROM active_combats, now_then",
        "SELECT bool_and(applied_at BETWEEN t - interval '10 min' AND t)"
        "  FROM status_effects, now_then",
        "SELECT bool_and(created_at BETWEEN t - interval '730 d' AND t AND"
        "  last_seen_at BETWEEN created_at AND t) FROM players, now_then"}) {
    EXPECT_EQ(scalar(check), "t") << check;
  }
}

}  // namespace
}  // namespace scalectl
