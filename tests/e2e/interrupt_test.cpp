// SIGINT and SIGTERM while a command works.
#include <gmock/gmock.h>

#include <csignal>
#include <thread>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Interrupt : public OnDatabase {
 protected:
  Running start(const std::vector<std::string>& arguments) const {
    return Running(arguments, environment());
  }
  /// Waits until the session called `application` does what `condition` says.
  testing::AssertionResult comes_to(const std::string& application, const std::string& condition) {
    const std::string query =
        "SELECT count(*) FROM pg_stat_activity AS a WHERE datname = current_database()"
        " AND application_name = '" +
        application + "' AND " + condition;
    return eventually([&] { return cell(query) == "1"; })
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << application << " never had " << condition;
  }
  static constexpr const char* kBlocked = "wait_event_type = 'Lock'";
  static constexpr const char* kCopying =
      "EXISTS (SELECT FROM pg_stat_progress_copy AS c WHERE c.pid = a.pid AND"
      " c.relid::regclass::text = 'players' AND tuples_processed > 1000)";
};

/// A lock on the players in a session of its own.
class LockedPlayers {
 public:
  explicit LockedPlayers(const Database& database)
      : session_(database.connect()), tx_(session_.begin()) {
    tx_.query("LOCK TABLE players IN SHARE MODE");
  }

 private:
  pg::Session session_;
  pg::Transaction tx_;
};

TEST_F(Interrupt, SigintDuringCopy_LeavesTheTablesAndAPartialResult) {
  seed("100");
  const std::string before = everything();
  Running running = start({"seed", "game", "--players", "3M", "--replace", "--format", "json"});
  ASSERT_TRUE(comes_to("scalectl seed game", kCopying));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  EXPECT_EQ(text_at(result, "command"), "seed");
  EXPECT_EQ(text_at(result, "verdict"), "inconclusive");
  EXPECT_EQ(integer_at(result, "metrics.rows"), 0);
  EXPECT_THAT(text_at(result, "notes.0"),
              AllOf(HasSubstr("interrupted"), HasSubstr("the tables are as they were")));
  EXPECT_EQ(everything(), before);
}

TEST_F(Interrupt, SigtermDuringCopy_ExitsWith143AndSaysSo) {
  seed("100");
  const std::string before = everything();
  Running running = start({"seed", "game", "--players", "3M", "--replace"});
  ASSERT_TRUE(comes_to("scalectl seed game", kCopying));
  running.signal(SIGTERM);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 143) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("the tables are as they were"));
  EXPECT_EQ(everything(), before);
}

TEST_F(Interrupt, SigintDuringTick_RollsBackAndWritesAPartialResult) {
  seed("100");
  const std::string before = everything();
  for (const char* strategy : {"set", "rows"}) {
    const LockedPlayers lock(database_);
    Running running = start({"tick", "run", "stamina", "--strategy", strategy, "--lock-timeout",
                             "10m", "--format", "json"});
    ASSERT_TRUE(comes_to("scalectl tick run", kBlocked));
    running.signal(SIGINT);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
    EXPECT_EQ(text_at(result, "name"), "stamina");
    EXPECT_EQ(text_at(result, "verdict"), "inconclusive");
    EXPECT_EQ(integer_at(result, "metrics.rows"), 0);
    EXPECT_THAT(text_at(result, "notes.0"), HasSubstr("rolled back"));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Interrupt, SigtermDuringAllTicks_ShowsWhatWasDoneBefore) {
  seed("100");
  const LockedPlayers lock(database_);  // combat, decay and respawn do not need it
  Running running = start({"tick", "run", "--all", "--lock-timeout", "10m", "--format", "json"});
  ASSERT_TRUE(comes_to("scalectl tick run", kBlocked));
  running.signal(SIGTERM);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 143) << outcome.err;
  const auto results = json_lines(outcome.out);
  ASSERT_EQ(results.size(), 4U) << outcome.out;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(text_at(results[i], "verdict"), "pass");
  EXPECT_EQ(text_at(results[3], "name"), "stamina");
  EXPECT_EQ(text_at(results[3], "verdict"), "inconclusive");
  EXPECT_EQ(cell("SELECT string_agg(tick, ' ' ORDER BY run_id) FROM scalectl.tick_runs"),
            "combat decay respawn");
}

TEST_F(Interrupt, SigintDuringIndexBuild_LeavesNoInvalidIndex) {
  seed("100");
  // CREATE INDEX CONCURRENTLY waits for transactions that may still use the table.
  const LockedPlayers lock(database_);
  Running running = start({"index", "apply", "game", "--format", "json"});
  ASSERT_TRUE(comes_to("scalectl index apply", kBlocked));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_EQ(text_at(json(outcome.out), "verdict"), "inconclusive");
  EXPECT_THAT(violations(json(outcome.out)), IsEmpty());
  EXPECT_EQ(cell("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST_F(Interrupt, SigintDuringArchive_KeepsWholeBatchesAndASecondRunFinishes) {
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"db", "init", "workflow"},
           {"seed", "workflow", "--tasks", "300", "--steps", "3", "--as-of", "now"}}) {
    ASSERT_EQ(scalectl(command).code, 0);
  }
  const std::string due =
      "FROM tasker_tasks t JOIN tasker_task_transitions s USING (task_id) WHERE s.most_recent"
      " AND s.to_state = 'complete' AND s.created_at < now() AT TIME ZONE 'UTC' - interval '30 days'";
  const int all_due = std::stoi(cell("SELECT count(*) " + due));
  const std::string total = cell("SELECT count(*) FROM tasker_workflow_step_transitions");
  const std::string everywhere =
      "SELECT (SELECT count(*) FROM tasker_workflow_step_transitions) +"
      "       (SELECT count(*) FROM tasker_archived_workflow_step_transitions)";
  ASSERT_GT(all_due, 20);
  {
    // A step of the eleventh due task: the run waits for it in its third batch.
    pg::Session holder = database_.connect();
    pg::Transaction held = holder.begin();
    held.query("SELECT FROM tasker_workflow_steps WHERE task_id = (SELECT t.task_id " + due +
               " ORDER BY t.task_id OFFSET 10 LIMIT 1) FOR UPDATE");
    Running running = start({"workflow", "archive", "--batch", "5", "--format", "json"});
    ASSERT_TRUE(comes_to("scalectl workflow archive", kBlocked));
    running.signal(SIGINT);
    const Outcome outcome = running.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
    EXPECT_EQ(text_at(result, "command"), "workflow archive");
    EXPECT_EQ(text_at(result, "verdict"), "inconclusive");
    EXPECT_EQ(integer_at(result, "metrics.due"), all_due);
    EXPECT_EQ(integer_at(result, "metrics.tasks"), 10);
    EXPECT_EQ(integer_at(result, "metrics.batches"), 2);
    EXPECT_THAT(text_at(result, "notes.0"),
                AllOf(HasSubstr("10 of " + std::to_string(all_due)), HasSubstr("rolled back")));
    EXPECT_EQ(cell("SELECT count(*) FROM tasker_archived_tasks"), "10");
    EXPECT_EQ(cell(everywhere), total);
  }
  const Outcome again = scalectl({"workflow", "archive", "--batch", "5", "--format", "json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(integer_at(json(again.out), "metrics.tasks"), all_due - 10);
  EXPECT_EQ(cell("SELECT count(*) FROM tasker_archived_tasks"), std::to_string(all_due));
  EXPECT_EQ(cell("SELECT count(*) " + due), "0");
  EXPECT_EQ(cell(everywhere), total);
}

TEST_F(Interrupt, SecondSigint_LeavesAtOnce) {
  seed("100");
  const LockedPlayers lock(database_);
  Running running = start({"tick", "run", "stamina", "--lock-timeout", "10m"});
  ASSERT_TRUE(comes_to("scalectl tick run", kBlocked));
  const pid_t backend =
      std::stoi(cell("SELECT pid FROM pg_stat_activity WHERE application_name = 'scalectl tick run'"
                     " AND datname = current_database()"));
  // A backend that stands still cannot honour the request to cancel.
  kill(backend, SIGSTOP);
  running.signal(SIGINT);
  EXPECT_TRUE(eventually([&] { return !running.has_pending(SIGINT); }));
  EXPECT_NE(command_line_of(running.pid()), "");
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // sooner, it counts as the same one
  running.signal(SIGINT);
  const Outcome outcome = running.wait(std::chrono::seconds(5));
  kill(backend, SIGCONT);
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
}

/// What other users of the machine can see of a running command.
class CommandLine : public Interrupt {};

TEST_F(CommandLine, ArgumentOfDsn_DoesNotShow) {
  seed("10");
  const LockedPlayers lock(database_);
  for (const std::vector<std::string>& option :
       {std::vector<std::string>{"--dsn", database_.dsn()}, {"--dsn=" + database_.dsn()}}) {
    std::vector<std::string> arguments{"tick", "run", "stamina", "--lock-timeout", "10m"};
    arguments.insert(arguments.end(), option.begin(), option.end());
    Running running(arguments);
    ASSERT_TRUE(comes_to("scalectl tick run", kBlocked));
    EXPECT_THAT(
        command_line_of(running.pid()),
        AllOf(HasSubstr("tick run stamina --lock-timeout 10m --dsn"),
              testing::Not(HasSubstr(database_.name())), testing::Not(HasSubstr("postgresql:"))));
    running.signal(SIGINT);
    EXPECT_EQ(running.wait().code, 130);
  }
}

}  // namespace
}  // namespace scalectl::test
