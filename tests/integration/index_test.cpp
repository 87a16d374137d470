// The index engine on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "index/engine.hpp"
#include "pg/identifier.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Verdict;
using test::column;
using test::error_of;
using test::metric;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Index : test::GameTest {
  index::Pack pack = index::load(catalog, "game");

  Index() { init(); }

  core::Result apply(const index::Pack& which, const pg::Naming& naming = {}) {
    return index::apply(session, which, naming, recorder);
  }
  /// The indexes whose names begin with idx_, and whether they are valid.
  std::vector<std::string> found() {
    return lines(
        "SELECT format('%s %s %s', indrelid::regclass, relname, indisvalid) FROM pg_index"
        "  JOIN pg_class ON oid = indexrelid WHERE relname LIKE 'idx\\_%' ORDER BY 1");
  }
  /// Leaves an INVALID index on combats, as an interrupted build would.
  void leave_invalid(const std::string& name) {
    seed({.players = 50, .combats = 50});
    error_of([&] {
      session.query("CREATE UNIQUE INDEX CONCURRENTLY " + name + " ON active_combats (npc)");
    });
    ASSERT_EQ(scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = '" + name + "'::regclass"),
              "f");
  }
  /// One good index and one that the seeded rows do not allow.
  static index::Pack impossible() {
    return index::parse(
        {.name = "tight",
         .version = 1,
         .file = {.path = "tight.v1.sql",
                  .text =
                      "-- pack: tight\n-- summary: For a test.\n\n"
                      "-- @index idx_good\n-- why: It can be.\n-- query: SELECT 1\n\n"
                      "CREATE INDEX CONCURRENTLY idx_good ON :\"players\" (level);\n"
                      "-- @index idx_bad\n-- why: It cannot be.\n-- query: SELECT 1\n\n"
                      "CREATE UNIQUE INDEX CONCURRENTLY idx_bad ON :\"players\" (is_dead);\n"}});
  }
};

const std::vector<std::string> kAll{"active_combats idx_combat_turn_time t",
                                    "dropped_items idx_dropped_items_dropped_at t",
                                    "players idx_players_stamina_regen t"};

TEST_F(Index, Plan_SaysWhatItWouldDoAndChangesNothing) {
  const core::Result result = index::plan(session, pack, {});
  EXPECT_EQ(metric(result, "to_create"), "3");
  EXPECT_THAT(column(result, "action"), Each("\"create\""));
  EXPECT_EQ(column(result, "sql")[1],
            "\"CREATE INDEX CONCURRENTLY idx_combat_turn_time ON \\\"active_combats\\\""
            " (turn_started_at)\"");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Index, Plan_EstimatesSizesNearWhatIsBuilt) {
  seed({.players = 20'000, .combats = 3'000, .dropped = 20'000});
  session.query("ANALYZE");
  const auto estimated = column(index::plan(session, pack, {}), "estimated_bytes");
  apply(pack);
  const core::Result status = index::status(session, pack, {});
  const auto built = column(status, "size_bytes");
  ASSERT_EQ(estimated.size(), built.size());
  for (const std::string& bloat : column(status, "bloat_ratio")) EXPECT_LT(std::stod(bloat), 0.3);
  for (std::size_t i = 0; i < built.size(); ++i) {
    const double ratio = std::stod(estimated[i]) / std::stod(built[i]);
    EXPECT_GT(ratio, 0.7) << estimated[i] << " for " << built[i];
    EXPECT_LT(ratio, 1.5) << estimated[i] << " for " << built[i];
  }
}

TEST_F(Index, Apply_BuildsThePackAndCommentsIt) {
  const core::Result result = apply(pack);
  EXPECT_EQ(found(), kAll);
  EXPECT_EQ(metric(result, "created"), "3");
  EXPECT_EQ(metric(result, "kept"), "0");
  EXPECT_EQ(scalar("SELECT obj_description('idx_combat_turn_time'::regclass)"),
            "scalectl pack game v2: Finds combats whose turn began too long ago, the longest first"
            " (seed 000).");
  EXPECT_THAT(
      scalar("SELECT pg_get_indexdef('idx_players_stamina_regen'::regclass)"),
      HasSubstr("(is_dead, stamina) WHERE ((is_dead = false) AND (stamina < max_stamina))"));
}

TEST_F(Index, ApplyTwice_KeepsWhatIsThere) {
  apply(pack);
  const std::string oids = "SELECT indexrelid FROM pg_index ORDER BY 1";
  const auto before = lines(oids);
  const core::Result again = apply(pack);
  EXPECT_EQ(metric(again, "created"), "0");
  EXPECT_EQ(metric(again, "kept"), "3");
  EXPECT_EQ(lines(oids), before);
  EXPECT_EQ(metric(index::plan(session, pack, {}), "to_create"), "0");
}

TEST_F(Index, ApplyWhereOneIsMissing_BuildsThatOne) {
  apply(pack);
  session.query("DROP INDEX idx_combat_turn_time");
  EXPECT_EQ(metric(apply(pack), "created"), "1");
  EXPECT_EQ(found(), kAll);
}

TEST_F(Index, Status_TellsMissingFromPresent) {
  const core::Result before = index::status(session, pack, {});
  EXPECT_EQ(before.verdict, Verdict::kWarn);
  EXPECT_EQ(metric(before, "missing"), "3");
  apply(pack);
  const core::Result after = index::status(session, pack, {});
  EXPECT_EQ(after.verdict, Verdict::kPass);
  EXPECT_EQ(metric(after, "present"), "3");
  EXPECT_THAT(column(after, "state"), Each("\"present\""));
}

TEST_F(Index, Drop_TakesWhatScalectlMadeAndNothingElse) {
  session.query("CREATE INDEX idx_combat_turn_time ON active_combats (turn_started_at)");
  EXPECT_EQ(metric(apply(pack), "kept"), "1");
  session.query("CREATE INDEX idx_of_somebody ON players (level)");
  const core::Result result = index::drop(session, pack, {}, recorder);
  EXPECT_EQ(metric(result, "dropped"), "2");
  EXPECT_THAT(column(result, "action"), ElementsAre("\"dropped\"", "\"not ours\"", "\"dropped\""));
  EXPECT_THAT(found(),
              ElementsAre("active_combats idx_combat_turn_time t", "players idx_of_somebody t"));
  EXPECT_EQ(metric(index::drop(session, pack, {}, recorder, {.foreign = true}), "dropped"), "1");
  EXPECT_THAT(found(), ElementsAre("players idx_of_somebody t"));
}

TEST_F(Index, InvalidIndexOfSomebodyElse_IsRefusedUntilToldToReplaceIt) {
  leave_invalid("idx_combat_turn_time");
  const Error error = error_of([&] { apply(pack); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("index \"idx_combat_turn_time\" is INVALID"));
  EXPECT_THAT(found(), ElementsAre("active_combats idx_combat_turn_time f"));
  EXPECT_THAT(column(index::status(session, pack, {}), "state"),
              ElementsAre("\"missing\"", "\"invalid\"", "\"missing\""));
  EXPECT_THAT(column(index::plan(session, pack, {}), "action"),
              ElementsAre("\"create\"", "\"repair\"", "\"create\""));
  EXPECT_EQ(metric(index::drop(session, pack, {}, recorder), "dropped"), "0");
  const core::Result result = index::apply(session, pack, {}, recorder, {.replace = true});
  EXPECT_EQ(metric(result, "created"), "2");
  EXPECT_EQ(metric(result, "repaired"), "1");
  EXPECT_EQ(found(), kAll);
}

TEST_F(Index, IndexOfThatNameOnAnotherTable_IsRefused) {
  session.query("CREATE INDEX idx_combat_turn_time ON players (level)");
  const Error error = error_of([&] { apply(pack); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("is there, but on table players"));
  EXPECT_THAT(found(), ElementsAre("players idx_combat_turn_time t"));
}

TEST_F(Index, BuildThatFails_LeavesNothingOfItself) {
  seed({.players = 50});
  const Error error = error_of([&] { apply(impossible()); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("1 of 2 indexes done"));
  EXPECT_THAT(error.message(), HasSubstr("could not create unique index \"idx_bad\""));
  EXPECT_THAT(error.message(), HasSubstr("the unfinished index was dropped"));
  EXPECT_THAT(found(), ElementsAre("players idx_good t"));
}

TEST_F(Index, StopWhileABuildWaitsForAnOlderSnapshot_LeavesNothingOfThatBuild) {
  pg::Transaction reader = session.begin();
  reader.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.query("SELECT 1");  // the last phase of a build waits for such a snapshot to end
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  bool blocked = false;
  const std::jthread stopper = test::stop_when(database, test::kSomebodyIsBlocked, source, blocked);
  const core::Result result = index::apply(mine, pack, {}, recorder);
  EXPECT_TRUE(blocked);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_EQ(metric(result, "created"), "0");
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("0 of 3 indexes done")));
  reader.commit();
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Index, StopBeforeTheStart_BuildsNothing) {
  std::stop_source source;
  source.request_stop();
  pg::Session mine = database.connect(source.get_token());
  const core::Result result = index::apply(mine, pack, {}, recorder);
  EXPECT_TRUE(result.interrupted);
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Index, WritersDuringTheBuild_AreNotBlocked) {
  seed({.players = 50});
  pg::Transaction writer = session.begin();
  writer.query("UPDATE players SET level = 2 WHERE player_id = 1");
  std::jthread builder([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    index::apply(own, pack, {}, silent);
  });
  pg::Session other = database.connect();
  ASSERT_TRUE(test::comes_true([&] {  // the build waits for the writer
    return test::scalar(other,
                        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'"
                        "  AND wait_event_type = 'Lock' AND datname = current_database()") == "1";
  }));
  other.query("SET lock_timeout = '5s'");
  EXPECT_EQ(other.query("UPDATE players SET level = 3 WHERE player_id = 2").affected(), 1);
  writer.commit();
  builder.join();
  EXPECT_EQ(found(), kAll);
}

TEST_F(Index, TablesOfOtherNames_AreIndexedAlike) {
  init(test::kAwkward);
  const std::string in = pg::quote_identifier(test::kAwkward) + ".";
  session.query("ALTER TABLE " + in + "players RENAME TO \"Game \"\"Players\"\"\"");
  const pg::Naming naming(test::kAwkward, {"players=Game \"Players\""});
  EXPECT_EQ(metric(apply(pack, naming), "created"), "3");
  EXPECT_EQ(metric(index::status(session, pack, naming), "present"), "3");
  EXPECT_EQ(metric(index::status(session, pack, {}), "present"), "0");
  EXPECT_THAT(
      lines("SELECT tablename FROM pg_indexes WHERE indexname = 'idx_players_stamina_regen'"),
      ElementsAre("Game \"Players\""));
  EXPECT_EQ(metric(index::drop(session, pack, naming, recorder), "dropped"), "3");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Index, MissingTable_IsRefusedBeforeAnythingIsBuilt) {
  session.query("DROP TABLE dropped_items");
  const Error error = error_of([&] { apply(pack); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("there is no table \"dropped_items\""));
  EXPECT_THAT(found(), IsEmpty());
}

}  // namespace
}  // namespace scalectl
