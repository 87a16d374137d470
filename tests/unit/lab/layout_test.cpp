#include "lab/layout.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <filesystem>
#include <regex>

#include "process/descriptor.hpp"
#include "support/command.hpp"
#include "support/thrown.hpp"
#include "support/variable.hpp"

namespace scalectl::lab {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::Variable;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(LabName, OneTo32OfTheAllowed_AreAccepted) {
  for (const std::string& name :
       std::vector<std::string>{"a", "7", "default", "my-lab_2", std::string(32, 'a')}) {
    EXPECT_EQ(Lab("/home", name).directory(), "/home/" + name);
  }
}

TEST(LabName, AnythingElse_IsRefused) {
  for (const std::string& name :
       std::vector<std::string>{"", "Lab", "a b", "a/b", "..", ".hidden", "-a", "_a", "a.b", "é",
                                std::string(33, 'a')}) {
    const core::Error error = error_of([&] { Lab("/home", name); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "\"" + name + "\" is not a lab's name");
  }
}

// unix(7): a socket's path holds at most 107 bytes. "/x/.s.PGSQL.54321" adds 17 to the home.
TEST(LabHome, AtTheEndOfAUnixSocketsPath_IsAccepted) {
  EXPECT_NO_THROW(Lab("/" + std::string(89, 'h'), "x"));
}

TEST(LabHome, TooLongForAUnixSocket_IsRefused) {
  const core::Error error = error_of([] { Lab("/" + std::string(90, 'h'), "x"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("is too long a path for a Unix socket (108 bytes)"));
  EXPECT_EQ(error.hint(), "set SCALECTL_LAB_HOME to a shorter directory");
}

TEST(LabHome, OfTheEnvironment_ComesFirst) {
  const Variable home("SCALECTL_LAB_HOME", "/somewhere");
  EXPECT_EQ(default_home(), "/somewhere");
}

/// A lab's directory of one test's own.
class InDirectory : public testing::Test {
 protected:
  test::TemporaryDirectory directory;
  Layout layout{directory.path()};
};

TEST_F(InDirectory, Labs_AreItsFoldersSorted) {
  directory.write("b/lab.json", "");
  directory.write("a/lab.json", "");
  directory.write("file", "");
  EXPECT_THAT(list(directory.path()), ElementsAre("a", "b"));
  EXPECT_THAT(list(directory.path() + "/none"), IsEmpty());
}

TEST_F(InDirectory, SavedOptions_AreLoadedAgain) {
  const Options options{.fast = true,
                        .settings = {{"shared_buffers", "1GB"}, {"log.x", "it's \"é\"\\"}},
                        .port = 5440,
                        .redis_port = std::nullopt,
                        .replica = true};
  save(layout, options, std::nullopt);
  EXPECT_EQ(load(layout), options);
  save(layout, Options{}, std::nullopt);
  EXPECT_EQ(load(layout), Options{});
}

TEST_F(InDirectory, SavedOptions_AreReadByTheirOwnerAlone) {
  save(layout, Options{}, std::nullopt);
  EXPECT_EQ(fs::status(layout.state()).permissions(), fs::perms(0600));
}

TEST_F(InDirectory, WithoutAState_IsNoLab) { EXPECT_EQ(load(layout), std::nullopt); }

TEST_F(InDirectory, BrokenState_IsRefusedAtItsPlace) {
  const std::string path = directory.write("lab.json", "{\n  oops");
  const core::Error error = error_of([&] { load(layout); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), StartsWith(path + ":2:3: not valid JSON"));
}

TEST_F(InDirectory, LastWords_AreWhatTheServerDiedOf) {
  const std::string log = directory.write("postgres.log",
                                          "LOG:  starting\n"
                                          "2026-01-02 FATAL:  could not map memory\n"
                                          "HINT:  reduce it\n\n");
  EXPECT_EQ(last_words(log), "FATAL:  could not map memory");
}

TEST_F(InDirectory, LastWordsOfSeveralFailures_AreOneLine) {
  const std::string log = directory.write("x.log", "a FATAL:  one\nb PANIC:  two\n");
  EXPECT_EQ(last_words(log), "FATAL:  one; PANIC:  two");
}

TEST_F(InDirectory, LastWordsWithoutAFailure_AreTheLastLine) {
  EXPECT_EQ(last_words(directory.write("x.log", "first\n  last  \n\n")), "last");
}

TEST_F(InDirectory, LastWordsWithoutALog_SaySo) {
  EXPECT_EQ(last_words(layout.log("postgres")), "it left no log");
}

TEST(NewPassword, Is128BitsInHexadecimalAndNeverTheSame) {
  const std::string password = new_password();
  EXPECT_TRUE(std::regex_match(password, std::regex("[0-9a-f]{32}"))) << password;
  EXPECT_NE(new_password(), password);
}

/// A port of loopback that is taken as long as this lives.
class Listener {
 public:
  Listener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

 private:
  process::Descriptor socket_;
  int port_ = 0;
};

TEST(FreePort, Zero_IsAnyThatIsFree) { EXPECT_GT(free_port(0), 1023); }

TEST(FreePort, FreeOne_IsItself) {
  const int port = free_port(0);
  EXPECT_EQ(free_port(port), port);
}

TEST(FreePort, TakenOne_IsRefused) {
  const Listener listener;
  const core::Error error = error_of([&] { free_port(listener.port()); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("port " + std::to_string(listener.port()) +
                                         " of 127.0.0.1 cannot be used"));
}

}  // namespace
}  // namespace scalectl::lab
