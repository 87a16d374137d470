// Labs that come up, serve and go down.
#include "lab/lab.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <sstream>

#include "process/files.hpp"
#include "schema/migrations.hpp"
#include "support/database.hpp"
#include "support/own_lab.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using test::error_of;
using test::scalar;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using Lab = test::OwnLab;

std::string show(const lab::Lab& lab, const std::string& setting) {
  pg::Session session(lab.postgres(), "scalectl test");
  return scalar(session, "SHOW " + setting);
}

/// The addresses that a port is listened on, in the kernel's hexadecimal form.
std::vector<std::string> listeners(int port) {
  std::vector<std::string> addresses;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string slot;
      std::string local;
      std::string remote;
      std::string state;
      words >> slot >> local >> remote >> state;
      const auto colon = local.find(':');
      if (state == "0A" && local.substr(colon + 1) == fmt::format("{:04X}", port)) {
        addresses.push_back(local.substr(0, colon));
      }
    }
  }
  return addresses;
}

TEST_F(Lab, Up_ServesBothAndASecondUpChangesNothing) {
  lab::Lab lab(home(), "one");
  EXPECT_FALSE(lab.exists());
  EXPECT_TRUE(up(lab));
  EXPECT_TRUE(lab.exists());
  EXPECT_TRUE(lab.running());
  EXPECT_THAT(recorder.lines, Contains(HasSubstr("WARNING - Lab one runs with --fast")));
  const auto before = pids(lab);
  EXPECT_FALSE(up(lab));
  EXPECT_FALSE(lab.up({}, recorder));
  EXPECT_EQ(pids(lab), before);
  EXPECT_EQ(show(lab, "cluster_name"), "scalectl-lab-one");
  EXPECT_EQ(show(lab, "fsync"), "off");
  EXPECT_EQ(show(lab, "listen_addresses"), "");
  EXPECT_EQ(redis::Client(lab.redis()).command({"PING"}).text, "PONG");
  struct stat status {};
  ASSERT_EQ(stat(lab.directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(Lab, Down_LeavesNeitherProcessNorFile) {
  lab::Lab lab(home(), "one");
  up(lab);
  EXPECT_THAT(processes(), Not(IsEmpty()));
  EXPECT_TRUE(lab.down(recorder));
  EXPECT_FALSE(fs::exists(lab.directory()));
  EXPECT_FALSE(fs::exists(home()));
  EXPECT_THAT(processes(), IsEmpty());
  EXPECT_FALSE(lab.down(recorder));
}

TEST_F(Lab, TwoNames_LiveSideBySide) {
  lab::Lab left(home(), "left");
  lab::Lab right(home(), "right");
  up(left);
  up(right);
  EXPECT_THAT(lab::list(home()), ElementsAre("left", "right"));
  redis::Client(left.redis()).command({"SET", "key", "left"});
  EXPECT_EQ(redis::Client(right.redis()).command({"GET", "key"}).text, std::nullopt);
  EXPECT_EQ(show(left, "cluster_name"), "scalectl-lab-left");
  EXPECT_EQ(show(right, "cluster_name"), "scalectl-lab-right");
  left.down(recorder);
  EXPECT_TRUE(right.running());
  EXPECT_EQ(show(right, "cluster_name"), "scalectl-lab-right");
}

TEST_F(Lab, KilledServers_AreStartedAgainWithTheirData) {
  lab::Lab lab(home(), "one");
  up(lab);
  {
    pg::Session session(lab.postgres(), "scalectl test");
    session.query("SET synchronous_commit = on; CREATE TABLE t AS SELECT 42 AS x");
  }
  redis::Client(lab.redis()).command({"SET", "key", "value"});
  redis::Client(lab.redis()).command({"SAVE"});
  const auto before = pids(lab);
  for (const auto& [server, pid] : before) ASSERT_EQ(kill(pid, SIGKILL), 0) << server;
  ASSERT_TRUE(test::comes_true([&] {
    return pids(lab) == std::map<std::string, pid_t>{{"postgres", 0}, {"redis", 0}};
  }));
  EXPECT_FALSE(lab.running());

  EXPECT_TRUE(up(lab));
  EXPECT_THAT(recorder.lines,
              Contains(HasSubstr("WARNING - Lab one was not running as it should")));
  EXPECT_TRUE(lab.running());
  pg::Session session(lab.postgres(), "scalectl test");
  EXPECT_EQ(scalar(session, "SELECT x FROM t"), "42");
  EXPECT_EQ(redis::Client(lab.redis()).command({"GET", "key"}).text, "value");
}

TEST_F(Lab, Settings_TakeEffectAndOthersAreRefusedLater) {
  lab::Lab lab(home(), "one");
  up(lab, {.fast = true, .settings = {{"work_mem", "7MB"}, {"search_path", "'it''s', public"}}});
  EXPECT_EQ(show(lab, "work_mem"), "7MB");
  EXPECT_EQ(show(lab, "search_path"), "'it''s', public");
  const auto before = pids(lab);
  const Error error = error_of([&] { up(lab, {.fast = true, .settings = {{"work_mem", "8MB"}}}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "lab one was made with other options");
  EXPECT_EQ(pids(lab), before);
}

TEST_F(Lab, SettingThatPostgresDoesNotKnow_IsRefusedAndLeavesNothing) {
  lab::Lab lab(home(), "one");
  const Error error = error_of([&] {
    up(lab, {.fast = true, .settings = {{"no_such_setting", "1"}}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("no_such_setting"));
  EXPECT_FALSE(fs::exists(lab.directory()));
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(Lab, SettingThatIsNoName_IsRefusedBeforeAnythingIsMade) {
  lab::Lab lab(home(), "one");
  for (const char* key : {"", "work mem", "a'; b", "Ä"}) {
    EXPECT_EQ(error_of([&] { up(lab, {.settings = {{key, "1"}}}); }).kind(), ErrorKind::kUsage);
  }
  EXPECT_FALSE(fs::exists(home()));
}

TEST_F(Lab, LoopbackPorts_DemandThePasswordAndListenNowhereElse) {
  lab::Lab lab(home(), "one");
  up(lab, {.fast = true, .port = 0, .redis_port = 0});
  const lab::Options made = lab.options();
  ASSERT_GT(made.port.value_or(0), 0);
  ASSERT_GT(made.redis_port.value_or(0), 0);
  EXPECT_THAT(listeners(*made.port), ElementsAre("0100007F"));
  EXPECT_THAT(listeners(*made.redis_port), ElementsAre("0100007F"));

  const std::string address =
      fmt::format("host=127.0.0.1 port={} user=lab dbname=lab passfile=/dev/null", *made.port);
  EXPECT_EQ(error_of([&] { pg::Session({address}, "scalectl test"); }).kind(),
            ErrorKind::kConnection);
  const std::string passfile = (lab.directory() / "pgpass").string();
  pg::Session session({address + " passfile=" + passfile}, "scalectl test");
  EXPECT_EQ(scalar(session, "SELECT inet_server_addr()"), "127.0.0.1");

  redis::Target target;
  target.host = "127.0.0.1";
  target.port = *made.redis_port;
  EXPECT_THAT(error_of([&] { redis::Client(target).command({"PING"}); }).message(),
              HasSubstr("NOAUTH"));
  target.password = lab.redis().password;
  EXPECT_EQ(redis::Client(target).command({"PING"}).text, "PONG");
  EXPECT_THAT(target.password, SizeIs(32));
}

TEST_F(Lab, Environment_LeadsOtherProgramsToBothServers) {
  lab::Lab lab(home(), "one");
  up(lab);
  std::map<std::string, std::string> variables;
  for (const lab::Lab::Variable& variable : lab.environment()) {
    variables[variable.name] = variable.value;
  }
  const std::string directory = lab.directory().string();
  EXPECT_EQ(variables,
            (std::map<std::string, std::string>{
                {"DATABASE_URL", "postgresql://lab@/lab?host=" + directory + "&port=5432"},
                {"PGHOST", directory},
                {"PGPORT", "5432"},
                {"PGUSER", "lab"},
                {"PGDATABASE", "lab"},
                {"REDIS_URL", "unix://" + directory + "/redis.sock"}}));
  pg::Session session({variables["DATABASE_URL"]}, "scalectl test");
  EXPECT_EQ(scalar(session, "SELECT current_user || ' ' || current_database()"), "lab lab");
  EXPECT_EQ(redis::Client(redis::parse_url(variables["REDIS_URL"])).command({"PING"}).text, "PONG");
}

TEST_F(Lab, ServerOfAnotherClusterName_IsNoLabAndKeepsItsRows) {
  lab::Lab lab(home(), "one");
  up(lab, {.fast = true, .settings = {{"cluster_name", "production"}}});
  pg::Session session(lab.postgres(), "scalectl test");
  EXPECT_FALSE(pg::is_lab(session));
  const catalog::Catalog catalog;
  const schema::Options game{.family = "game", .version = "test"};
  schema::ensure_in_lab(session, catalog, game, recorder);
  EXPECT_EQ(scalar(session, "SELECT to_regclass('players')"), "");

  schema::init(session, catalog, game, recorder);
  session.query("INSERT INTO locations VALUES ('camp', 'Camp', 0, 0, 0)");
  const Error error = error_of([&] { schema::drop(session, catalog, game, false, recorder); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "these tables hold rows: locations (1 rows)");
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM locations"), "1");
  schema::drop(session, catalog, game, true, recorder);
  EXPECT_EQ(scalar(session, "SELECT to_regclass('locations')"), "");
}

}  // namespace
}  // namespace scalectl
