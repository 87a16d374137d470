// The index engine in bad weather: blockers, deadlines, leftovers, drift, rights and odd names.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>

#include "index/engine.hpp"
#include "pg/identifier.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Seconds;
using core::Verdict;
using test::column;
using test::error_of;
using test::metric;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct IndexWeather : test::GameTest {
  index::Pack pack = index::load(catalog, "game");

  IndexWeather() { init(); }

  core::Result apply(const index::ApplyOptions& options = {}, const pg::Naming& naming = {}) {
    return index::apply(session, pack, naming, recorder, options);
  }
  /// The indexes whose names begin with idx_, with what is the matter with them.
  std::vector<std::string> found() {
    return lines(
        "SELECT relname || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END FROM pg_index"
        "  JOIN pg_class ON oid = indexrelid WHERE relname LIKE 'idx\\_%' ORDER BY 1");
  }
  std::string oid_of(const std::string& index) {
    return scalar("SELECT '" + index + "'::regclass::oid");
  }
  void make_invalid(const std::string& index) {
    session.query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '" + index +
                  "'::regclass");
  }
  /// Who blocks builds with an old snapshot, on a table that has nothing to do with them.
  struct Reader {
    explicit Reader(test::Database& database,
                    const std::string& reads = "SELECT count(*) FROM items")
        : session(database.connect()), tx(session.begin()) {
      tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      tx.query(reads);
    }
    std::string pid() { return tx.query("SELECT pg_backend_pid()").at(0, 0).value(); }
    pg::Session session;
    pg::Transaction tx;
  };
};

const std::vector<std::string> kAll{"idx_combat_turn_time", "idx_dropped_items_dropped_at",
                                    "idx_players_stamina_regen"};

TEST_F(IndexWeather, SnapshotOnAnotherTable_IsNamedAndGivenUpOnAndNothingStays) {
  Reader reader(database);
  const Error error = error_of([&] { apply({.wait = Seconds(1.2)}); });
  EXPECT_EQ(error.kind(), ErrorKind::kBusy);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("gave up after 1."),
                    HasSubstr("pid " + reader.pid() + " (user lab, idle in transaction for "),
                    HasSubstr("the unfinished index was dropped")));
  EXPECT_THAT(error.hint(), HasSubstr("pg_terminate_backend(" + reader.pid() + ")"));
  EXPECT_THAT(recorder.lines,
              Contains(AllOf(HasSubstr("WARNING - index"), HasSubstr(reader.pid()))));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(IndexWeather, WriterOfTheTable_LeavesWhatTheNextApplyRepairs) {
  pg::Session other = database.connect();
  {
    pg::Transaction writer = other.begin();
    writer.query("LOCK TABLE players IN ROW EXCLUSIVE MODE");
    const Error error = error_of([&] { apply({.wait = Seconds(0.3)}); });
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_THAT(error.message(), HasSubstr("which the next apply repairs"));
    EXPECT_THAT(found(), ElementsAre("idx_players_stamina_regen INVALID"));
  }
  const core::Result result = apply();
  EXPECT_EQ(metric(result, "repaired"), "1");
  EXPECT_EQ(metric(result, "created"), "2");
  EXPECT_EQ(found(), kAll);
}

TEST_F(IndexWeather, TableThatIsLockedForFiveSeconds_IsWaitedForAndReadersDoNotQueue) {
  std::promise<void> locked;
  std::jthread holder([&] {
    pg::Session own = database.connect();
    pg::Transaction tx = own.begin();
    tx.query("LOCK TABLE players IN ACCESS EXCLUSIVE MODE");
    locked.set_value();
    tx.query("SELECT pg_sleep(5)");
    tx.commit();
  });
  locked.get_future().wait();
  const core::Result result = apply();
  EXPECT_EQ(metric(result, "created"), "3");
  EXPECT_GT(result.metrics.find("waited_s")->number(), 3);
  EXPECT_THAT(recorder.lines, Contains(HasSubstr("table \"players\" waits for pid")));
}

TEST_F(IndexWeather, TwoAtOnce_BuildEachIndexOnce) {
  std::string created;
  std::jthread second([&] {
    pg::Session own = database.connect();
    test::Recorder silent;
    created = metric(index::apply(own, pack, {}, silent), "created");
  });
  const core::Result result = apply();
  second.join();
  EXPECT_EQ(std::stoi(created) + std::stoi(metric(result, "created")), 3);
  EXPECT_EQ(found(), kAll);
}

TEST_F(IndexWeather, LockThatSomebodyHolds_IsGivenUpOnWithHisName) {
  pg::Session other = database.connect();
  const std::string key = scalar("SELECT x'7363616c696e6478'::bigint");
  other.query("SELECT pg_advisory_lock(" + key + ")");
  const Error error = error_of([&] { apply({.wait = Seconds(0.2)}); });
  EXPECT_EQ(error.kind(), ErrorKind::kBusy);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("index work in this database"),
                                     HasSubstr("pid " + test::backend_of(other))));
  other.query("SELECT pg_advisory_unlock(" + key + ")");
  apply();
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                   " (SELECT oid FROM pg_database WHERE datname = current_database())"),
            "0");
}

TEST_F(IndexWeather, IndexThatAnotherSessionBuilds_IsWaitedForAndKept) {
  auto reader = std::make_unique<Reader>(database);
  std::jthread builder([&] {
    pg::Session own = database.connect();
    own.query("CREATE INDEX CONCURRENTLY idx_combat_turn_time ON active_combats (turn_started_at)");
  });
  ASSERT_TRUE(test::comes_true(
      [&] { return found() == std::vector<std::string>{"idx_combat_turn_time INVALID"}; }));
  const std::string oid = oid_of("idx_combat_turn_time");
  EXPECT_THAT(column(index::status(session, pack, {}), "state"), Contains("\"building\""));
  const Error error = error_of([&] { apply({.wait = Seconds(0.2)}); });
  EXPECT_THAT(error.message(), HasSubstr("another session builds it"));
  std::jthread finisher([&] {
    test::comes_true([&] { return !recorder.lines.empty(); }, std::chrono::seconds(1));
    reader.reset();
  });
  const core::Result result = apply();
  EXPECT_EQ(metric(result, "kept"), "1");
  EXPECT_EQ(oid_of("idx_combat_turn_time"), oid);
  EXPECT_EQ(found(), kAll);
}

TEST_F(IndexWeather, StatementTimeoutOfTheRole_DoesNotEndABuild) {
  session.query("ALTER ROLE lab IN DATABASE " + pg::quote_identifier(database.name()) +
                " SET statement_timeout = '300ms'");
  pg::Session timed = database.connect();
  ASSERT_EQ(test::scalar(timed, "SHOW statement_timeout"), "300ms");
  auto reader = std::make_unique<Reader>(database);
  reader->tx.query("SET LOCAL statement_timeout = 0");
  std::jthread finisher([&] {
    pg::Session watcher = database.connect();
    test::comes_true([&] {
      return test::scalar(watcher,
                          "SELECT clock_timestamp() - query_start > '600ms' FROM pg_stat_activity"
                          " WHERE query LIKE 'CREATE INDEX%' AND datname = current_database()") ==
             "t";
    });
    reader.reset();
  });
  EXPECT_EQ(metric(index::apply(timed, pack, {}, recorder), "created"), "3");
  EXPECT_EQ(found(), kAll);
}

TEST_F(IndexWeather, BackendThatIsTerminated_LeavesNothingBehind) {
  Reader reader(database);
  std::jthread killer([&] {
    pg::Session own = database.connect();
    test::comes_true([&] {
      return test::scalar(own,
                          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                          " WHERE query LIKE 'CREATE INDEX%' AND datname = current_database()"
                          "   AND pg_blocking_pids(pid) <> '{}'") == "1";
    });
  });
  const Error error = error_of([&] { apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("the unfinished index was dropped"));
  EXPECT_THAT(error.hint(), HasSubstr("run the same command again"));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(IndexWeather, WrongDefinition_IsReportedAndReplacedOnlyWhenTold) {
  session.query("CREATE INDEX idx_combat_turn_time ON active_combats (turn_started_at DESC)");
  const std::string wrong = oid_of("idx_combat_turn_time");
  EXPECT_THAT(column(index::status(session, pack, {}), "state"), Contains("\"drift\""));
  EXPECT_THAT(column(index::plan(session, pack, {}), "action"), Contains("\"replace\""));
  const core::Result reported = apply();
  EXPECT_EQ(reported.verdict, Verdict::kFail);
  EXPECT_EQ(metric(reported, "drifted"), "1");
  EXPECT_EQ(oid_of("idx_combat_turn_time"), wrong);
  const core::Result replaced = apply({.replace = true});
  EXPECT_EQ(replaced.verdict, Verdict::kPass);
  EXPECT_EQ(metric(replaced, "replaced"), "1");
  EXPECT_NE(oid_of("idx_combat_turn_time"), wrong);
  EXPECT_EQ(found(), kAll);
  EXPECT_THAT(column(index::status(session, pack, {}), "state"), Not(Contains("\"drift\"")));
}

TEST_F(IndexWeather, SameDefinitionInOtherWords_IsNoDrift) {
  session.query(
      "CREATE INDEX idx_players_stamina_regen ON players USING btree (is_dead ASC, stamina)"
      " WHERE (NOT (is_dead <> FALSE)) = TRUE");
  session.query("DROP INDEX idx_players_stamina_regen");
  session.query(
      "CREATE INDEX idx_players_stamina_regen ON players USING btree (is_dead ASC, stamina)"
      " WHERE ((is_dead = FALSE) AND ((stamina) < max_stamina))");
  EXPECT_EQ(metric(apply(), "kept"), "1");
}

TEST_F(IndexWeather, LeftoversOfReindexAndReplacement_AreDropped) {
  apply();
  session.query("CREATE INDEX idx_combat_turn_time_ccnew ON active_combats (turn_started_at)");
  session.query("CREATE INDEX idx_combat_turn_time_ccold1 ON active_combats (turn_started_at)");
  session.query("CREATE INDEX idx_combat_turn_time_scalectl ON active_combats (turn_started_at)");
  session.query("COMMENT ON INDEX idx_combat_turn_time_scalectl IS 'scalectl pack game v2: x'");
  make_invalid("idx_combat_turn_time_ccnew");
  make_invalid("idx_combat_turn_time_ccold1");
  session.query("CREATE INDEX idx_dropped_items_dropped_at_ccnew ON dropped_items (quantity)");
  make_invalid("idx_dropped_items_dropped_at_ccnew");  // of something else: not ours to drop
  const core::Result result = apply();
  EXPECT_EQ(metric(result, "repaired"), "3");
  EXPECT_EQ(metric(result, "kept"), "3");
  EXPECT_THAT(found(), ElementsAre("idx_combat_turn_time", "idx_dropped_items_dropped_at",
                                   "idx_dropped_items_dropped_at_ccnew INVALID",
                                   "idx_players_stamina_regen"));
  EXPECT_THAT(recorder.lines, Contains(HasSubstr("idx_dropped_items_dropped_at_ccnew")));
}

TEST_F(IndexWeather, LeftoverOfAnUnfinishedBuild_IsPartOfThePlanAndTheStatus) {
  apply();
  session.query("CREATE INDEX idx_combat_turn_time_ccnew ON active_combats (turn_started_at)");
  make_invalid("idx_combat_turn_time_ccnew");
  const core::Result plan = index::plan(session, pack, {});
  EXPECT_EQ(plan.verdict, Verdict::kFail);
  EXPECT_EQ(metric(plan, "to_repair"), "1");
  EXPECT_THAT(plan.notes, Contains(HasSubstr("\"idx_combat_turn_time_ccnew\" was left")));
  const core::Result status = index::status(session, pack, {});
  EXPECT_EQ(status.verdict, Verdict::kWarn);
  EXPECT_THAT(status.notes, Contains(HasSubstr("\"idx_combat_turn_time_ccnew\" was left")));
}

/// Somebody else's work on a table of ours, which waits for a reader.
struct IndexWork : IndexWeather {
  std::unique_ptr<Reader> other;  // whom the work waits for
  std::string failure;
  std::jthread thread;

  void start(const std::string& sql, const std::string& phase) {
    thread = std::jthread([this, sql] {
      pg::Session own = database.connect();
      try {
        own.query(sql);
      } catch (const Error& error) {
        failure = error.what();
      }
    });
    ASSERT_TRUE(test::comes_true([&] {
      return scalar("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase = '" + phase +
                    "'") == "1";
    }));
  }
  /// What apply does meanwhile, the other one leaving once it waits.
  core::Result apply_meanwhile() {
    std::jthread leave([this] {
      pg::Session own = database.connect();
      test::comes_true([&] {
        return test::scalar(own,
                            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> "
                            "pg_backend_pid() AND strpos(query, '(create|reindex|drop)') > 0)") ==
               "t";
      });
      other.reset();
    });
    return apply();
  }
};

TEST_F(IndexWork, AnotherIndexOfTheTable_IsWaitedForAndFinished) {
  // Once the writer leaves, the build goes on to wait for every snapshot: for that of a build of
  // ours too, if it queued for the table.
  other = std::make_unique<Reader>(database, "UPDATE players SET level = level WHERE false");
  start("CREATE INDEX CONCURRENTLY foreign_level ON players (level)",
        "waiting for writers before build");
  EXPECT_EQ(metric(apply_meanwhile(), "created"), "3");
  thread.join();
  EXPECT_EQ(failure, "");
  EXPECT_EQ(scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = 'foreign_level'::regclass"),
            "t");
}

TEST_F(IndexWork, RebuildOfThePacksTable_IsNoLeftover) {
  apply();
  other = std::make_unique<Reader>(database);
  start("REINDEX TABLE CONCURRENTLY active_combats", "waiting for old snapshots");
  const core::Result result = apply_meanwhile();
  EXPECT_EQ(metric(result, "kept"), "3");
  EXPECT_EQ(result.metrics.find("repaired"), nullptr);
  thread.join();
  EXPECT_EQ(failure, "");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST_F(IndexWeather, MissingColumn_IsRefusedBeforeAnythingIsBuilt) {
  session.query("ALTER TABLE dropped_items RENAME dropped_at TO thrown_at");
  const Error error = error_of([&] { apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("index idx_dropped_items_dropped_at of pack game does not fit table"),
                    HasSubstr("column \"dropped_at\" does not exist")));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(IndexWeather, NameOfATable_IsRefused) {
  session.query("CREATE TABLE idx_combat_turn_time (x int)");
  const Error error = error_of([&] { apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("a relation of that name that is no index"));
}

TEST_F(IndexWeather, IndexesThatCannotBeMade_AreRowsOfTheStatusBesideTheOthers) {
  apply();
  session.query(
      "DROP INDEX idx_combat_turn_time; CREATE TABLE idx_combat_turn_time (x int);"
      " ALTER TABLE dropped_items RENAME dropped_at TO thrown_at");
  const core::Result status = index::status(session, pack, {});
  EXPECT_EQ(status.verdict, Verdict::kFail);
  EXPECT_THAT(column(status, "state"), ElementsAre("\"present\"", "\"misfit\"", "\"misfit\""));
  EXPECT_THAT(status.notes, ElementsAre(HasSubstr("a relation of that name that is no index"),
                                        HasSubstr("column \"dropped_at\" does not exist")));
}

TEST_F(IndexWeather, NamesThatTryToBreakOut_AreQuotedEverywhere) {
  const std::string schema = "Schema \"A\" x";
  const std::string evil = "x\"; DROP TABLE players;--";
  init(schema);
  const std::string in = pg::quote_identifier(schema) + ".";
  session.query("ALTER TABLE " + in + "players RENAME TO " + pg::quote_identifier(evil));
  const pg::Naming naming(schema, {"players=" + evil});
  session.query("CREATE INDEX idx_combat_turn_time ON " + in + "active_combats (turn)");
  EXPECT_EQ(index::plan(session, pack, naming).verdict, Verdict::kFail);
  EXPECT_EQ(metric(apply({.replace = true}, naming), "replaced"), "1");
  const core::Result status = index::status(session, pack, naming, {.all = true});
  EXPECT_EQ(metric(status, "present"), "3");
  session.query("INSERT INTO " + in + "locations VALUES ('a', 'A', 0, 0, 0)");
  session.query("INSERT INTO " + in + pg::quote_identifier(evil) +
                " (telegram_id, name, location_id, max_stamina)"
                " SELECT i, 'a', 'a', 50 + i FROM generate_series(1, 1000) AS i");
  for (const auto without : {index::Without::kSwitches, index::Without::kCopies}) {
    const core::Result verified =
        index::verify(session, pack, naming, {.runs = 3, .without = without}, recorder);
    EXPECT_EQ(column(verified, "table")[0], core::to_json(schema + "." + evil));
  }
  EXPECT_EQ(metric(index::drop(session, pack, naming, recorder), "dropped"), "3");
  EXPECT_EQ(scalar("SELECT count(*) FROM players"), "0");
}

TEST_F(IndexWeather, NameOfSixtyThreeBytes_HasRoomForItsReplacement) {
  const std::string name(63, 'i');
  const index::Pack longest = index::parse(
      {.name = "longest",
       .version = 1,
       .file = {.path = "longest.v1.sql",
                .text = "-- pack: longest\n-- summary: s\n\n-- @index " + name +
                        "\n-- why: w\n-- query: SELECT 1\n\nCREATE INDEX CONCURRENTLY " + name +
                        " ON :\"players\" (level);\n"}});
  session.query("CREATE INDEX " + name + " ON players (xp)");
  const core::Result result = index::apply(session, longest, {}, recorder, {.replace = true});
  EXPECT_EQ(metric(result, "replaced"), "1");
  EXPECT_THAT(lines("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'iii%'"),
              ElementsAre(HasSubstr("(level)")));
  // A leftover whose name had to be cut to make room for its tail.
  session.query("CREATE INDEX " + name.substr(0, 57) + "_ccnew ON players (level)");
  make_invalid(name.substr(0, 57) + "_ccnew");
  EXPECT_EQ(metric(index::apply(session, longest, {}, recorder), "repaired"), "1");
}

TEST_F(IndexWeather, StatisticsThatAreOldOrMissing_AreMadeAfterTheBuild) {
  session.query(
      "INSERT INTO locations VALUES ('a', 'A', 0, 0, 0);"
      "INSERT INTO players (telegram_id, name, location_id)"
      " SELECT i, 'a', 'a' FROM generate_series(1, 500) AS i");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_stats WHERE tablename = 'players'"), "0");
  apply();
  EXPECT_EQ(scalar("SELECT count(*) > 5 FROM pg_stats WHERE tablename = 'players'"), "t");
  const std::string when = "SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'players'";
  const std::string first = scalar(when);
  session.query("DROP INDEX idx_players_stamina_regen");
  apply();  // nothing has changed since
  EXPECT_EQ(scalar(when), first);
}

TEST_F(IndexWeather, Fillfactor_IsSetAndNoted) {
  const index::Pack hot = index::load(catalog, "game-hot");
  EXPECT_THAT(index::plan(session, hot, {}).notes, Contains(HasSubstr("fillfactor 50")));
  const core::Result result = index::apply(session, hot, {}, recorder);
  EXPECT_THAT(result.notes, Contains(HasSubstr("has fillfactor 50 now (it was 100)")));
  EXPECT_THAT(lines("SELECT reloptions::text FROM pg_class WHERE oid = 'players'::regclass"),
              ElementsAre("{fillfactor=50}"));
  EXPECT_EQ(index::plan(session, hot, {}).verdict, Verdict::kPass);
  EXPECT_THAT(index::drop(session, hot, {}, recorder).notes, Contains(HasSubstr("RESET")));
}

TEST_F(IndexWeather, IndexThatTakesAVariantsUse_IsNamedWithWhatDropsIt) {
  const index::Pack hot = index::load(catalog, "game-hot");
  apply();
  session.query("CREATE INDEX of_level ON players (level)");  // names nothing that a tick changes
  const auto named =
      ElementsAre(AllOf(HasSubstr("index idx_players_stamina_regen names stamina"),
                        HasSubstr("DROP INDEX CONCURRENTLY public.idx_players_stamina_regen;")));
  const core::Result applied = index::apply(session, hot, {}, recorder);
  EXPECT_EQ(applied.verdict, Verdict::kWarn);
  EXPECT_THAT(applied.notes, Contains(HasSubstr("idx_players_stamina_regen")).Times(1));
  const core::Result plan = index::plan(session, hot, {});
  EXPECT_EQ(plan.verdict, Verdict::kWarn);
  EXPECT_THAT(plan.notes, named);
  EXPECT_THAT(index::status(session, hot, {}).notes, named);
  session.query("DROP INDEX CONCURRENTLY public.idx_players_stamina_regen");
  EXPECT_EQ(index::status(session, hot, {}).verdict, Verdict::kPass);
}

/// What a role without superuser's rights can do, and what it is told where it cannot.
struct IndexRights : IndexWeather {
  const std::string role = "role_" + database.name();

  IndexRights() {
    session.query("CREATE ROLE " + role + " LOGIN");
    seed({.players = 2000, .combats = 2000, .dropped = 2000});
  }
  ~IndexRights() override {
    session.query("REASSIGN OWNED BY " + role + " TO lab; DROP OWNED BY " + role + "; DROP ROLE " +
                  role);
  }
  pg::Session as_role() {
    return {{database.target().conninfo + " user='" + role + "'"}, "scalectl test"};
  }
};

TEST_F(IndexRights, RoleThatOwnsTheTables_DoesAll) {
  for (const char* table : test::kGameTables) {
    session.query(fmt::format("ALTER TABLE {} OWNER TO {}", table, role));
  }
  session.query("GRANT CREATE ON SCHEMA public TO " + role);
  pg::Session plain = as_role();
  EXPECT_EQ(metric(index::apply(plain, pack, {}, recorder), "created"), "3");
  EXPECT_EQ(metric(index::status(plain, pack, {}), "present"), "3");
  EXPECT_EQ(index::plan(plain, pack, {}).verdict, Verdict::kPass);
  EXPECT_EQ(metric(index::verify(plain, pack, {}, {.runs = 5}, recorder), "used"), "3");
  EXPECT_EQ(metric(index::drop(plain, pack, {}, recorder), "dropped"), "3");
}

TEST_F(IndexRights, SchemaThatMayNotBeUsed_IsSaidAsAGrant) {
  session.query("CREATE SCHEMA \"Game\"; CREATE TABLE \"Game\".active_combats (x int)");
  pg::Session plain = as_role();
  const Error error = error_of([&] { index::status(plain, pack, pg::Naming("Game", {})); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.hint(), "GRANT USAGE ON SCHEMA \"Game\" TO " + role + ";");
}

TEST_F(IndexRights, DefinitionsThatCannotBeCompared_AreInconclusiveInEveryVerb) {
  session.query("CREATE INDEX idx_combat_turn_time ON active_combats (npc)");  // drift
  apply();
  pg::Session plain = as_role();
  EXPECT_EQ(index::plan(plain, pack, {}).verdict, Verdict::kInconclusive);
  EXPECT_EQ(index::status(plain, pack, {}).verdict, Verdict::kInconclusive);
  const core::Result applied = index::apply(plain, pack, {}, recorder);
  EXPECT_EQ(applied.verdict, Verdict::kInconclusive);
  EXPECT_THAT(applied.notes, Contains(HasSubstr("GRANT SELECT")));
}

TEST_F(IndexWeather, IndexesOfAnotherPack_AreLeftToItUnlessForeignOnesGoToo) {
  apply();
  const index::Pack hot = index::load(catalog, "game-hot");
  const core::Result result = index::drop(session, hot, {}, recorder);
  EXPECT_EQ(metric(result, "dropped"), "0");
  EXPECT_EQ(metric(result, "shared"), std::to_string(hot.indexes.size()));
  EXPECT_EQ(found(), kAll);
  EXPECT_EQ(metric(index::drop(session, hot, {}, recorder, {.foreign = true}), "dropped"),
            std::to_string(hot.indexes.size()));
}

TEST_F(IndexWeather, IndexesThatAnAppliedVariantNeeds_AreLeftToItAndGoWithIt) {
  const index::Pack hot = index::load(catalog, "game-hot");
  apply();
  index::apply(session, hot, {}, recorder);
  const core::Result result = index::drop(session, pack, {}, recorder, {.others = {hot}});
  EXPECT_THAT(column(result, "action"),
              ElementsAre("\"dropped\"", "\"left to pack game-hot\"", "\"left to pack game-hot\""));
  EXPECT_EQ(index::status(session, hot, {}).verdict, Verdict::kPass);
  EXPECT_EQ(metric(index::drop(session, hot, {}, recorder, {.others = {pack}}), "dropped"), "2");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(IndexWeather, IndexesThatAVariantWouldNeed_GoWhereItIsNotApplied) {
  apply();
  const std::vector<index::Pack> others{index::load(catalog, "game-hot")};
  EXPECT_EQ(metric(index::drop(session, pack, {}, recorder, {.others = others}), "dropped"), "3");
}

TEST_F(IndexRights, WhatIsMissing_IsSaidAsAGrant) {
  apply();
  pg::Session plain = as_role();
  const auto hint_of = [&](const auto& action) { return error_of(action).hint(); };
  const auto quoted = "\"" + role + "\"";
  const core::Result status = index::status(plain, pack, {});
  EXPECT_EQ(metric(status, "present"), "3");
  EXPECT_THAT(status.notes, Contains(HasSubstr("GRANT SELECT ON \"players\" TO " + quoted)));
  EXPECT_EQ(hint_of([&] { index::verify(plain, pack, {}, {}, recorder); }),
            "GRANT SELECT ON \"players\" TO " + quoted + ";");
  session.query("DROP INDEX idx_combat_turn_time");
  EXPECT_EQ(hint_of([&] { index::apply(plain, pack, {}, recorder); }),
            "GRANT \"lab\" TO " + quoted + ";");
  session.query("ALTER TABLE active_combats OWNER TO " + role);
  session.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  EXPECT_EQ(hint_of([&] { index::apply(plain, pack, {}, recorder); }),
            "GRANT CREATE ON SCHEMA \"public\" TO " + quoted + ";");
  session.query("GRANT CREATE ON SCHEMA public TO " + role);
  Reader reader(database);
  EXPECT_THAT(hint_of([&] { index::apply(plain, pack, {}, recorder, {.wait = Seconds(0.2)}); }),
              HasSubstr("GRANT pg_read_all_stats TO " + quoted + ";"));
}

}  // namespace
}  // namespace scalectl
