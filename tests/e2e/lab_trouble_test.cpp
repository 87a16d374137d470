// Labs that cannot be made, or are interrupted; and labs of a plain user.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "core/error.hpp"
#include "pg/session.hpp"
#include "process/host.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class LabTrouble : public testing::Test {
 protected:
  LabHome home_;

  /// True while a program whose path ends in `program` works for a lab of this home.
  bool works(const std::string& program) const {
    const auto pids = processes_in(home_.path());
    return std::any_of(pids.begin(), pids.end(), [&](pid_t pid) {
      const std::string line = command_line_of(pid);
      return line.substr(0, line.find(' ')).ends_with(program);
    });
  }
  void expect_nothing_left() const {
    EXPECT_THAT(processes_in(home_.path()), IsEmpty());
    EXPECT_FALSE(fs::exists(home_.path()));
  }
};

class LabInterrupted : public LabTrouble, public testing::WithParamInterface<const char*> {};

TEST_P(LabInterrupted, DuringUp_LeavesNoProcessAndNoDirectory) {
  Running running({"lab", "up", "--replica"}, home_.environment());
  ASSERT_TRUE(eventually([&] { return works(GetParam()); }));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("lab default was not brought up: interrupted"));
  EXPECT_EQ(outcome.out, "");
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Programs, LabInterrupted,
                         testing::Values("/initdb", "/postgres", "/pg_basebackup"),
                         [](const auto& test) { return std::string(test.param).substr(1); });

TEST_F(LabTrouble, KilledUp_IsClearedAwayByTheNext) {
  Running running({"lab", "up"}, home_.environment());
  ASSERT_TRUE(eventually([&] { return works("/postgres"); }));
  running.signal(SIGKILL);
  running.wait();
  const Outcome up = home_.scalectl({"lab", "up", "--fast"});
  EXPECT_EQ(up.code, 0) << up.err;
  EXPECT_TRUE(home_.lab().running());
}

TEST_F(LabTrouble, ReplicaThatWasHeldUp_StillCatchesUp) {
  ASSERT_EQ(home_.scalectl({"lab", "up", "--fast", "--replica"}).code, 0);
  pg::Session primary(home_.lab().postgres(), "scalectl test");
  pg::Session replica(home_.lab().replica(), "scalectl test");
  const pid_t receiver = std::stoi(scalar(replica, "SELECT pid FROM pg_stat_wal_receiver"));
  ASSERT_EQ(kill(receiver, SIGSTOP), 0);
  for (int round = 0; round < 4; ++round) {
    primary.query("SELECT pg_logical_emit_message(false, 'test', repeat('x', 20000000))");
    primary.query("SELECT pg_switch_wal()");
    primary.query("CHECKPOINT");  // recycles what nobody needs any more
  }
  primary.query("CREATE TABLE written AS SELECT 7 AS x");
  // A connection that was cut off: the walreceiver that comes next starts from what is kept.
  ASSERT_EQ(kill(receiver, SIGKILL), 0);
  EXPECT_TRUE(comes_true([&] {
    try {
      pg::Session again(home_.lab().replica(), "scalectl test");
      return scalar(again, "SELECT to_regclass('written') IS NOT NULL") == "t";
    } catch (const core::Error&) {
      return false;  // it restarts after the crash of its process
    }
  }));
}

TEST_F(LabTrouble, SettingThatTheServerRefuses_LeavesNothing) {
  for (const char* setting : {"wrok_mem=1MB", "work_mem=lots", "shared_buffers=-1"}) {
    const Outcome outcome = home_.scalectl({"lab", "up", "--pg", setting});
    EXPECT_TRUE(is_refusal(outcome, 2)) << setting;
    EXPECT_THAT(outcome.err, HasSubstr("check the values given with --pg"));
    expect_nothing_left();
  }
}

TEST_F(LabTrouble, MissingServerPrograms_NamesThePackages) {
  const Outcome outcome =
      home_.scalectl({"lab", "up"}, {{"SCALECTL_PG_BINDIR", "/nonexistent"}, {"PATH", ""}});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("initdb"), HasSubstr("apt-get install postgresql-15")));
  EXPECT_FALSE(fs::exists(home_.path()));
}

TEST_F(LabTrouble, MissingRedis_NamesItsPackage) {
  const Outcome outcome =
      home_.scalectl({"lab", "up"}, {{"SCALECTL_REDIS_BINDIR", "/nonexistent"}});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("apt-get install redis-server"));
  const Outcome both = home_.scalectl({"lab", "up"}, {{"SCALECTL_PG_BINDIR", "/nonexistent"},
                                                      {"SCALECTL_REDIS_BINDIR", "/nonexistent"}});
  EXPECT_THAT(both.err, HasSubstr("apt-get install postgresql-15 redis-server"));
  EXPECT_FALSE(fs::exists(home_.path()));
}

TEST_F(LabTrouble, EmptyPath_StillFindsDebiansPrograms) {
  const Outcome up = home_.scalectl({"lab", "up", "--fast"}, {{"PATH", ""}});
  EXPECT_EQ(up.code, 0) << up.err;
  EXPECT_TRUE(home_.lab().running());
}

TEST_F(LabTrouble, ExecOfNothing_IsRefused) {
  EXPECT_TRUE(is_refusal(home_.scalectl({"lab", "exec"}), 2));
  EXPECT_TRUE(is_refusal(home_.scalectl({"lab", "up", "--name", "../x"}), 2));
  EXPECT_TRUE(is_refusal(home_.scalectl({"lab", "up", "--pg", "work_mem"}), 2));
  EXPECT_FALSE(fs::exists(home_.path()));
}

TEST_F(LabTrouble, PlainUser_NeedsNoOtherAccount) {
  // The build directory may be closed to others.
  const std::string copy = home_.beside().path() + "/scalectl";
  fs::copy_file(binary(), copy);
  fs::permissions(copy, fs::perms(0755));
  fs::create_directory(home_.path());
  std::vector<std::string> as_user;
  if (geteuid() == 0) {
    const auto nobody = process::find_account("nobody");
    ASSERT_TRUE(nobody);
    ASSERT_EQ(chown(home_.path().c_str(), nobody->uid, nobody->gid), 0);
    as_user = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"};
  }
  const auto as_plain_user = [&](std::vector<std::string> arguments) {
    std::vector<std::string> argv = as_user;
    argv.push_back(copy);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, home_.environment({{"HOME", "/nonexistent"}}));
  };
  const Outcome outcome = as_plain_user(
      {"lab", "exec", "--", "sh", "-c", "id -u; scalectl tick run stamina --format json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto line = outcome.out.find('\n');
  EXPECT_NE(outcome.out.substr(0, line), "0");
  EXPECT_THAT(violations(json(outcome.out.substr(line + 1))), IsEmpty());
  EXPECT_EQ(as_plain_user({"lab", "status", "--format", "json"}).code, 0);
  const Outcome down = as_plain_user({"lab", "down"});
  EXPECT_EQ(down.code, 0) << down.err;
  EXPECT_THAT(processes_in(home_.path()), IsEmpty());
  EXPECT_FALSE(fs::exists(home_.lab().directory()));
}

}  // namespace
}  // namespace scalectl::test
