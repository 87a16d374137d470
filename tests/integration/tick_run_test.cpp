// How a tick runs: what it records, what it refuses, and how it ends when it cannot go on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "pg/identifier.hpp"
#include "support/game.hpp"
#include "support/stopper.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using core::Verdict;
using test::error_of;
using test::metric;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using tick::Strategy;

struct TickRun : test::GameTest {
  TickRun() { init(); }

  core::Result run(const std::string& name, const tick::Options& options = {}) {
    return tick::run(session, tick::load(catalog, name), options, recorder);
  }
  Error failing(const std::string& name, const tick::Options& options = {}) {
    return error_of([&] { run(name, options); });
  }
  std::string runs() { return scalar("SELECT count(*) FROM scalectl.tick_runs"); }

  /// Fresh rows dated so that no boundary of a tick is less than half a minute away.
  void seed_dated(const std::string& now) {
    seed({.players = 400,
          .combats = 200,
          .dropped = 300,
          .effects = 700,
          .existing = seed::Existing::kReplace});
    session.query(
        "UPDATE active_combats SET turn_started_at ="
        "  $1::timestamptz - combat_id % 10 * interval '1 min' - interval '30 s'",
        {now});
    session.query(
        "UPDATE dropped_items SET dropped_at ="
        "  $1::timestamptz - dropped_item_id % 120 * interval '1 min' - interval '30 s'",
        {now});
  }
  /// The tables, with the time of the run itself (later than `now`) written as "run".
  std::map<std::string, std::string> after(const std::string& now) {
    auto all = test::digests(session);
    all["active_combats"] = test::digest(
        session,
        "(SELECT combat_id, player_id, npc, npc_hp, turn, turn_number, started_at, CASE"
        "   WHEN turn_started_at > " +
            pg::quote_literal(now) +
            " THEN 'run'"
            "   ELSE turn_started_at::text END FROM active_combats)");
    // Who comes depends on the time; where, and how many, does not.
    all["wandering_enemies"] = test::digest(
        session, "(SELECT location_id, count(*) FROM wandering_enemies GROUP BY location_id)");
    return all;
  }
};

TEST_F(TickRun, RowByRowInBatchesOrAsASet_EndsInTheSameTables) {
  const std::string now = scalar("SELECT clock_timestamp()");
  for (const tick::Definition& tick : tick::load_all(catalog)) {
    seed_dated(now);
    const auto before = after(now);
    const core::Result set = tick::run(session, tick, {}, recorder);
    const auto as_set = after(now);
    seed_dated(now);
    EXPECT_EQ(after(now), before);
    const core::Result rows = tick::run(session, tick, {.strategy = Strategy::kRows}, recorder);
    EXPECT_EQ(after(now), as_set) << tick.name;
    EXPECT_NE(as_set, before) << tick.name;
    EXPECT_EQ(metric(rows, "rows"), metric(set, "rows")) << tick.name;
    EXPECT_EQ(metric(set, "statements"), "1");
    if (!tick.has(Strategy::kBatched)) continue;
    seed_dated(now);
    const core::Result batched = tick::run(
        session, tick, {.strategy = Strategy::kBatched, .batch = 7, .workers = 2}, recorder);
    EXPECT_EQ(after(now), as_set) << tick.name;
    EXPECT_EQ(metric(batched, "rows"), metric(set, "rows")) << tick.name;
  }
}

TEST_F(TickRun, RowByRow_CountsOneLookAndOneStatementForEachRow) {
  seed({.players = 300, .dead_ratio = 0});
  const core::Result result = run("stamina", {.strategy = Strategy::kRows});
  EXPECT_EQ(metric(result, "rows"), "300");
  EXPECT_EQ(metric(result, "statements"), "301");
  ASSERT_FALSE(recorder.steps.empty());
  EXPECT_EQ(recorder.steps.back().what, "stamina");
  EXPECT_EQ(recorder.steps.back().done, 300u);
  EXPECT_EQ(recorder.steps.back().total, 300u);
}

TEST_F(TickRun, Record_HoldsTheNumbersOfTheResult) {
  seed({.players = 300});
  const core::Result result =
      run("stamina", {.parameters = {{"bonus", "2"}}, .warn_after = core::Seconds(7)});
  const pg::Rows rows = session.query("SELECT * FROM scalectl.tick_runs");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.text(0, "tick"), "stamina");
  EXPECT_EQ(rows.text(0, "schema_name"), "public");
  EXPECT_EQ(rows.text(0, "strategy"), "set");
  EXPECT_EQ(rows.text(0, "params"), R"({"bonus": 2, "strategy": "set"})");
  EXPECT_EQ(rows.text(0, "rows"), metric(result, "rows"));
  EXPECT_EQ(rows.text(0, "statements"), "1");
  EXPECT_EQ(rows.text(0, "wal_bytes"), metric(result, "wal_bytes"));
  EXPECT_DOUBLE_EQ(rows.real(0, "hot_ratio"), result.metrics.find("hot_ratio")->number());
  EXPECT_DOUBLE_EQ(rows.real(0, "elapsed_s"), result.elapsed_s);
  EXPECT_EQ(rows.real(0, "threshold_s"), 7);
  EXPECT_EQ(rows.text(0, "band"), result.band);
  EXPECT_EQ(scalar("SELECT count(*) FROM players WHERE NOT is_dead"), metric(result, "rows"));
  EXPECT_GT(result.metrics.find("wal_bytes")->number(), 300 * 30);  // no update is smaller
}

TEST_F(TickRun, TickThatUpdatesNothing_HasNoHotRatio) {
  const core::Result result = run("decay");
  EXPECT_EQ(metric(result, "rows"), "0");
  EXPECT_EQ(metric(result, "hot_ratio"), "null");
  EXPECT_EQ(scalar("SELECT hot_ratio IS NULL FROM scalectl.tick_runs"), "t");
}

TEST_F(TickRun, WithoutRecord_LeavesNoTrace) {
  run("stamina", {.record = false});
  EXPECT_EQ(runs(), "0");
}

TEST_F(TickRun, WithinTheThreshold_PassesAndLogsOneLine) {
  seed({.players = 147, .dead_ratio = 0});
  recorder.lines.clear();
  const core::Result result = run("stamina");
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_EQ(result.threshold_s, 5);
  EXPECT_THAT(recorder.lines,
              ElementsAre(StartsWith("INFO - Regenerated stamina for 147 players in 0.")));
}

TEST_F(TickRun, ThresholdMissed_WarnsAndFailsWhenStrict) {
  const core::Result lenient = run("combat", {.warn_after = core::Seconds(1e-9)});
  EXPECT_EQ(lenient.verdict, Verdict::kWarn);
  EXPECT_EQ(lenient.band, "warning");
  EXPECT_THAT(recorder.lines, Contains(StartsWith("WARNING - Combat timer check took 0.")));
  EXPECT_EQ(run("combat", {.warn_after = core::Seconds(1e-9), .strict = true}).verdict,
            Verdict::kFail);
  EXPECT_THAT(lines("SELECT band FROM scalectl.tick_runs"), ElementsAre("warning", "warning"));
}

TEST_F(TickRun, ThresholdOfZero_IsRefused) {
  EXPECT_EQ(failing("stamina", {.warn_after = core::Seconds(0)}).kind(), ErrorKind::kUsage);
  EXPECT_EQ(runs(), "0");
}

TEST_F(TickRun, UnknownOrMalformedParameters_AreRefused) {
  EXPECT_EQ(failing("decay", {.parameters = {{"older", "1h"}}}).message(),
            "tick decay has no parameter --older");
  EXPECT_THAT(failing("stamina", {.parameters = {{"bonus", "lots"}}}).message(),
              StartsWith("--bonus: "));
  EXPECT_EQ(failing("stamina", {.parameters = {{"bonus", "1; DROP TABLE players"}}}).kind(),
            ErrorKind::kUsage);
}

TEST_F(TickRun, LockThatStaysHeld_IsBusyAndChangesNothing) {
  seed({.players = 100});
  const auto before = test::digests(session);
  pg::Session other = database.connect();
  pg::Transaction holder = other.begin();
  holder.query("SELECT FROM players WHERE NOT is_dead ORDER BY player_id DESC LIMIT 1 FOR UPDATE");
  for (const Strategy strategy : {Strategy::kSet, Strategy::kRows}) {
    const Error error =
        failing("stamina", {.strategy = strategy, .lock_timeout = core::Seconds(0.1)});
    EXPECT_EQ(error.kind(), ErrorKind::kBusy);
    EXPECT_THAT(error.message(), StartsWith("tick stamina: "));
  }
  EXPECT_EQ(test::digests(session), before);
  EXPECT_EQ(runs(), "0");
}

TEST_F(TickRun, StopWhileItWaits_RollsBackAndIsReported) {
  seed({.players = 100});
  const auto before = test::digests(session);
  pg::Transaction holder = session.begin();
  holder.query("SELECT FROM players WHERE NOT is_dead ORDER BY player_id DESC LIMIT 1 FOR UPDATE");
  std::stop_source source;
  pg::Session mine = database.connect(source.get_token());
  bool blocked = false;
  const std::jthread stopper =
      test::stop_when(database, test::is_blocked(test::backend_of(mine)), source, blocked);
  const core::Result result = tick::run(mine, tick::load(catalog, "stamina"), {}, recorder);
  EXPECT_TRUE(blocked);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.verdict, Verdict::kInconclusive);
  EXPECT_EQ(metric(result, "rows"), "0");
  EXPECT_THAT(result.notes, ElementsAre("interrupted: rolled back, no row was changed"));
  holder.commit();
  EXPECT_EQ(test::digests(session), before);
  EXPECT_EQ(runs(), "0");
}

TEST_F(TickRun, StopBetweenTwoRows_RollsBackThoseBefore) {
  seed({.players = 1500, .dead_ratio = 0, .only = {"players"}});
  const auto before = test::digests(session);
  test::Stopper stopper("stamina", 500);
  pg::Session mine = database.connect(stopper.token());
  const core::Result result =
      tick::run(mine, tick::load(catalog, "stamina"), {.strategy = Strategy::kRows}, stopper);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(test::digests(session), before);
  EXPECT_EQ(runs(), "0");
}

TEST_F(TickRun, StopBeforeTheStart_ChangesNothing) {
  seed({.players = 100});
  const auto before = test::digests(session);
  std::stop_source source;
  source.request_stop();
  pg::Session mine = database.connect(source.get_token());
  for (const Strategy strategy : {Strategy::kSet, Strategy::kRows}) {
    const core::Result result =
        tick::run(mine, tick::load(catalog, "stamina"), {.strategy = strategy}, recorder);
    EXPECT_TRUE(result.interrupted);
  }
  EXPECT_EQ(test::digests(session), before);
}

TEST_F(TickRun, MissingTable_IsNamed) {
  session.query("DROP TABLE dropped_items");
  const Error error = failing("decay");
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "there is no table \"dropped_items\" (search path: public)");
}

TEST_F(TickRun, MissingColumn_IsNamed) {
  session.query("ALTER TABLE players RENAME COLUMN endurance TO toughness");
  const Error error = failing("stamina");
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "tick stamina: column \"endurance\" does not exist");
}

TEST_F(TickRun, TablesOfOtherNames_AreTickedAlike) {
  init(test::kAwkward);
  const std::string in = pg::quote_identifier(test::kAwkward) + ".";
  session.query("ALTER TABLE " + in + "players RENAME TO \"Game Players\"");
  const pg::Naming naming(test::kAwkward, {"players=Game Players"});
  seed({.players = 200});
  const std::string elsewhere = test::digest(session, "players");
  for (const Strategy strategy : {Strategy::kSet, Strategy::kRows}) {
    seed({.players = 200,
          .dead_ratio = 0,
          .effects = 50,
          .existing = seed::Existing::kReplace,
          .naming = naming});
    EXPECT_EQ(metric(run("stamina", {.strategy = strategy, .naming = naming}), "rows"), "200");
    EXPECT_EQ(metric(run("status-effects", {.strategy = strategy, .naming = naming}), "rows"),
              "50");
  }
  EXPECT_EQ(test::digest(session, "players"), elsewhere);
  EXPECT_THAT(lines("SELECT DISTINCT schema_name FROM scalectl.tick_runs"),
              ElementsAre(test::kAwkward));
}

}  // namespace
}  // namespace scalectl
