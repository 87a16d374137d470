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

}  // namespace
}  // namespace scalectl::test
