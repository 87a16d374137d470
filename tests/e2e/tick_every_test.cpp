// tick every: the daemon as systemd, cron's successors and people meet it.
#include <gmock/gmock.h>

#include <csignal>

#include "process/files.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"
#include "support/service_manager.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class TickEvery : public OnDatabase {
 protected:
  Running start(std::vector<std::string> arguments, Environment more = {}) const {
    arguments.insert(arguments.begin(), {"tick", "every"});
    arguments.insert(arguments.end(), {"--format", "json"});
    more.emplace_back("DATABASE_URL", database_.dsn());
    return Running(arguments, more);
  }
  int runs() { return std::stoi(cell("SELECT count(*) FROM scalectl.tick_runs")); }
  bool blocked() {
    return cell(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
               " AND application_name = 'scalectl tick every' AND wait_event_type = 'Lock'") == "1";
  }
};

TEST_F(TickEvery, TwoDaemons_WorkEachWindowOnceAndReport) {
  seed("50");
  const std::vector<std::string> command{"stamina", "--every",  "500ms", "--for",
                                         "2s",      "--jitter", "50ms"};
  Running one = start(command);
  Running two = start(command);
  std::int64_t worked = 0;
  for (Running* daemon : {&one, &two}) {
    const Outcome outcome = daemon->wait();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty());
    EXPECT_EQ(text_at(result, "command"), "tick every");
    EXPECT_EQ(text_at(result, "name"), "stamina");
    EXPECT_EQ(integer_at(result, "metrics.runs"),
              integer_at(result, "metrics.worked") + integer_at(result, "metrics.already_done") +
                  integer_at(result, "metrics.held") + integer_at(result, "metrics.failed"));
    worked += integer_at(result, "metrics.worked");
  }
  EXPECT_GE(worked, 1);
  EXPECT_EQ(runs(), worked);
  EXPECT_EQ(cell("SELECT count(*) = count(DISTINCT slot) FROM scalectl.tick_runs"), "t");
  EXPECT_EQ(cell("SELECT max(token) FROM scalectl.tick_slots"), std::to_string(worked));
}

TEST_F(TickEvery, Sigterm_LetsTheRunEndAndTellsTheManager) {
  seed("50");
  const TemporaryDirectory directory;
  const ServiceManager manager(directory.path() + "/notify");
  const std::string prom = directory.path() + "/tick.prom";
  pg::Session holder = database_.connect();
  std::optional<pg::Transaction> tx = holder.begin();
  tx->query("LOCK TABLE players IN SHARE MODE");
  Running daemon(
      {"tick", "every", "stamina", "--every", "1h", "--lock-timeout", "1m", "--format", "prom",
       "-o", prom},
      {{"DATABASE_URL", database_.dsn()}, {"NOTIFY_SOCKET", directory.path() + "/notify"}});
  EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=tick stamina every 1h");
  ASSERT_TRUE(eventually([&] { return blocked(); }));
  daemon.signal(SIGTERM);
  EXPECT_THAT(manager.receive(), StartsWith("STOPPING=1\n"));
  EXPECT_TRUE(blocked());  // and nothing has cancelled it
  tx.reset();
  EXPECT_THAT(manager.receive(), AllOf(StartsWith("STATUS=1 run: 1 worked"), HasSubstr("rows in")));
  const Outcome outcome = daemon.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(runs(), 1);
  EXPECT_THAT(process::read_file(prom),
              HasSubstr("scalectl_tick_every_worked{name=\"stamina\",catch_up=\"last\","
                        "strategy=\"set\"} 1\n"));
}

TEST_F(TickEvery, LostConnection_IsMadeAgain) {
  seed("50");
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/now.json";
  Running daemon = start({"stamina", "--every", "300ms", "-o", file});
  ASSERT_TRUE(eventually([&] { return cell("SELECT to_regclass('scalectl.tick_runs')") != ""; }));
  ASSERT_TRUE(eventually([&] { return runs() >= 1; }));
  const int before = runs();
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
      " WHERE datname = current_database() AND application_name = 'scalectl tick every'");
  ASSERT_TRUE(eventually([&] { return runs() > before + 1; }));
  // What the file says while the daemon goes on is a whole Result.
  EXPECT_EQ(text_at(json(process::read_file(file)), "command"), "tick every");
  daemon.signal(SIGINT);
  const Outcome outcome = daemon.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("ERROR - "), HasSubstr("INFO - Connected again\n")));
  const core::Value result = json(process::read_file(file));
  EXPECT_EQ(integer_at(result, "metrics.reconnects"), 1);
  EXPECT_LE(integer_at(result, "metrics.worked"), runs());  // a COMMIT may have lost its answer
  EXPECT_EQ(cell("SELECT count(*) = count(DISTINCT slot) FROM scalectl.tick_runs"), "t");
}

TEST_F(TickEvery, MaxFailures_EndItWithAResultAndExit5) {
  seed("50");
  pg::Session holder = database_.connect();
  pg::Transaction tx = holder.begin();
  tx.query("LOCK TABLE players IN SHARE MODE");
  Running daemon = start({"stamina", "--every", "400ms", "--lock-timeout", "20ms", "--max-failures",
                          "2", "--on-held", "wait"});
  const Outcome outcome = daemon.wait();
  EXPECT_EQ(outcome.code, 5);
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_EQ(text_at(result, "verdict"), "fail");
  EXPECT_EQ(integer_at(result, "metrics.failed"), 2);
  EXPECT_EQ(integer_at(result, "metrics.worked"), 0);
  EXPECT_THAT(outcome.err, HasSubstr("ERROR - tick every: gave up after 2 failures in a row"));
  EXPECT_EQ(runs(), 0);
}

TEST_F(TickEvery, WhereNoRunWorks_Exits5) {
  seed("50");
  pg::Session holder = database_.connect();
  pg::Transaction tx = holder.begin();
  tx.query("LOCK TABLE players IN SHARE MODE");
  Running daemon({"tick", "every", "stamina", "--every", "400ms", "--lock-timeout", "20ms", "--for",
                  "100ms", "--strict", "--format", "junit"},
                 {{"DATABASE_URL", database_.dsn()}});
  const Outcome outcome = daemon.wait();
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("<testsuite"), HasSubstr("<failure")));
  EXPECT_THAT(outcome.err, HasSubstr("ERROR - tick every: no run worked: tick stamina: "));
}

TEST_F(TickEvery, UserSqlFile_RunsWithItsOwnDefaults) {
  seed("20");
  const TemporaryDirectory directory;
  const std::string file = directory.write("rest.sql", "UPDATE players SET xp = xp + 1 WHERE true");
  const Outcome outcome =
      scalectl({"tick", "every", file, "--for", "1ms", "--catch-up", "none", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_EQ(at(result, "params.every_s").number(), 300);
  EXPECT_EQ(text_at(result, "params.catch_up"), "none");
  EXPECT_EQ(integer_at(result, "metrics.runs"), 0);
}

TEST_F(TickEvery, WhatCannotWork_IsRefusedBeforeAnythingIsTouched) {
  seed("20");
  const std::string before = everything();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"stamina", "--every", "0"}, "--every 0s is too short"},
      {{"stamina", "--every", "1.0005s"}, "--every 1.0005s is no length of windows"},
      {{"stamina", "--every", "5s", "--jitter", "6s"}, "--jitter 6s is longer than the window"},
      {{"stamina", "--max-failures", "0"}, "--max-failures 0"},
      {{"stamina", "--for", "0"}, "--for must be more than zero"},
      {{"stamna"}, "there is no tick \"stamna\""},
      {{}, "tick every: TICK is required"},
      {{"stamina", "--set", "bonsu=1"}, "bonsu"},
      {{"stamina", "--table", "players=nobody"}, "nobody"},
      {{"decay", "--strategy", "epoch"}, "tick decay has no epoch form"}};
  for (auto [arguments, message] : cases) {
    arguments.insert(arguments.begin(), {"tick", "every"});
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace scalectl::test
