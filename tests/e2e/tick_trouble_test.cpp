// tick run --window where the server dies, and behind a connection pooler; on servers of the tests'
// own.
#include <gmock/gmock.h>

#include <csignal>
#include <optional>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"
#include "support/ticks.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class TickTrouble : public testing::Test {
 protected:
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"lab", "up", "--fast", "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome up = home_.scalectl(arguments);
    ASSERT_EQ(up.code, 0) << up.err;
    up_ = json(up.out);
    dsn_ = text_at(up_, "metrics.env.DATABASE_URL");
    session_.emplace(pg::Target{dsn_}, "scalectl test");
    ASSERT_EQ(scalectl({"seed", "game", "--players", "2k", "--quiet"}).code, 0);
    make_countable(*session_);
  }
  Outcome scalectl(const std::vector<std::string>& arguments) {
    return home_.scalectl(arguments, {{"DATABASE_URL", dsn_}});
  }
  Environment environment() { return home_.environment({{"DATABASE_URL", dsn_}}); }
  /// A run in a window that no test meets the end of.
  static std::vector<std::string> once(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"tick", "run", "stamina", "--window", "366d"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--format", "json"});
    return arguments;
  }
  static std::string state(const Outcome& outcome) {
    return outcome.code == 0 ? text_at(json(outcome.out), "metrics.slot_state") : outcome.err;
  }
  std::string cell(const std::string& query) { return scalar(*session_, query); }
  void forget_windows() { session_->query("DELETE FROM scalectl.tick_slots"); }
  bool somebody_waits() {
    return eventually([&] { return cell("SELECT " + kSomebodyIsBlocked) == "t"; });
  }

  LabHome home_;
  core::Value up_;
  std::string dsn_;
  std::optional<pg::Session> session_;
};

TEST_F(TickTrouble, ServerThatDiesInTheMidst_ConsumesNoWindowAndTicksNobodyTwice) {
  ASSERT_NO_FATAL_FAILURE(start());
  // A fast lab would lose the last commits, the test's own too; here only those of batches are
  // asynchronous.
  session_->query("ALTER DATABASE lab SET synchronous_commit = on");
  session_->query("CHECKPOINT");
  session_.emplace(pg::Target{dsn_}, "scalectl test");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {once(), "worked"},
      {once({"--strategy", "batched", "--batch", "100", "--workers", "2"}), "resumed"}};
  for (const auto& [command, then] : cases) {
    pg::Session other(pg::Target{dsn_}, "scalectl test");
    pg::Transaction holder = other.begin();
    holder.query("SELECT FROM players WHERE player_id IN (450, 1450) FOR UPDATE");
    Running running(command, environment());
    ASSERT_TRUE(somebody_waits());
    // The server takes the death of one process for a crash, and restarts all of them.
    kill(std::stoi(cell("SELECT max(pid) FROM pg_stat_activity WHERE pg_blocking_pids(pid) <> "
                        "'{}'")),
         SIGKILL);
    const Outcome outcome = running.wait();
    EXPECT_THAT(outcome.code, AnyOf(3, 5)) << outcome.err;
    ASSERT_TRUE(eventually([&] { return pg::accepts_connections({dsn_}); }));
    session_.emplace(pg::Target{dsn_}, "scalectl test");
    EXPECT_EQ(state(scalectl(command)), then);
    EXPECT_EQ(ticks_had(*session_), "1:2000");
    EXPECT_EQ(state(scalectl(command)), "already_done");
    forget_windows();
    session_->query("UPDATE players SET stamina = 0");
  }
}

TEST_F(TickTrouble, Pgbouncer_ServesEveryStrategyAndLeaksNoLock) {
  ASSERT_NO_FATAL_FAILURE(start({"--pgbouncer"}));
  const std::string direct = dsn_;
  const std::string pooled = text_at(up_, "metrics.env.PGBOUNCER_URL");
  const auto batched = once({"--strategy", "batched", "--batch", "100", "--workers", "3"});
  dsn_ = pooled;
  for (const auto& command : {once(), batched, once({"--strategy", "rows"})}) {
    forget_windows();
    EXPECT_EQ(state(scalectl(command)), "worked");
    EXPECT_EQ(state(scalectl(command)), "already_done");
  }
  for (int i = 0; i < 2; ++i) {  // what a run prepares must not stay with the pooler's connection
    const Outcome rows = scalectl({"tick", "run", "stamina", "--strategy", "rows"});
    EXPECT_EQ(rows.code, 0) << rows.err;
  }
  EXPECT_EQ(ticks_had(*session_), "5:2000");

  forget_windows();
  pg::Session other(pg::Target{direct}, "scalectl test");
  pg::Transaction holder = other.begin();
  holder.query("SELECT FROM players WHERE player_id = 450 FOR UPDATE");
  Running running(batched, environment());
  ASSERT_TRUE(somebody_waits());
  EXPECT_EQ(state(scalectl(batched)), "held");
  EXPECT_EQ(state(scalectl(once())), "held");
  const Outcome fail = scalectl(once({"--on-held", "fail"}));
  EXPECT_TRUE(is_refusal(fail, 4));
  EXPECT_THAT(fail.err, HasSubstr("pid "));
  Running waiting(once({"--on-held", "wait", "--lock-timeout", "30s", "--strategy", "batched"}),
                  environment());
  holder.commit();
  EXPECT_EQ(state(running.wait()), "worked");
  EXPECT_EQ(state(waiting.wait()), "already_done");
  EXPECT_EQ(ticks_had(*session_), "6:2000");
  EXPECT_EQ(cell("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

}  // namespace
}  // namespace scalectl::test
