// Servers that are not there, refuse the login, refuse writes, or lack what a command needs.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "process/descriptor.hpp"
#include "process/files.hpp"
#include "support/e2e.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::vector<std::string>>& commands() {
  static const std::vector<std::vector<std::string>> all{
      {"tick", "run", "stamina"}, {"tick", "run", "--all"},
      {"tick", "status"},         {"seed", "game"},
      {"db", "init", "game"},     {"db", "status", "game"},
      {"db", "drop", "game"},     {"index", "plan", "game"},
      {"index", "apply", "game"}, {"index", "status", "game"},
      {"index", "drop", "game"}};
  return all;
}

/// A socket on a loopback port that nobody accepts from.
struct Port {
  explicit Port(bool listening) : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
        (listening && listen(socket.get(), 8) != 0)) {
      throw std::runtime_error("no port on loopback");
    }
    dsn = "postgresql://lab:s3cr3t@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) +
          "/lab?connect_timeout=2";
  }
  process::Descriptor socket;
  std::string dsn;
};

class BadServer : public OnDatabase {};

TEST_F(BadServer, NothingListens_IsUnreachable) {
  const Port port(false);
  for (const auto& command : commands()) {
    const Outcome outcome = test::scalectl(command, {{"DATABASE_URL", port.dsn}});
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("Connection refused"), Not(HasSubstr("s3cr3t"))));
  }
}

TEST_F(BadServer, DoesNotAnswer_IsUnreachableAfterTheTimeout) {
  const Port port(true);
  const Outcome outcome = test::scalectl({"tick", "status"}, {{"DATABASE_URL", port.dsn}});
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("timeout expired"), Not(HasSubstr("s3cr3t"))));
}

TEST_F(BadServer, SignalWhileItDoesNotAnswer_LeavesAtOnce) {
  const Port port(true);
  Running running({"tick", "status"}, {{"DATABASE_URL", port.dsn + "0"}});
  const process::Descriptor accepted(accept4(port.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
  running.signal(SIGINT);
  EXPECT_EQ(running.wait(std::chrono::seconds(5)).code, 130);
}

TEST_F(BadServer, WrongPassword_IsRefusedAndAppearsNowhere) {
  const int port = shared_lab().options().port.value();
  const std::string dsn =
      "postgresql://lab:wr0ngw0rd@127.0.0.1:" + std::to_string(port) + "/" + database_.name();
  for (const auto& command : commands()) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--dsn", dsn, "--verbose"});
    const Outcome outcome = test::scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("password authentication failed"), Not(HasSubstr("wr0ngw0rd"))));
  }
  EXPECT_EQ(everything(), "");
}

TEST_F(BadServer, RightPassword_AppearsNowhereEither) {
  const lab::Lab lab = shared_lab();
  std::string password = process::read_file(lab.directory() / "password");
  password.pop_back();
  const std::string dsn = "postgresql://lab:" + password +
                          "@127.0.0.1:" + std::to_string(lab.options().port.value()) + "/" +
                          database_.name();
  seed("50");
  for (const char* format : {"text", "json", "csv", "md", "junit", "prom", "nagios"}) {
    const Outcome outcome =
        test::scalectl({"--dsn", dsn, "tick", "run", "stamina", "--format", format, "--verbose"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr(password))) << format;
  }
  EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs WHERE params::text LIKE '%lab:%'"), "0");
  EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs"), "7");
}

TEST_F(BadServer, NoSuchDatabase_NamesIt) {
  const std::string dsn = pg::with_database(shared_lab().postgres(), "no_such_db").conninfo;
  const Outcome outcome = test::scalectl({"tick", "status"}, {{"DATABASE_URL", dsn}});
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, HasSubstr("\"no_such_db\" does not exist"));
}

class Standby : public OnDatabase {
 protected:
  std::string dsn() const {
    return pg::with_database(shared_lab().replica(), database_.name()).conninfo;
  }
  Outcome on_standby(const std::vector<std::string>& command) const {
    return test::scalectl(command, {{"DATABASE_URL", dsn()}});
  }
  /// Waits until the standby has all that the primary has.
  void catch_up() {
    const std::string position = cell("SELECT pg_current_wal_lsn()::text");
    ASSERT_TRUE(eventually(
        [&] {
          pg::Session standby(shared_lab().replica(), "scalectl test");
          return scalar(standby, "SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t";
        },
        std::chrono::minutes(2)));
  }
};

TEST_F(Standby, EmptyDatabase_RefusesWrites) {
  catch_up();
  for (const auto& command : std::vector<std::vector<std::string>>{{"db", "init", "game"},
                                                                   {"seed", "game"},
                                                                   {"tick", "run", "stamina"},
                                                                   {"index", "apply", "game"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0];
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("read-only"), HasSubstr("connect to the primary")));
  }
  EXPECT_EQ(everything(), "");
}

TEST_F(Standby, SeededDatabase_RefusesWritesAndStaysAsItWas) {
  seed("50");
  const std::string before = everything();
  catch_up();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"seed", "game", "--players", "10", "--replace"},
                                             {"tick", "run", "stamina"},
                                             {"tick", "run", "stamina", "--strategy", "rows"},
                                             {"tick", "run", "--all"},
                                             {"index", "apply", "game"},
                                             {"db", "drop", "game"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_TRUE(is_refusal(outcome, 3)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err, HasSubstr("connect to the primary"));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Standby, Looking_IsAllowed) {
  seed("50");
  catch_up();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"db", "status", "game"}, {"index", "status", "game"}, {"tick", "status"}}) {
    const Outcome outcome = on_standby(command);
    EXPECT_EQ(outcome.code, 0) << command[0] << ": " << outcome.err;
  }
  EXPECT_EQ(on_standby({"index", "plan", "game"}).code, 1);  // there is something to do
}

}  // namespace
}  // namespace scalectl::test
