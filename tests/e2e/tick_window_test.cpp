// tick run --window: what a user, cron and a killed process see.
#include <gmock/gmock.h>

#include <csignal>
#include <deque>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"
#include "support/ticks.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// So long that no test meets the end of a window.
const std::vector<std::string> kOnce{"tick", "run", "stamina", "--window", "366d"};

class TickWindowOf : public OnDatabase {
 protected:
  void play(const std::string& players) {
    seed(players);
    ASSERT_EQ(scalectl({"tick", "run", "decay"}).code, 0);  // makes the bookkeeping
    make_countable(session_);
  }
  static std::vector<std::string> once(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = kOnce;
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--format", "json"});
    return arguments;
  }
  static std::string state(const Outcome& outcome) {
    return outcome.code == 0 ? text_at(json(outcome.out), "metrics.slot_state") : outcome.err;
  }
  std::string ticks() { return ticks_had(session_); }
  bool somebody_waits() {
    return eventually([&] { return cell("SELECT " + kSomebodyIsBlocked) == "t"; });
  }
  /// Waits until the server has noticed that the clients are gone.
  bool nobody_is_left() {
    return eventually([&] {
      return cell(
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                 "   AND application_name LIKE 'scalectl tick%'") == "0";
    });
  }
  void kill_hard(Running& running) {
    running.signal(SIGKILL);
    EXPECT_EQ(running.wait().code, 128 + SIGKILL);
  }
};

TEST_F(TickWindowOf, SecondRunInProm_IsToldByTheWindowsItWorked) {
  play("50");
  std::vector<std::string> command = kOnce;
  command.insert(command.end(), {"--format", "prom"});
  const std::string series =
      "scalectl_tick_run_windows_worked{name=\"stamina\",strategy=\"set\",catch_up=\"last\"} ";
  EXPECT_THAT(scalectl(command).out, HasSubstr(series + "1\n"));
  EXPECT_THAT(scalectl(command).out, HasSubstr(series + "0\n"));
}

TEST_F(TickWindowOf, SecondRun_ExitsZeroAndSaysAlreadyDone) {
  play("50");
  const Outcome first = scalectl(once());
  EXPECT_EQ(state(first), "worked");
  EXPECT_THAT(violations(json(first.out)), testing::IsEmpty());
  const Outcome second = scalectl(once());
  EXPECT_EQ(state(second), "already_done");
  EXPECT_THAT(second.err, HasSubstr("INFO - tick stamina: already done"));
  const core::Value result = json(second.out);
  EXPECT_THAT(violations(result), testing::IsEmpty());
  EXPECT_EQ(text_at(result, "verdict"), "pass");
  EXPECT_EQ(integer_at(result, "metrics.rows"), 0);
  EXPECT_EQ(integer_at(result, "metrics.token"), 1);
  const Outcome text = scalectl(kOnce);
  EXPECT_THAT(text.out, HasSubstr("note: already done"));
  const Outcome quiet = scalectl(once({"--quiet"}));
  EXPECT_EQ(quiet.code, 0);
  EXPECT_EQ(quiet.out + quiet.err, "");
  EXPECT_EQ(ticks(), "1:50");
}

TEST_F(TickWindowOf, TwoAndTenAtOnce_WorkExactlyOnce) {
  play("500");
  for (const int count : {2, 10}) {
    sql("DELETE FROM scalectl.tick_slots");
    std::deque<Running> runs;
    for (int i = 0; i < count; ++i) runs.emplace_back(once(), environment());
    std::map<std::string, int> states;
    for (Running& running : runs) ++states[state(running.wait())];
    EXPECT_EQ(states["worked"], 1);
    EXPECT_EQ(states["held"] + states["already_done"], count - 1);
  }
  EXPECT_EQ(ticks(), "2:500");
}

TEST_F(TickWindowOf, KilledBetweenWorkAndCommit_IsDoneByTheNextRun) {
  play("50");
  {
    pg::Session other = database_.connect();
    pg::Transaction holder = other.begin();
    holder.query(
        "LOCK TABLE scalectl.tick_runs IN SHARE MODE");  // the work is done, its record waits
    Running killed(once(), environment());
    ASSERT_TRUE(somebody_waits());
    ASSERT_EQ(cell("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                   "   AND query LIKE 'INSERT INTO scalectl.tick_runs%'"),
              "1");
    kill_hard(killed);
  }
  ASSERT_TRUE(nobody_is_left());
  EXPECT_EQ(ticks(), "0:50");
  EXPECT_EQ(state(scalectl(once())), "worked");
  EXPECT_EQ(state(scalectl(once())), "already_done");
  EXPECT_EQ(ticks(), "1:50");
}

TEST_F(TickWindowOf, KilledAfterCommit_IsNotDoneAgain) {
  play("50");
  sql("CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
      "  $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$;"
      "CREATE TRIGGER wait BEFORE UPDATE ON scalectl.tick_runs FOR EACH ROW EXECUTE FUNCTION "
      "wait()");
  for (const char* strategy : {"set", "batched"}) {
    sql("DELETE FROM scalectl.tick_slots");
    {
      pg::Session other = database_.connect();
      pg::Transaction holder = other.begin();
      holder.query("SELECT pg_advisory_xact_lock(42)");
      Running killed(once({"--strategy", strategy}), environment());
      ASSERT_TRUE(somebody_waits());
      EXPECT_EQ(cell("SELECT token || state FROM scalectl.tick_slots"), "1done");
      kill_hard(killed);
    }
    ASSERT_TRUE(nobody_is_left());
    EXPECT_EQ(state(scalectl(once({"--strategy", strategy}))), "already_done") << strategy;
  }
  EXPECT_EQ(ticks(), "2:50");
}

TEST_F(TickWindowOf, KilledInBatches_IsResumedAndEveryPlayerIsTickedOnce) {
  play("2000");
  const auto batches = once({"--strategy", "batched", "--batch", "50", "--workers", "3"});
  pg::Session other = database_.connect();
  for (const char* remainder : {"100", "160", "20"}) {  // three places in each worker's share
    pg::Transaction holder = other.begin();
    holder.query("SELECT FROM players WHERE player_id % 170 = $1 FOR UPDATE", {remainder});
    Running killed(batches, environment());
    ASSERT_TRUE(eventually([&] {
      return cell(
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                 "   AND pg_blocking_pids(pid) <> '{}'") == "3";
    }));
    kill_hard(killed);
    holder.commit();
    ASSERT_TRUE(nobody_is_left());
    EXPECT_EQ(cell("SELECT state FROM scalectl.tick_slots"), "working");
  }
  const Outcome last = scalectl(batches);
  EXPECT_EQ(state(last), "resumed");
  const core::Value result = json(last.out);
  EXPECT_EQ(integer_at(result, "metrics.token"), 4);
  EXPECT_EQ(integer_at(result, "metrics.rows") + integer_at(result, "metrics.rows_before"), 2000);
  EXPECT_EQ(ticks(), "1:2000");
  EXPECT_EQ(state(scalectl(batches)), "already_done");
}

TEST_F(TickWindowOf, InterruptedInBatches_Exits130AndSaysHowFarItCame) {
  play("1000");
  const auto batches = once({"--strategy", "batched", "--batch", "100"});
  pg::Session other = database_.connect();
  pg::Transaction holder = other.begin();
  holder.query("SELECT FROM players WHERE player_id = 450 FOR UPDATE");
  Running running(batches, environment());
  ASSERT_TRUE(somebody_waits());
  running.signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return !running.has_pending(SIGINT); }));
  holder.commit();  // the batch under way is finished, and no other is begun
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(text_at(json(outcome.out), "notes.0"),
            "interrupted after 500 rows in 5 batches, which are done; the next run goes on from "
            "there");
  EXPECT_EQ(ticks(), "0:500 1:500");
  EXPECT_EQ(state(scalectl(batches)), "resumed");
  EXPECT_EQ(ticks(), "1:1000");
}

TEST_F(TickWindowOf, HeldByAnother_EndsAsOnHeldSays) {
  play("50");
  pg::Session other = database_.connect();
  pg::Transaction holder = other.begin();
  holder.query("SELECT FROM players LIMIT 1 FOR UPDATE");
  Running running(once(), environment());
  ASSERT_TRUE(somebody_waits());
  EXPECT_EQ(state(scalectl(once())), "held");
  const Outcome fail = scalectl(once({"--on-held", "fail"}));
  EXPECT_TRUE(is_refusal(fail, 4));
  EXPECT_THAT(fail.err, HasSubstr("another run is at work: pid "));
  EXPECT_TRUE(is_refusal(scalectl(once({"--on-held", "wait", "--lock-timeout", "100ms"})), 4));
  holder.commit();
  EXPECT_EQ(state(scalectl(once({"--on-held", "wait"}))), "already_done");
  EXPECT_EQ(state(running.wait()), "worked");
  EXPECT_EQ(ticks(), "1:50");
}

TEST_F(TickWindowOf, Contradictions_AreUsageErrors) {
  const std::string before = everything();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--catch-up", "all"}, "--catch-up means nothing without --window"},
      {{"--on-held", "fail"}, "--on-held means nothing without --window"},
      {{"--workers", "2"}, "--workers belongs to --strategy batched"},
      {{"--batch", "5", "--strategy", "rows"}, "--batch belongs to --strategy batched"},
      {{"--window", "0"}, "--window 0s is no length of windows"},
      {{"--strategy", "batched", "--batch", "0"}, "--batch must be more than zero"},
      {{"--strategy", "batched", "--workers", "65"}, "--workers 65 is not between 1 and 64"},
      {{"--strategy", "epochs"}, "epochs"},
      {{"--window", "5m", "--catch-up", "some"}, "some"}};
  for (const auto& [more, message] : cases) {
    std::vector<std::string> arguments{"tick", "run", "stamina"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  EXPECT_TRUE(is_refusal(scalectl({"tick", "run", "decay", "--strategy", "epoch"}), 2));
  EXPECT_EQ(everything(), before);
}

TEST_F(TickWindowOf, List_ShowsTheStrategies) {
  const core::Value result = json(scalectl({"tick", "list", "--format", "json"}).out);
  std::map<std::string, std::string> strategies;
  for (const core::Value& row : *at(result, "tables.ticks").if_array()) {
    strategies[text_at(row, "tick")] = text_at(row, "strategies");
  }
  EXPECT_EQ(strategies["stamina"], "set, rows, batched, epoch");
  EXPECT_EQ(strategies["combat"], "set, rows, batched");
}

}  // namespace
}  // namespace scalectl::test
