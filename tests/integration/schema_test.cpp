// Migrations on a real server: what they make, remember, refuse and take away.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "catalog/checksum.hpp"
#include "pg/identifier.hpp"
#include "process/files.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Verdict;
using test::column;
using test::error_of;
using test::kAwkward;
using test::metric;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Schema : test::GameTest {
  std::vector<std::string> tables(const std::string& schema) {
    return lines("SELECT tablename FROM pg_tables WHERE schemaname = " + pg::quote_literal(schema) +
                 " ORDER BY tablename");
  }
  schema::Options in(std::optional<std::string> schema) {
    return {.family = "game", .schema = std::move(schema), .version = "test"};
  }
  core::Result status(std::optional<std::string> schema = std::nullopt) {
    return schema::status(session, catalog, in(std::move(schema)));
  }
  core::Result drop(std::optional<std::string> schema = std::nullopt, bool confirmed = false) {
    return schema::drop(session, catalog, in(std::move(schema)), confirmed, recorder);
  }
  void add_location() { session.query("INSERT INTO locations VALUES ('camp', 'Camp', 0, 0, 0)"); }
};

const std::vector<std::string> kTables{"active_combats", "dropped_items",    "inventory",
                                       "items",          "locations",        "players",
                                       "status_effects", "wandering_enemies"};

TEST_F(Schema, InitOnAnEmptyDatabase_MakesEveryTable) {
  const core::Result result = init();
  EXPECT_EQ(tables("public"), kTables);
  EXPECT_THAT(tables("scalectl"),
              ElementsAre("migrations", "tick_runs", "tick_shares", "tick_slots", "view_versions"));
  EXPECT_EQ(metric(result, "applied"), "5");
  EXPECT_THAT(recorder.lines,
              ElementsAre("INFO - Applied scalectl 001 bookkeeping in schema scalectl",
                          "INFO - Applied scalectl 002 views in schema scalectl",
                          "INFO - Applied scalectl 003 tick_slots in schema scalectl",
                          "INFO - Applied game 001 world in schema public",
                          "INFO - Applied game 002 wandering_enemies in schema public"));
}

TEST_F(Schema, Init_RemembersWhatItAppliedWithChecksums) {
  init();
  const auto checksum = [](const std::string& file) {
    return catalog::sha256(
        process::read_file(std::string(SCALECTL_SOURCE_DIR) + "/sql/schema/" + file));
  };
  EXPECT_THAT(
      lines("SELECT concat_ws(' ', family, schema_name, version, name, checksum, applied_by,"
            "                 scalectl_version) FROM scalectl.migrations ORDER BY family, version"),
      ElementsAre("game public 1 world " + checksum("game/001_world.sql") + " lab test",
                  "game public 2 wandering_enemies " +
                      checksum("game/002_wandering_enemies.sql") + " lab test",
                  "scalectl scalectl 1 bookkeeping " + checksum("scalectl/001_bookkeeping.sql") +
                      " lab test",
                  "scalectl scalectl 2 views " + checksum("scalectl/002_views.sql") + " lab test",
                  "scalectl scalectl 3 tick_slots " + checksum("scalectl/003_tick_slots.sql") +
                      " lab test"));
}

TEST_F(Schema, InitTwice_DoesNothingTheSecondTime) {
  init();
  add_location();
  const std::string before = test::digest(session, "scalectl.migrations");
  const core::Result again = init();
  EXPECT_EQ(metric(again, "applied"), "0");
  EXPECT_THAT(again.notes, ElementsAre("nothing to do: every migration is applied"));
  EXPECT_EQ(test::digest(session, "scalectl.migrations"), before);
  EXPECT_EQ(scalar("SELECT count(*) FROM locations"), "1");
}

TEST_F(Schema, InitFromFourSessionsAtOnce_AppliesEachMigrationOnce) {
  std::vector<std::string> applied(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& mine : applied) {
      threads.emplace_back([&] {
        pg::Session own = database.connect();
        test::Recorder silent;
        mine = metric(schema::init(own, catalog, in(std::nullopt), silent), "applied");
      });
    }
  }
  std::sort(applied.begin(), applied.end());
  EXPECT_THAT(applied, ElementsAre("0", "0", "0", "5"));
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.migrations"), "5");
}

TEST_F(Schema, PrefixForTablesThatTakeNone_IsRefused) {
  const Error error = error_of([&] {
    schema::init(session, catalog, {.family = "game", .prefix = "z_", .version = "t"}, recorder);
  });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.hint(), HasSubstr("--schema"));
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_tables WHERE tablename LIKE '%players'"), "0");
}

TEST_F(Schema, InitThatFailsPartWay_LeavesNothing) {
  session.query("CREATE DOMAIN status_effects AS int");  // called as the last table is
  const Error error = error_of([&] { init(); });
  EXPECT_THAT(error.message(), HasSubstr("type \"status_effects\" already exists"));
  EXPECT_THAT(tables("public"), IsEmpty());
  EXPECT_EQ(scalar("SELECT to_regnamespace('scalectl')"), "");
}

// A real database of the application, or a dump of one: its tables are used, and stay its own.
TEST_F(Schema, TablesThatSomebodyElseMade_AreUsedAndNeverDropped) {
  init();
  session.query("DROP SCHEMA scalectl CASCADE");
  add_location();
  EXPECT_EQ(metric(init(), "found"), "2");
  EXPECT_EQ(scalar("SELECT count(*) FROM locations"), "1");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.migrations WHERE family = 'game'"), "0");
  EXPECT_EQ(status().verdict, Verdict::kPass);
  EXPECT_THAT(column(status(), "state"), Each("\"found\""));
  EXPECT_THAT(error_of([&] { drop(std::nullopt, true); }).message(),
              HasSubstr("scalectl did not make them"));
  EXPECT_EQ(tables("public"), kTables);
}

TEST_F(Schema, SomeTablesThatSomebodyElseMade_AreNamedWithTheMissingOnes) {
  session.query("CREATE TABLE players (theirs int)");
  const Error error = error_of([&] { init(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("has players, which scalectl did not make, but not"));
  EXPECT_THAT(error.message(), HasSubstr("locations"));
  EXPECT_THAT(error.hint(), HasSubstr("--schema or a --prefix"));
  EXPECT_THAT(tables("public"), ElementsAre("players"));
  schema::ensure_in_lab(session, catalog, in(std::nullopt), recorder);  // leaves them alone
  EXPECT_THAT(tables("public"), ElementsAre("players"));
}

TEST_F(Schema, TablesThatAreGoneWithTheirSchema_AreMadeAgain) {
  schema::init(session, catalog, in("camp"), recorder);
  session.query("DROP SCHEMA camp CASCADE");
  EXPECT_EQ(status("camp").verdict, Verdict::kWarn);
  EXPECT_EQ(metric(schema::init(session, catalog, in("camp"), recorder), "applied"), "2");
  EXPECT_EQ(tables("camp"), kTables);
  EXPECT_THAT(recorder.lines, Contains(HasSubstr("schema camp are gone")));
}

TEST_F(Schema, InitWhereATableWasLost_NamesIt) {
  init();
  session.query("DROP TABLE status_effects");
  EXPECT_THAT(column(status(), "state"), ElementsAre("\"tables gone\"", "\"applied\""));
  const Error error = error_of([&] { init(); });
  EXPECT_THAT(error.message(), HasSubstr("schema public has lost status_effects"));
  EXPECT_THAT(error.hint(), HasSubstr("scalectl db drop game"));
  EXPECT_EQ(metric(drop(), "tables"), "7");
  EXPECT_EQ(metric(init(), "applied"), "2");
}

TEST_F(Schema, MigrationChangedSinceItWasApplied_IsRefusedAndShown) {
  init();
  session.query(
      "UPDATE scalectl.migrations SET checksum = 'other' WHERE family = 'game' AND version = 1");
  const Error error = error_of([&] { init(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "migration 1 world of game was changed after it was applied");
  const core::Result shown = status();
  EXPECT_EQ(shown.verdict, Verdict::kWarn);
  EXPECT_THAT(column(shown, "state"), ElementsAre("\"changed\"", "\"applied\""));
}

TEST_F(Schema, DatabaseOfANewerScalectl_IsRefused) {
  init();
  session.query(
      "INSERT INTO scalectl.migrations (family, schema_name, version, name, checksum,"
      "  scalectl_version) VALUES ('game', 'public', 99, 'future', 'x', '9.0')");
  const Error error = error_of([&] { init(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("has migration 99 of game"));
  EXPECT_THAT(error.hint(), HasSubstr("newer scalectl"));
}

TEST_F(Schema, UnknownFamily_IsRefusedWithTheNearestName) {
  const Error error = error_of(
      [&] { schema::init(session, catalog, {.family = "gme", .version = "test"}, recorder); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.hint(), "did you mean \"game\"?");
}

TEST_F(Schema, SearchPathWithoutASchema_AsksForOne) {
  session.query("SET search_path TO nowhere");
  const Error error = error_of([&] { init(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.hint(), "name one with --schema");
}

TEST_F(Schema, SchemaNamesThatNeedQuoting_LiveBesideOthers) {
  init();
  init(kAwkward);
  EXPECT_EQ(tables(kAwkward), kTables);
  add_location();
  EXPECT_EQ(status(kAwkward).verdict, Verdict::kPass);
  EXPECT_THAT(column(status(kAwkward), "rows", 1), Each("0"));
  EXPECT_EQ(metric(drop(kAwkward), "tables"), "8");
  EXPECT_THAT(tables(kAwkward), IsEmpty());
  EXPECT_EQ(tables("public"), kTables);
  EXPECT_THAT(lines("SELECT DISTINCT schema_name FROM scalectl.migrations WHERE family = 'game'"),
              ElementsAre("public"));
}

TEST_F(Schema, StatusBeforeInit_ShowsWhatIsPendingAndMakesNothing) {
  const core::Result result = status();
  EXPECT_EQ(result.verdict, Verdict::kWarn);
  EXPECT_THAT(column(result, "state"), ElementsAre("\"pending\"", "\"pending\""));
  EXPECT_THAT(column(result, "table", 1), IsEmpty());
  EXPECT_EQ(scalar("SELECT to_regnamespace('scalectl')"), "");
}

TEST_F(Schema, StatusAfterInit_CountsTheRows) {
  init();
  add_location();
  const core::Result result = status();
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_THAT(column(result, "state"), ElementsAre("\"applied\"", "\"applied\""));
  EXPECT_THAT(column(result, "table", 1), SizeIs(8));
  EXPECT_EQ(column(result, "table", 1)[0], "\"locations\"");
  EXPECT_THAT(column(result, "rows", 1), ElementsAre("1", "0", "0", "0", "0", "0", "0", "0"));
}

TEST_F(Schema, DropInALab_TakesTablesWithRowsAndTheRecord) {
  init();
  add_location();
  EXPECT_EQ(metric(drop(), "tables"), "8");
  EXPECT_THAT(tables("public"), IsEmpty());
  EXPECT_THAT(lines("SELECT DISTINCT family FROM scalectl.migrations"), ElementsAre("scalectl"));
  EXPECT_EQ(metric(init(), "applied"), "2");
  EXPECT_EQ(tables("public"), kTables);
}

TEST_F(Schema, DropOfWhatIsNotThere_DoesNothing) {
  const core::Result result = drop();
  EXPECT_EQ(metric(result, "tables"), "0");
  EXPECT_THAT(result.notes, ElementsAre("nothing to do: it is not there"));
}

TEST_F(Schema, DropOfTablesThatSomebodyElseMade_IsRefused) {
  session.query("CREATE TABLE players (x int)");
  const Error error = error_of([&] { drop(std::nullopt, true); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("scalectl did not make them"));
  EXPECT_THAT(tables("public"), ElementsAre("players"));
}

TEST_F(Schema, DropWithAViewOfSomebodyElse_ChangesNothing) {
  init();
  session.query("CREATE VIEW theirs AS SELECT name FROM players");
  const Error error = error_of([&] { drop(std::nullopt, true); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("view theirs depends on table players"));
  EXPECT_EQ(tables("public"), kTables);
  EXPECT_EQ(scalar("SELECT count(*) FROM theirs"), "0");
  EXPECT_EQ(scalar("SELECT count(*) FROM scalectl.migrations WHERE family = 'game'"), "2");
}

TEST_F(Schema, DropOfTheBookkeeping_TakesItsSchemaToo) {
  init();
  schema::drop(session, catalog, {.family = schema::kBookkeeping}, true, recorder);
  EXPECT_EQ(scalar("SELECT to_regnamespace('scalectl')"), "");
  EXPECT_EQ(tables("public"), kTables);
}

TEST_F(Schema, EnsureInLab_MakesAMissingFamilyOnce) {
  schema::ensure_in_lab(session, catalog, in(std::nullopt), recorder);
  EXPECT_EQ(tables("public"), kTables);
  schema::ensure_in_lab(session, catalog, in(std::nullopt), recorder);
  EXPECT_THAT(recorder.lines, SizeIs(5));
}

TEST_F(Schema, EnsureBookkeepingAsARoleThatMayNotMakeIt_WarnsAndSaysNo) {
  const std::string role = "guest_" + database.name();
  session.query("CREATE ROLE " + role + " LOGIN");
  {
    pg::Session guest({database.target().conninfo + " user=" + role}, "scalectl test");
    EXPECT_FALSE(schema::ensure_bookkeeping(guest, catalog, "test", recorder));
  }
  EXPECT_THAT(recorder.lines, Contains(HasSubstr("WARNING - this run will not be recorded")));
  EXPECT_TRUE(schema::ensure_bookkeeping(session, catalog, "test", recorder));
  EXPECT_THAT(tables("scalectl"),
              ElementsAre("migrations", "tick_runs", "tick_shares", "tick_slots", "view_versions"));
  session.query("DROP ROLE " + role);
}

}  // namespace
}  // namespace scalectl
