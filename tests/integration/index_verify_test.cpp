// index verify, price and advise on a real server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "index/advise.hpp"
#include "index/engine.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "support/workflow.hpp"

namespace scalectl {
namespace {

using core::ErrorKind;
using core::Verdict;
using test::column;
using test::error_of;
using test::metric;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// The verdict of a check, "" where there is none of that name.
std::string check(const core::Result& result, const std::string& name) {
  for (const core::Check& one : result.checks) {
    if (one.name == name) return one.passed ? "pass" : "fail: " + one.observed;
  }
  return "";
}

struct IndexVerify : test::GameTest {
  index::Pack pack = index::load(catalog, "game");

  IndexVerify() { init(); }

  core::Result verify(const index::Pack& which, const index::VerifyOptions& options = {.runs = 5}) {
    return index::verify(session, which, {}, options, recorder);
  }
  void seed_and_apply() {
    seed({.players = 20000, .combats = 3000, .dropped = 5000});
    index::apply(session, pack, {}, recorder);
  }
  /// A pack of one index on players.
  static index::Pack pack_of(const std::string& query, const std::string& columns) {
    return index::parse(
        {.name = "one",
         .version = 1,
         .file = {.path = "one.v1.sql",
                  .text = "-- pack: one\n-- summary: s\n-- family: game\n\n-- @index idx_one\n"
                          "-- why: w\n-- query: " +
                          query + "\n\nCREATE INDEX CONCURRENTLY idx_one ON :\"players\" " +
                          columns + ";\n"}});
  }
  std::string whole() {
    return test::digest(session, "players") + scalar("SELECT count(*) FROM pg_class") +
           test::digest(session, "(SELECT relname, reloptions FROM pg_class)");
  }
};

TEST_F(IndexVerify, UsedIndexes_PassByEitherWay) {
  seed_and_apply();
  const std::string before = whole();
  for (const auto without : {index::Without::kAuto, index::Without::kCopies}) {
    const core::Result result = verify(pack, {.runs = 20, .without = without});
    EXPECT_EQ(metric(result, "used"), "3");
    EXPECT_EQ(check(result, "idx_players_stamina_regen is faster than without"), "pass");
    EXPECT_THAT(column(result, "plan"), Each(HasSubstr("Index Scan using idx_")));
    EXPECT_THAT(column(result, "without_plan"), Each(StartsWith("\"Seq Scan on ")));
    EXPECT_THAT(column(result, "rows"), Each("100.0"));
    EXPECT_THAT(column(result, "rows_estimated"), Each("100.0"));  // the Limit's, as the rows
    EXPECT_THAT(column(result, "method"),
                Each(without == index::Without::kAuto ? "\"switches\"" : "\"copies\""));
  }
  EXPECT_EQ(whole(), before);
}

TEST_F(IndexVerify, MissingIndex_Fails) {
  seed({.players = 100});
  const core::Result result = verify(pack);
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(check(result, "idx_combat_turn_time is there"), "fail: missing");
}

TEST_F(IndexVerify, IndexThatItsQueryDoesNotUse_Fails) {
  seed({.players = 5000});
  const index::Pack useless =
      pack_of("SELECT count(*) FROM :\"players\" WHERE level > 0", "(level, xp, hp)");
  index::apply(session, useless, {}, recorder);
  const core::Result result = verify(useless);
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(check(result, "idx_one is used by its query"), "fail: Seq Scan on players");
}

TEST_F(IndexVerify, TimesTooShortToTellApart_AreInconclusive) {
  seed({.players = 10});
  const index::Pack one =
      pack_of("SELECT player_id FROM :\"players\" WHERE name = 'Mara Quill'", "(name)");
  index::apply(session, one, {}, recorder);
  session.query("SET enable_seqscan = off");  // else no index of ten rows would be used
  const core::Result result = verify(one, {.runs = 50, .without = index::Without::kSwitches});
  const std::string faster = check(result, "idx_one is faster than without");
  // On a busy machine the trips to the server may take longer, and tell the times apart.
  if (faster.empty()) {
    EXPECT_EQ(result.verdict, Verdict::kInconclusive);
    EXPECT_THAT(result.notes, Contains(HasSubstr("too short to tell the times apart")));
  } else if (faster != "pass") {
    EXPECT_THAT(faster, HasSubstr("1.1 times are wanted"));
  }
}

TEST_F(IndexVerify, QueryThatWrites_RunsOnCopiesOnlyAndLocksNothing) {
  seed({.players = 5000});
  const index::Pack writes =
      pack_of("UPDATE :\"players\" SET level = level + 1 WHERE name = 'Mara Quill' AND xp > 100000",
              "(name)");
  index::apply(session, writes, {}, recorder);
  const std::string before = whole();
  pg::Session other = database.connect();
  pg::Transaction holder = other.begin();  // would block an UPDATE of the table itself
  holder.query("SELECT count(*) FROM (SELECT FROM players FOR UPDATE) AS all_of_them");
  session.query("SET lock_timeout = '2s'");
  const core::Result result = verify(writes);
  EXPECT_EQ(column(result, "method"), std::vector<std::string>{"\"copies\""});
  EXPECT_EQ(metric(result, "used"), "1");
  EXPECT_EQ(whole(), before);
}

TEST_F(IndexVerify, EmptyTables_AreInconclusive) {
  const index::Pack sampled = index::parse(
      {.name = "one",
       .version = 1,
       .file = {.path = "one.v1.sql",
                .text =
                    "-- pack: one\n-- summary: s\n-- family: game\n\n-- @index idx_one\n-- why: w\n"
                    "-- query: SELECT 1 FROM :\"players\" WHERE name = :name\n"
                    "-- samples: SELECT name FROM :\"players\"\n\n"
                    "CREATE INDEX CONCURRENTLY idx_one ON :\"players\" (name);\n"}});
  index::apply(session, sampled, {}, recorder);
  EXPECT_EQ(verify(sampled).verdict, Verdict::kInconclusive);
  seed({.players = 3000});
  EXPECT_EQ(check(verify(sampled), "idx_one is used by its query"), "pass");
  session.query("TRUNCATE active_combats");
  EXPECT_EQ(
      index::price(session, pack, {}, {.writes = index::load_writes(catalog, "game")}, recorder)
          .verdict,
      Verdict::kInconclusive);
}

TEST_F(IndexVerify, Price_FindsThatTheSeedsIndexHarmsTheTick) {
  seed_and_apply();
  const std::string before = whole();
  const core::Result result = index::price(session, pack, {},
                                           {.writes = index::load_writes(catalog, "game"),
                                            .better = index::better_design(catalog, pack),
                                            .rounds = 1},
                                           recorder);
  EXPECT_EQ(result.verdict, Verdict::kWarn);
  EXPECT_THAT(metric(result, "harmful"),
              HasSubstr("{\"index\":\"idx_players_stamina_regen\",\"write\":\"stamina_tick\","
                        "\"columns\":\"stamina\"}"));
  EXPECT_THAT(metric(result, "harmful"), Not(HasSubstr("idx_dropped")));
  EXPECT_EQ(metric(result, "better"), "\"game-hot\"");
  EXPECT_THAT(result.notes, Contains(HasSubstr("idx_players_stamina_regen names stamina")));
  EXPECT_THAT(result.notes, Contains(AllOf(HasSubstr("Better: game-hot"),
                                           HasSubstr("100.0 % of its updates are heap-only"))));
  const auto designs = column(result, "design");
  EXPECT_EQ(std::vector(designs.begin(), designs.begin() + 4),
            (std::vector<std::string>{"\"without it\"", "\"game\"", "\"game, players at 50\"",
                                      "\"game-hot\""}));
  const auto hot = column(result, "hot_ratio");
  EXPECT_EQ(hot[2], "0.0");  // room alone does not do it
  EXPECT_EQ(hot[3], "1.0");
  EXPECT_EQ(whole(), before);
}

TEST_F(IndexVerify, Price_OfWritesThatChangeNothing_IsInconclusive) {
  seed_and_apply();
  session.query("UPDATE players SET stamina = max_stamina");  // nobody is tired
  const core::Result result = index::price(
      session, pack, {},
      {.writes = index::load_writes(catalog, "game"), .sample_rows = 1, .rounds = 1}, recorder);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_THAT(result.notes, Contains(HasSubstr("stamina_tick changed no rows")));
  EXPECT_THAT(result.notes, Each(Not(HasSubstr("nan"))));
}

TEST_F(IndexVerify, Price_OfATableWithoutAKey_FindsTheHarmToo) {
  seed_and_apply();
  session.query("ALTER TABLE players DROP CONSTRAINT players_pkey CASCADE");
  const core::Result result = index::price(
      session, pack, {}, {.writes = index::load_writes(catalog, "game"), .rounds = 1}, recorder);
  EXPECT_THAT(result.notes, Contains(HasSubstr("idx_players_stamina_regen names stamina")));
}

TEST_F(IndexVerify, Price_DoesNotBlameThePackWhereAnotherIndexNamesTheColumnToo) {
  seed_and_apply();
  session.query("CREATE INDEX ON players (stamina)");
  const core::Result result = index::price(
      session, pack, {}, {.writes = index::load_writes(catalog, "game"), .rounds = 1}, recorder);
  EXPECT_THAT(result.notes, Not(Contains(HasSubstr("idx_players_stamina_regen names stamina"))));
}

TEST_F(IndexVerify, Price_WithoutABetterPackFindsOneByItself) {
  seed_and_apply();
  const core::Result result = index::price(
      session, pack, {}, {.writes = index::load_writes(catalog, "game"), .rounds = 1}, recorder);
  EXPECT_THAT(metric(result, "better"),
              AllOf(HasSubstr("without idx_players_stamina_regen"), HasSubstr("fillfactor 50")));
}

struct IndexVerifyWorkflow : test::WorkflowTest {};

TEST_F(IndexVerifyWorkflow, TwoOfSeed002sEight_AreNamedAsDuplicates) {
  seed({.tasks = 300});
  const index::Pack pack = index::load(catalog, "workflow");
  const auto remarks = column(index::plan(session, pack, naming), "remark");
  for (const int i : {0, 1}) {
    EXPECT_THAT(remarks[static_cast<std::size_t>(i)], HasSubstr("does what UNIQUE index tasker_"));
  }
  EXPECT_EQ(std::count_if(remarks.begin(), remarks.end(),
                          [](const std::string& remark) {
                            return remark.find("does what") != std::string::npos;
                          }),
            2);
  index::apply(session, pack, naming, recorder);
  const core::Result status = index::status(session, pack, naming, {.all = true});
  EXPECT_THAT(column(status, "index", 2),
              Contains("\"index_task_transitions_current_state_optimized\""));
  const core::Result verified = index::verify(session, pack, naming, {.runs = 3}, recorder);
  EXPECT_THAT(
      check(verified, "index_task_transitions_current_state_optimized is faster than without"),
      HasSubstr("it does what UNIQUE index tasker_task_transitions_task_id_most_recent_idx does"));
}

TEST_F(IndexVerifyWorkflow, PartitionedTables_AreVerifiedByTheirPartitionsIndexes) {
  partition();
  seed({.tasks = 300});
  const index::Pack best = index::load(catalog, "workflow-best");
  index::apply(session, best, naming, recorder);
  const core::Result result = index::verify(session, best, naming, {.runs = 3}, recorder);
  EXPECT_EQ(check(result, "step_transitions_latest_error is used by its query"), "pass");
}

struct IndexAdvice : IndexVerify {
  IndexAdvice() {
    seed({.players = 5000});
    session.query(
        "CREATE SCHEMA \"Extras\"; CREATE EXTENSION hypopg SCHEMA \"Extras\";"
        " CREATE EXTENSION pg_stat_statements");
  }
  core::Result advise(const std::string& sql) {
    return index::advise(session, {.queries = index::read_queries("q.sql", sql)}, recorder);
  }
};

TEST_F(IndexAdvice, QueryThatScans_GetsTheIndexThatItNeeds) {
  const auto before = lines("SELECT indexname FROM pg_indexes ORDER BY 1");
  const core::Result result = advise(
      "SELECT player_id FROM players WHERE name = 'Mara Quill' ORDER BY xp DESC LIMIT 5;"
      " SELECT 1 FROM players WHERE player_id = 3; SELECT 1 FROM nowhere;");
  EXPECT_THAT(column(result, "sql"),
              ElementsAre("\"CREATE INDEX ON \\\"public\\\".\\\"players\\\" (\\\"name\\\","
                          " \\\"xp\\\" DESC)\""));
  EXPECT_GT(std::stod(column(result, "saving_ratio")[0]), 0.5);
  EXPECT_GT(std::stod(column(result, "estimated_bytes")[0]), 8192);
  EXPECT_GT(std::stod(column(result, "insert_wal_bytes")[0]), 0);
  EXPECT_THAT(result.notes, Contains(HasSubstr("not explained: SELECT 1 FROM nowhere")));
  EXPECT_EQ(lines("SELECT indexname FROM pg_indexes ORDER BY 1"), before);
  EXPECT_EQ(scalar("SELECT count(*) FROM \"Extras\".hypopg_list_indexes"), "0");
}

TEST_F(IndexAdvice, IndexOnAColumnThatChanges_CostsUpdatesTheirHeapOnlyWay) {
  const core::Result result =
      advise("SELECT player_id FROM players WHERE xp = 77; SELECT 1 FROM players WHERE level = 3;");
  ASSERT_THAT(column(result, "sql"), Contains(HasSubstr("xp")));
  // Each version of a row needs an entry in every index: PostgreSQL documentation, "Heap-Only
  // Tuples". Without the new index a row's update writes the row alone.
  EXPECT_GT(std::stod(column(result, "update_ratio")[0]), 1.2);
  EXPECT_GT(std::stod(column(result, "update_wal_bytes")[0]),
            std::stod(column(result, "insert_wal_bytes")[0]));
}

TEST_F(IndexAdvice, IndexThatIsThere_IsNotAdvisedAgain) {
  session.query("CREATE INDEX ON players (name, xp) WHERE NOT is_dead");
  // A plan without values cannot know that the predicate holds.
  const core::Result result =
      advise("SELECT player_id FROM players WHERE name = $1 AND is_dead = $2;");
  EXPECT_THAT(column(result, "sql"), Not(Contains(HasSubstr("(\\\"name\\\")"))));
}

TEST_F(IndexAdvice, WithoutAFile_LooksAtWhatTookTheMostTime) {
  for (int i = 0; i < 3; ++i) {
    session.query(
        "SELECT player_id FROM players WHERE name = 'Mara Quill' AND"
        " created_at > now() - interval '5 days'");
  }
  const core::Result result = index::advise(session, {}, recorder);
  EXPECT_THAT(column(result, "sql"), Contains(HasSubstr("(\\\"name\\\"")));
  EXPECT_THAT(column(result, "calls"), Contains("3.0"));
}

TEST_F(IndexAdvice, QueriesThatVerifyRan_AreNotTheApplications) {
  const index::Pack one = pack_of(
      "SELECT player_id FROM :\"players\" WHERE name = 'Mara Quill' AND xp > 9", "(name, xp)");
  index::apply(session, one, {}, recorder);
  session.query("SELECT pg_stat_statements_reset()");
  verify(one);
  index::drop(session, one, {}, recorder);
  for (const index::Workload& query : index::busiest(session, 100)) {
    EXPECT_THAT(query.sql, Not(HasSubstr("xp >")));
  }
}

TEST_F(IndexAdvice, QueriesThatWantTheSameIndex_ShareALine) {
  const core::Result result = advise(
      "SELECT player_id FROM players WHERE name = 'Mara Quill';"
      " SELECT level FROM players WHERE name = 'Nobody';");
  EXPECT_THAT(column(result, "sql"), ElementsAre(HasSubstr("(\\\"name\\\")")));
  EXPECT_THAT(column(result, "calls"), ElementsAre("2.0"));
}

TEST_F(IndexAdvice, QueriesOfWhichNoneIsExplained_AreInconclusive) {
  EXPECT_EQ(advise("SELECT 1 FROM nowhere;").verdict, Verdict::kInconclusive);
}

TEST_F(IndexAdvice, WhatIsMissing_IsNamed) {
  session.query("DROP EXTENSION hypopg");
  EXPECT_THAT(error_of([&] { advise("SELECT 1;"); }).hint(), HasSubstr("CREATE EXTENSION hypopg"));
  session.query("CREATE EXTENSION hypopg");
  session.query("DROP EXTENSION pg_stat_statements");
  EXPECT_THAT(error_of([&] { index::advise(session, {}, recorder); }).hint(),
              HasSubstr("pg_stat_statements"));
}

TEST_F(IndexAdvice, PlanNamesAnIndexThatThePlannerWouldNotUse) {
  const auto remark = column(
      index::plan(session,
                  pack_of("SELECT count(*) FROM :\"players\" WHERE level > 0", "(level, xp, hp)"),
                  {}),
      "remark");
  EXPECT_EQ(remark,
            std::vector<std::string>{"\"the planner would not use it: Seq Scan on players\""});
}

}  // namespace
}  // namespace scalectl
