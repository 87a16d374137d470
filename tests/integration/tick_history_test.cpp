// tick status against runs written by hand.
#include <gmock/gmock.h>

#include "support/game.hpp"
#include "tick/history.hpp"

namespace scalectl {
namespace {

using test::column;
using testing::ElementsAre;

struct TickHistory : test::GameTest {
  TickHistory() { init(); }

  /// A run of `tick` that began `age` ago.
  void ran(const char* tick, const char* age, const char* elapsed, const char* strategy = "set",
           const char* rows = "10") {
    session.query(
        "INSERT INTO scalectl.tick_runs (tick, schema_name, strategy, params, started_at, "
        "elapsed_s,"
        "  threshold_s, band, rows, statements, wal_bytes)"
        " VALUES ($1, 'public', $4, '{}', now() - $2::interval, $3, 5, 'good', $5, 1, 0)",
        {tick, age, elapsed, strategy, rows});
  }
  core::Result status() { return tick::status(session, tick::load_all(catalog)); }
  core::Result stamina_only() { return tick::status(session, {tick::load(catalog, "stamina")}); }
};

TEST_F(TickHistory, FourRunsThatGrow_AreRising) {
  ran("stamina", "4 h", "1", "set", "40");
  ran("stamina", "3 h", "2", "set", "150");
  ran("stamina", "2 h", "3", "set", "80");
  ran("stamina", "1 h", "4", "set", "77");
  const core::Result result = stamina_only();
  EXPECT_THAT(column(result, "tick"), ElementsAre("\"stamina\""));
  EXPECT_THAT(column(result, "elapsed_s"), ElementsAre("4.0"));
  EXPECT_THAT(column(result, "rows"), ElementsAre("77"));
  EXPECT_THAT(column(result, "runs_1d"), ElementsAre("4"));
  // percentile_cont: position q·(n−1), between neighbours linearly.
  EXPECT_THAT(column(result, "p50_s"), ElementsAre("2.5"));
  EXPECT_NEAR(result.tables[0].rows[0][8].number(), 3.85, 1e-12);
  EXPECT_NEAR(result.tables[0].rows[0][9].number(), 3.5 / 1.5, 1e-12);
  EXPECT_THAT(column(result, "trend"), ElementsAre("\"rising\""));
}

TEST_F(TickHistory, RunsWithFarMoreOrFewerRows_SayNothingOfTheTrend) {
  ran("stamina", "5 h", "9", "set", "1000");
  ran("stamina", "4 h", "1", "set", "0");
  ran("stamina", "3 h", "2");
  ran("stamina", "2 h", "2");
  ran("stamina", "1 h", "2");
  EXPECT_THAT(column(stamina_only(), "trend"), ElementsAre("null"));
  ran("stamina", "30 min", "2");
  EXPECT_THAT(column(stamina_only(), "trend"), ElementsAre("\"steady\""));
}

TEST_F(TickHistory, FourRunsThatShrink_AreFalling) {
  ran("stamina", "4 h", "4");
  ran("stamina", "3 h", "3");
  ran("stamina", "2 h", "2");
  ran("stamina", "1 h", "1");
  const core::Result result = stamina_only();
  EXPECT_NEAR(result.tables[0].rows[0][9].number(), 1.5 / 3.5, 1e-12);
  EXPECT_THAT(column(result, "trend"), ElementsAre("\"falling\""));
}

TEST_F(TickHistory, ChangeWithinAFifth_IsSteady) {
  ran("stamina", "4 h", "1");
  ran("stamina", "3 h", "1");
  ran("stamina", "2 h", "1.1");
  ran("stamina", "1 h", "1.1");
  EXPECT_THAT(column(stamina_only(), "trend"), ElementsAre("\"steady\""));
}

TEST_F(TickHistory, FewerThanFourRuns_HaveNoTrend) {
  ran("stamina", "3 h", "1");
  ran("stamina", "2 h", "5");
  ran("stamina", "1 h", "9");
  const core::Result result = stamina_only();
  EXPECT_THAT(column(result, "p50_s"), ElementsAre("5.0"));
  EXPECT_THAT(column(result, "trend_ratio"), ElementsAre("null"));
  EXPECT_THAT(column(result, "trend"), ElementsAre("null"));
}

TEST_F(TickHistory, RunsOlderThanADay_CountAsTheLastRunOnly) {
  ran("stamina", "3 d", "9");
  ran("stamina", "2 d", "3");
  const core::Result old = stamina_only();
  EXPECT_THAT(column(old, "elapsed_s"), ElementsAre("3.0"));
  EXPECT_THAT(column(old, "runs_1d"), ElementsAre("0"));
  EXPECT_THAT(column(old, "p50_s"), ElementsAre("null"));
  ran("stamina", "1 h", "1");
  EXPECT_THAT(column(stamina_only(), "runs_1d"), ElementsAre("1"));
  EXPECT_THAT(column(stamina_only(), "p95_s"), ElementsAre("1.0"));
}

TEST_F(TickHistory, Strategies_AreKeptApart) {
  ran("stamina", "2 h", "8", "rows");
  ran("stamina", "1 h", "2", "set");
  const core::Result result = stamina_only();
  EXPECT_THAT(column(result, "strategy"), ElementsAre("\"rows\"", "\"set\""));
  EXPECT_THAT(column(result, "p50_s"), ElementsAre("8.0", "2.0"));
}

TEST_F(TickHistory, LastRunInAWindow_ShowsWhichItWas) {
  ran("stamina", "1 h", "1");
  ran("stamina", "2 h", "1", "rows");
  session.query(
      "UPDATE scalectl.tick_runs SET slot = 5891184, window_s = 300 WHERE strategy = 'set'");
  const core::Result result = stamina_only();
  EXPECT_THAT(column(result, "window_s"), ElementsAre("null", "300.0"));
  EXPECT_THAT(column(result, "window_from"), ElementsAre("null", "\"2026-01-02T12:00:00Z\""));
  session.query("ALTER TABLE scalectl.tick_runs DROP COLUMN slot, DROP COLUMN window_s");
  EXPECT_THAT(column(stamina_only(), "window_s"), ElementsAre("null", "null"));
}

TEST_F(TickHistory, TicksThatNeverRan_AreListedAsSuch) {
  ran("combat", "1 h", "1");
  const core::Result result = status();
  EXPECT_THAT(column(result, "tick"), ElementsAre("\"combat\"", "\"decay\"", "\"respawn\"",
                                                  "\"stamina\"", "\"status-effects\""));
  const auto last = column(result, "last_run");
  EXPECT_EQ(last[0].size(), std::string("\"2026-01-02T03:04:05Z\"").size());
  EXPECT_THAT(std::vector<std::string>(last.begin() + 1, last.end()),
              ElementsAre("\"never\"", "\"never\"", "\"never\"", "\"never\""));
}

TEST_F(TickHistory, DatabaseWithoutBookkeeping_HasNoRuns) {
  session.query("DROP SCHEMA scalectl CASCADE");
  EXPECT_THAT(column(stamina_only(), "last_run"), ElementsAre("\"never\""));
}

}  // namespace
}  // namespace scalectl
