// What the seeder refuses, and how it leaves the tables when something goes wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/game.hpp"
#include "support/stopper.hpp"
#include "support/thrown.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using seed::Existing;
using test::digests;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

struct SeedRefusal : test::GameTest {
  std::map<std::string, std::string> before;

  /// Tables with 100 players' worth of rows.
  SeedRefusal() {
    init();
    seed({.players = 100});
    before = digests(session);
  }
  std::vector<std::string> constraints() {
    return lines(
        "SELECT format('%s %s %s', conrelid::regclass, pg_get_constraintdef(oid),"
        "  convalidated) FROM pg_constraint ORDER BY 1");
  }
  Error refused(const seed::GameOptions& options) {
    return error_of([&] { seed(options); });
  }
};

using SeedFailure = SeedRefusal;

constexpr const char* kRolledBack = "everything was rolled back; the tables are as they were";

TEST_F(SeedRefusal, TablesWithRows_AreLeftAloneUnlessToldOtherwise) {
  const Error error = refused({.players = 50});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "table \"players\" is not empty");
  EXPECT_EQ(error.hint(), "add --append to keep its rows, or --replace to remove them first");
  EXPECT_EQ(digests(session), before);
}

TEST_F(SeedRefusal, ReplacingPlayersThatOthersReferTo_IsRefused) {
  const Error error = refused({.players = 50, .only = {"players"}, .existing = Existing::kReplace});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("holds rows that refer to these tables"));
  EXPECT_EQ(digests(session), before);
}

TEST_F(SeedRefusal, RowsForOtherPlayersThanThereAre_AreRefused) {
  session.query("TRUNCATE dropped_items, status_effects");
  const Error error = refused({.players = 99, .only = {"status_effects"}});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("has 100 rows with ids 1 to 100, and --players says 99"));
}

TEST_F(SeedRefusal, UnknownTable_IsRefusedWithTheNearestName) {
  const Error error = refused({.players = 10, .only = {"player"}});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "--only: the game has no table \"player\"");
  EXPECT_EQ(error.hint(), "did you mean \"players\"?");
}

TEST_F(SeedRefusal, NumbersThatTheKeysCannotHold_AreRefused) {
  EXPECT_THAT(refused({.players = 0}).message(), HasSubstr("--players 0"));
  EXPECT_THAT(refused({.players = 10, .inventory = 601}).message(), HasSubstr("--inventory 601"));
  EXPECT_THAT(refused({.players = 10, .combats = 11}).message(), HasSubstr("--combats 11"));
  EXPECT_THAT(refused({.players = 10, .effects = 41}).message(), HasSubstr("--effects 41"));
}

TEST_F(SeedRefusal, MissingTable_IsNamed) {
  session.query("DROP TABLE dropped_items");
  const Error error = refused({.players = 10, .existing = Existing::kReplace});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("there is no table \"dropped_items\""));
}

TEST_F(SeedRefusal, MissingColumn_IsNamedWithTheNearestOne) {
  session.query("ALTER TABLE players RENAME COLUMN endurance TO endurence");
  const Error error = refused({.players = 10, .existing = Existing::kReplace});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "table \"players\" has no column \"endurance\"");
  EXPECT_EQ(error.hint(), "did you mean \"endurence\"?");
}

TEST_F(SeedRefusal, ColumnOfAnotherType_IsNamedWithBoth) {
  session.query("ALTER TABLE players ALTER COLUMN level TYPE bigint");
  const Error error = refused({.players = 10, .existing = Existing::kReplace});
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "column \"players\".\"level\" is bigint, expected integer");
}

TEST_F(SeedFailure, RowThatACheckRejects_LeavesTablesAndKeysAsTheyWere) {
  session.query("ALTER TABLE players ADD CONSTRAINT lucky CHECK (player_id <> 777)");
  const auto constraints_before = constraints();
  const Error error = refused({.players = 1000, .workers = 2, .existing = Existing::kReplace});
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("\"lucky\""));
  EXPECT_THAT(error.message(), HasSubstr(kRolledBack));
  EXPECT_EQ(digests(session), before);
  EXPECT_EQ(constraints(), constraints_before);
}

TEST_F(SeedFailure, TriggerThatRaisesInTheLastTable_LeavesTheFirstAsTheyWere) {
  session.query(
      "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;"
      "CREATE TRIGGER no BEFORE INSERT ON status_effects FOR EACH ROW"
      "  WHEN (NEW.effect_id = 15) EXECUTE FUNCTION no()");
  const Error error = refused({.players = 50, .existing = Existing::kAppend});
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_EQ(error.message(), std::string("seed game: not today; ") + kRolledBack);
  EXPECT_EQ(digests(session), before);
}

TEST_F(SeedFailure, AfterAFailure_TheSameSessionSeeds) {
  session.query("ALTER TABLE players ADD CONSTRAINT lucky CHECK (player_id <> 777)");
  refused({.players = 1000, .existing = Existing::kReplace});
  seed({.players = 100, .existing = Existing::kReplace});
  EXPECT_EQ(digests(session), before);
}

TEST_F(SeedFailure, StopInTheMidstOfALaterTable_RollsBackAndSaysSo) {
  test::Stopper stopper("inventory", 2048);
  pg::Session mine = database.connect(stopper.token());
  const auto constraints_before = constraints();
  const core::Result result = seed::seed_game(
      mine, {.players = 5000, .workers = 2, .existing = Existing::kReplace}, stopper);
  EXPECT_TRUE(stopper.asked());
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.verdict, core::Verdict::kInconclusive);
  EXPECT_EQ(test::metric(result, "rows"), "0");
  EXPECT_THAT(result.notes, ElementsAre(std::string("interrupted: ") + kRolledBack));
  EXPECT_EQ(digests(session), before);
  EXPECT_EQ(constraints(), constraints_before);
}

TEST_F(SeedFailure, StopBeforeTheStart_ChangesNothing) {
  std::stop_source source;
  source.request_stop();
  pg::Session mine = database.connect(source.get_token());
  const core::Result result =
      seed::seed_game(mine, {.players = 10, .existing = Existing::kReplace}, recorder);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(digests(session), before);
}

}  // namespace
}  // namespace scalectl
