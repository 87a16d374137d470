// tick list, run and status.
#include <gmock/gmock.h>

#include "core/text.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class Tick : public OnDatabase {
 protected:
  const std::string kDue =
      "SELECT count(*) FROM players WHERE NOT is_dead AND stamina < max_stamina";
};

TEST_F(Tick, List_ShowsThresholdsAndParameters) {
  const core::Value result = json(scalectl({"tick", "list", "--format", "json"}).out);
  std::map<std::string, std::string> thresholds;
  std::map<std::string, std::string> parameters;
  for (const core::Value& row : *at(result, "tables.ticks").if_array()) {
    thresholds[text_at(row, "tick")] = text_at(row, "threshold");
    parameters[text_at(row, "tick")] = text_at(row, "parameters");
  }
  EXPECT_EQ(thresholds, (std::map<std::string, std::string>{{"combat", "10s"},
                                                            {"decay", "5s"},
                                                            {"respawn", "5s"},
                                                            {"stamina", "5s"},
                                                            {"status-effects", "5s"}}));
  EXPECT_EQ(parameters["combat"], "--idle 5m");
  EXPECT_EQ(parameters["decay"], "--older-than 1h");
}

TEST_F(Tick, Stamina_GivesOneStepAndSaysSoInSeedsWords) {
  seed("300");
  const std::string due = cell(kDue);
  sql("CREATE TABLE expected AS SELECT player_id, CASE WHEN is_dead THEN stamina"
      " ELSE LEAST(stamina + 1 + endurance / 10, max_stamina) END AS stamina FROM players");
  const Outcome outcome = scalectl({"tick", "run", "stamina"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, MatchesRegex("INFO - Regenerated stamina for " + due +
                                        " players in [0-9]+\\.[0-9][0-9]s\n"));
  EXPECT_THAT(outcome.out,
              MatchesRegex("tick run stamina: pass, excellent \\(.*, threshold 5 s\\)\n"
                           "(.*\n)*.*rows +" +
                           due + "\n(.*\n)*"));
  EXPECT_EQ(cell("SELECT count(*) FROM players JOIN expected USING (player_id)"
                 " WHERE players.stamina <> expected.stamina"),
            "0");
}

TEST_F(Tick, RowsStrategy_DoesTheSameAsSet) {
  seed("300");
  const std::string due = cell(kDue);
  sql("CREATE TABLE copy AS TABLE players");
  ASSERT_EQ(scalectl({"tick", "run", "stamina"}).code, 0);
  const std::string by_set =
      cell("SELECT string_agg(stamina::text, ',' ORDER BY player_id) FROM players");
  sql("UPDATE players SET stamina = copy.stamina FROM copy WHERE copy.player_id = "
      "players.player_id");
  const Outcome rows =
      scalectl({"tick", "run", "stamina", "--strategy", "rows", "--format", "json"});
  ASSERT_EQ(rows.code, 0) << rows.err;
  EXPECT_EQ(std::to_string(integer_at(json(rows.out), "metrics.rows")), due);
  EXPECT_EQ(integer_at(json(rows.out), "metrics.statements"), 1 + std::stoi(due));
  EXPECT_EQ(cell("SELECT string_agg(stamina::text, ',' ORDER BY player_id) FROM players"), by_set);
}

TEST_F(Tick, CombatAndDecay_TakeTheirParameters) {
  seed("500", {"--as-of", "now"});
  sql("UPDATE active_combats SET turn_started_at = now() - interval '3 min';"
      "UPDATE dropped_items SET dropped_at = now() - interval '30 min';");
  const auto rows = [&](const std::vector<std::string>& command) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--format", "json"});
    return integer_at(json(scalectl(arguments).out), "metrics.rows");
  };
  EXPECT_EQ(rows({"tick", "run", "combat"}), 0);
  EXPECT_EQ(rows({"tick", "run", "combat", "--idle", "2m"}), 10);
  EXPECT_EQ(rows({"tick", "run", "decay"}), 0);
  EXPECT_EQ(rows({"tick", "run", "decay", "--older-than", "29m"}), 100);
  EXPECT_EQ(cell("SELECT count(*) FROM dropped_items"), "0");
}

TEST_F(Tick, FullPages_AreNamedAsTheCauseWithTheCommandThatHelps) {
  seed("3000");
  sql("UPDATE players SET is_dead = false, hp = max_hp, stamina = 0");
  sql("VACUUM FULL players");
  const Outcome outcome = scalectl({"tick", "run", "stamina"});
  EXPECT_THAT(outcome.out,
              HasSubstr("the pages of \"public\".\"players\" are full (fillfactor 100)"));
  EXPECT_THAT(outcome.out, HasSubstr("; scalectl db migrate game --layout hot makes room"));
}

TEST_F(Tick, OverThreshold_WarnsAndExitsZeroUnlessStrict) {
  seed("100");
  const std::vector<std::string> slow{"tick",      "run",      "stamina", "--warn-after",
                                      "0.000001s", "--format", "json"};
  const Outcome lenient = scalectl(slow);
  EXPECT_EQ(lenient.code, 0);
  EXPECT_THAT(lenient.err,
              MatchesRegex("INFO - Regenerated stamina for [0-9]+ players in [0-9.]+s\n"
                           "WARNING - Stamina regeneration took 0\\.[0-9]{6}s "
                           "\\(threshold: 0\\.000001s\\)\n"));
  EXPECT_EQ(text_at(json(lenient.out), "verdict"), "warn");
  EXPECT_EQ(text_at(json(lenient.out), "band"), "warning");

  auto strict_arguments = slow;
  strict_arguments.emplace_back("--strict");
  const Outcome strict = scalectl(strict_arguments);
  EXPECT_EQ(strict.code, 1);
  EXPECT_EQ(text_at(json(strict.out), "verdict"), "fail");
  EXPECT_THAT(strict.err, HasSubstr("WARNING - Stamina regeneration took"));
  EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs WHERE band = 'warning'"), "2");
}

TEST_F(Tick, SlowTickOfAFile_WarnsInItsOwnWords) {
  TemporaryDirectory directory;
  directory.write("ticks/slow.v1.sql",
                  "-- tick: slow\n-- summary: Sleeps.\n-- every: 1m\n-- warn-after: 20ms\n"
                  "-- log: {rows} slept {elapsed}s\n\n"
                  "UPDATE :\"players\" SET stamina = stamina FROM pg_sleep(0.05) WHERE TRUE;\n");
  seed("10");
  const Outcome outcome = scalectl({"tick", "run", "slow", "--sql-dir", directory.path()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, MatchesRegex("INFO - 10 slept 0\\.[0-9][0-9]s\n"
                                        "WARNING - Tick slow took 0\\.[0-9][0-9]s "
                                        "\\(threshold: 0\\.02s\\)\n"));
}

TEST_F(Tick, Quiet_IsSilentOnSuccessAndNotOnAWarning) {
  seed("100");
  const Outcome good = scalectl({"tick", "run", "--all", "--quiet"});
  EXPECT_EQ(good.code, 0);
  EXPECT_EQ(good.out, "");
  EXPECT_EQ(good.err, "");
  const Outcome slow = scalectl({"tick", "run", "stamina", "-q", "--warn-after", "1us"});
  EXPECT_EQ(slow.code, 0);
  EXPECT_THAT(slow.out, HasSubstr("tick run stamina: warn"));
  EXPECT_THAT(slow.err, AllOf(HasSubstr("WARNING - "), Not(HasSubstr("INFO"))));
}

TEST_F(Tick, RowHeldByAnother_IsBusyAfterTheLockTimeout) {
  seed("50");
  const std::string before = everything();
  pg::Session holder = database_.connect();
  pg::Transaction tx = holder.begin();
  const std::string pid = tx.query("SELECT pg_backend_pid() AS pid").text(0, "pid");
  tx.query("LOCK TABLE players IN SHARE MODE");
  for (const char* strategy : {"set", "rows"}) {
    const Outcome outcome =
        scalectl({"tick", "run", "stamina", "--lock-timeout", "100ms", "--strategy", strategy});
    EXPECT_TRUE(is_refusal(outcome, 4)) << strategy;
    EXPECT_THAT(outcome.err, HasSubstr("lock timeout"));
    EXPECT_THAT(outcome.err, HasSubstr("; locks on its tables: pid " + pid + " (user "));
    EXPECT_THAT(outcome.err, HasSubstr("idle in transaction) since 20"));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Tick, AllWithOneThatFails_ShowsTheResultsOfThoseBefore) {
  seed("100");
  pg::Session holder = database_.connect();
  pg::Transaction tx = holder.begin();
  tx.query("LOCK TABLE players IN SHARE MODE");
  const Outcome outcome =
      scalectl({"tick", "run", "--all", "--lock-timeout", "100ms", "--format", "json"});
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("stamina failed"));
  EXPECT_THAT(outcome.err, HasSubstr("3 before it ran, not run: status-effects"));
  const auto lines = core::split(std::string(core::trim(outcome.out)), '\n');
  ASSERT_EQ(lines.size(), 3U) << "combat, decay and respawn come before stamina";
  EXPECT_EQ(text_at(json(lines[0]), "name"), "combat");
  EXPECT_EQ(text_at(json(lines[1]), "name"), "decay");
  EXPECT_EQ(text_at(json(lines[2]), "name"), "respawn");
}

TEST_F(Tick, Status_ShowsLastRunPercentilesAndTrend) {
  seed("50");
  ASSERT_EQ(scalectl({"tick", "run", "stamina"}).code, 0);
  sql("DELETE FROM scalectl.tick_runs;"
      "INSERT INTO scalectl.tick_runs (tick, schema_name, strategy, params, started_at, elapsed_s,"
      " threshold_s, band, rows, statements, wal_bytes)"
      " SELECT 'stamina', 'public', 'set', '{}', now() - (10 - n) * interval '1 min',"
      "        CASE WHEN n <= 5 THEN 1 ELSE 2 END, 5, 'good', 10 + n / 10, 1, 0"
      "   FROM generate_series(1, 10) AS n;");
  const Outcome outcome = scalectl({"tick", "status", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::map<std::string, core::Value> rows;
  const core::Value result = json(outcome.out);
  for (const core::Value& row : *at(result, "tables.ticks").if_array()) {
    rows[text_at(row, "tick")] = row;
  }
  ASSERT_EQ(rows.size(), 5U);
  const core::Value& stamina = rows["stamina"];
  EXPECT_EQ(integer_at(stamina, "rows"), 11);
  EXPECT_EQ(integer_at(stamina, "runs_1d"), 10);
  EXPECT_EQ(at(stamina, "elapsed_s").number(), 2);
  EXPECT_EQ(at(stamina, "p50_s").number(), 1.5);
  EXPECT_EQ(at(stamina, "p95_s").number(), 2);
  EXPECT_EQ(at(stamina, "trend_ratio").number(), 2);
  EXPECT_EQ(text_at(stamina, "trend"), "rising");
  EXPECT_EQ(text_at(rows["decay"], "last_run"), "never");
}

TEST_F(Tick, Bookkeeping_RemembersTheRunAsItWasShown) {
  seed("50");
  const core::Value result =
      json(scalectl({"tick", "run", "stamina", "--bonus", "3", "--format", "json"}).out);
  EXPECT_EQ(cell("SELECT tick || ' ' || schema_name || ' ' || strategy || ' ' || (params->>'bonus')"
                 " || ' ' || band FROM scalectl.tick_runs"),
            "stamina public set 3 excellent");
  EXPECT_EQ(cell("SELECT rows::text FROM scalectl.tick_runs"),
            std::to_string(integer_at(result, "metrics.rows")));
  EXPECT_EQ(std::stod(cell("SELECT elapsed_s FROM scalectl.tick_runs")),
            at(result, "elapsed_s").number());
}

}  // namespace
}  // namespace scalectl::test
