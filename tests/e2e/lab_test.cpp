// lab up, down, status and exec, as they are meant to be used.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "pg/session.hpp"
#include "process/files.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Lab : public testing::Test {
 protected:
  LabHome home_;

  std::string psql(const std::string& variables, const std::string& query) const {
    const Outcome outcome =
        run({"/bin/sh", "-c", "eval \"$1\"; psql -XAtc \"$2\"", "sh", variables, query},
            home_.environment());
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }
};

TEST_F(Lab, ExecOnAFreshLab_PrintsAValidResult) {
  const Outcome outcome = home_.scalectl(
      {"lab", "exec", "--", "scalectl", "tick", "run", "stamina", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  EXPECT_EQ(text_at(result, "command"), "tick run");
  EXPECT_EQ(integer_at(result, "metrics.rows"), 0);
}

TEST_F(Lab, Exec_PassesArgumentsAndExitCodeThrough) {
  const Outcome outcome = home_.scalectl(
      {"lab", "exec", "--", "sh", "-c", "echo \"$1 $PGUSER\"; exit 42", "sh", "a  b"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_EQ(outcome.out, "a  b lab\n");
}

TEST_F(Lab, LabOption_StartsOneAndKeepsItsRows) {
  const Outcome seeded = home_.scalectl({"--lab=game", "seed", "game", "--players", "50"});
  ASSERT_EQ(seeded.code, 0) << seeded.err;
  const Outcome ticked =
      home_.scalectl({"tick", "run", "stamina", "--lab=game", "--format", "json"});
  ASSERT_EQ(ticked.code, 0) << ticked.err;
  EXPECT_GT(integer_at(json(ticked.out), "metrics.rows"), 20);
  EXPECT_THAT(ticked.err, Not(HasSubstr("is up")));
  // In a lab, dropping asks no question.
  EXPECT_EQ(home_.scalectl({"db", "drop", "game", "--lab=game"}).code, 0);
}

TEST_F(Lab, Env_IsWhatAShellNeedsToConnect) {
  const Outcome up = home_.scalectl(
      {"lab", "up", "--fast", "--port", "0", "--redis-port", "0", "--format", "env"});
  ASSERT_EQ(up.code, 0) << up.err;
  EXPECT_EQ(psql(up.out, "SELECT current_user || '@' || current_database()"), "lab@lab\n");
  const Outcome tcp =
      run({"/bin/sh", "-c",
           "eval \"$1\"; psql -XAt -h 127.0.0.1 -c 'SELECT inet_server_port()';"
           "psql -XAt \"$DATABASE_URL\" -c 'SELECT 1';"
           "REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -s \"${REDIS_URL#unix://}\" PING",
           "sh", up.out},
          home_.environment());
  EXPECT_EQ(tcp.out, std::to_string(home_.lab().options().port.value()) + "\n1\nPONG\n") << tcp.err;
  std::string password = process::read_file(home_.lab().directory() / "password");
  password.pop_back();
  ASSERT_EQ(password.size(), 32U);
  const Outcome status = home_.scalectl({"lab", "status", "--format", "json"});
  EXPECT_THAT(up.out + up.err + status.out, Not(HasSubstr(password)));
}

TEST_F(Lab, Directory_IsClosedToOthers) {
  ASSERT_EQ(home_.scalectl({"lab", "up", "--fast"}).code, 0);
  EXPECT_EQ(fs::status(home_.lab().directory()).permissions(), fs::perms::owner_all);
  for (const lab::Server& server : home_.lab().servers()) EXPECT_EQ(server.port, 0) << server.name;
  EXPECT_EQ(psql(home_.scalectl({"lab", "status", "--format", "env"}).out, "SHOW listen_addresses"),
            "\n");
}

TEST_F(Lab, UpTwice_IsTheSameLab) {
  ASSERT_EQ(home_.scalectl({"lab", "up", "--fast"}).code, 0);
  const auto before = home_.lab().servers();
  const Outcome again = home_.scalectl({"lab", "up", "--format", "json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(text_at(json(again.out), "notes.0"), "it was up already");
  EXPECT_THAT(violations(json(again.out)), IsEmpty()) << again.out;
  const auto after = home_.lab().servers();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].pid, before[0].pid);
  EXPECT_EQ(after[1].pid, before[1].pid);
}

TEST_F(Lab, OtherOptions_AreRefused) {
  ASSERT_EQ(home_.scalectl({"lab", "up", "--fast"}).code, 0);
  const Outcome outcome = home_.scalectl({"lab", "up", "--fast", "--replica"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("was made with other options"),
                                 HasSubstr(" — hint: scalectl lab down")));
  EXPECT_TRUE(home_.lab().running());
}

TEST_F(Lab, Pgbouncer_PoolsTransactionsOnItsOwnSocket) {
  const Outcome up = home_.scalectl({"lab", "up", "--fast", "--pgbouncer", "--format", "env"});
  ASSERT_EQ(up.code, 0) << up.err;
  EXPECT_THAT(up.out, HasSubstr("PGBOUNCER_URL="));
  const auto servers = home_.lab().servers();
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(servers[1].name, "pgbouncer");
  pg::Session session(home_.lab().pgbouncer(), "scalectl test");
  EXPECT_TRUE(session.is_pooled());
  pg::Session direct(home_.lab().postgres(), "scalectl test");
  EXPECT_FALSE(direct.is_pooled());
  // Killed, it comes back with the lab.
  kill(servers[1].pid, SIGKILL);
  ASSERT_TRUE(eventually([&] { return !home_.lab().running(); }));
  ASSERT_EQ(home_.scalectl({"lab", "up"}).code, 0);
  pg::Session(home_.lab().pgbouncer(), "scalectl test").query("SELECT 1");
}

TEST_F(Lab, Fast_SaysWhatItCosts) {
  const Outcome fast = home_.scalectl({"lab", "up", "--fast", "--format", "json"});
  ASSERT_EQ(fast.code, 0) << fast.err;
  EXPECT_THAT(fast.err, AllOf(HasSubstr("WARNING - "), HasSubstr("--fast"), HasSubstr("crash")));
  EXPECT_THAT(text_at(json(fast.out), "notes.0"), HasSubstr("no fsync"));
  const Outcome env = home_.scalectl({"lab", "status", "--format", "env"});
  EXPECT_EQ(psql(env.out, "SHOW fsync"), "off\n");
}

TEST_F(Lab, WithoutFast_IsDurableAndTakesSettings) {
  const Outcome up = home_.scalectl({"lab", "up", "--pg", "work_mem=13MB", "--pg",
                                     "log_line_prefix=it's \\ ", "--format", "env"});
  ASSERT_EQ(up.code, 0) << up.err;
  EXPECT_THAT(up.err, Not(HasSubstr("WARNING")));
  EXPECT_EQ(psql(up.out, "SHOW fsync"), "on\n");
  EXPECT_EQ(psql(up.out, "SHOW work_mem"), "13MB\n");
  EXPECT_EQ(psql(up.out, "SHOW log_line_prefix"), "it's \\ \n");
}

TEST_F(Lab, TwoNames_LiveSideBySide) {
  for (const char* name : {"one", "two"}) {
    ASSERT_EQ(home_.scalectl({"lab", "up", "--fast", "--name", name}).code, 0);
    const Outcome init = home_.scalectl({"db", "init", "game", std::string("--lab=") + name});
    ASSERT_EQ(init.code, 0) << init.err;
  }
  ASSERT_EQ(home_.scalectl({"--lab=one", "seed", "game", "--players", "10"}).code, 0);
  const auto players = [&](const char* name) {
    return psql(home_.scalectl({"lab", "status", "--name", name, "--format", "env"}).out,
                "SELECT count(*) FROM players");
  };
  EXPECT_EQ(players("one"), "10\n");
  EXPECT_EQ(players("two"), "0\n");
  const std::string directory = home_.lab("one").directory();
  ASSERT_EQ(home_.scalectl({"lab", "down", "--name", "one"}).code, 0);
  EXPECT_THAT(processes_in(directory), IsEmpty());
  EXPECT_EQ(players("two"), "0\n");
}

TEST_F(Lab, Down_LeavesNothingBehind) {
  ASSERT_EQ(home_.scalectl({"lab", "up", "--fast", "--replica"}).code, 0);
  EXPECT_GT(processes_in(home_.path()).size(), 3U);
  const Outcome down = home_.scalectl({"lab", "down"});
  EXPECT_EQ(down.code, 0) << down.err;
  EXPECT_THAT(processes_in(home_.path()), IsEmpty());
  EXPECT_FALSE(fs::exists(home_.path()));
  const Outcome again = home_.scalectl({"lab", "down", "--format", "json"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(text_at(json(again.out), "notes.0"), "there was no such lab");
}

TEST_F(Lab, Crashed_IsRecognisedAndRestarted) {
  ASSERT_EQ(home_.scalectl({"--lab", "seed", "game", "--players", "50"}).code, 0);
  const lab::Lab lab = home_.lab();
  const pid_t postmaster = lab.servers()[0].pid;
  ASSERT_EQ(kill(postmaster, SIGKILL), 0);
  ASSERT_TRUE(eventually([&] { return lab.servers()[0].pid == 0; }));
  const Outcome status = home_.scalectl({"lab", "status", "--format", "json"});
  EXPECT_EQ(status.code, 1);
  EXPECT_EQ(text_at(json(status.out), "metrics.state"), "down");
  const Outcome up = home_.scalectl({"lab", "up", "--format", "env"});
  ASSERT_EQ(up.code, 0) << up.err;
  EXPECT_THAT(up.err, HasSubstr("WARNING - Lab default was not running as it should"));
  EXPECT_EQ(psql(up.out, "SELECT count(*) FROM players"), "50\n");
}

TEST(LabPath, WithSpaceAndQuotes_Works) {
  const LabHome home("it's a \"home\" %41");
  const Outcome up = home.scalectl({"lab", "up", "--fast", "--replica", "--format", "env"});
  ASSERT_EQ(up.code, 0) << up.err;
  const Outcome asked = run({"/bin/sh", "-c",
                             "eval \"$1\"; psql -XAtc 'SELECT 1'; psql -XAtc 'SELECT 2' "
                             "\"$DATABASE_URL\"; psql -XAtc 'SELECT 3' \"$REPLICA_URL\"",
                             "sh", up.out},
                            home.environment());
  EXPECT_EQ(asked.out, "1\n2\n3\n") << asked.err;
  EXPECT_EQ(home.scalectl({"lab", "down"}).code, 0);
  EXPECT_THAT(processes_in(home.path()), IsEmpty());
}

TEST(LabPath, TooLongForASocket_IsRefused) {
  const LabHome home(std::string(90, 'x'));
  const Outcome outcome = home.scalectl({"lab", "up"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("too long a path"), HasSubstr("SCALECTL_LAB_HOME")));
  EXPECT_FALSE(fs::exists(home.path()));
}

}  // namespace
}  // namespace scalectl::test
