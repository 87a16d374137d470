// The Redis client against the lab's server.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "redis/client.hpp"
#include "support/database.hpp"
#include "support/thrown.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::error_of;
using testing::HasSubstr;
using testing::Not;

struct Redis : testing::Test {
  redis::Target target = test::shared_lab().redis();
  redis::Client client{target};
  /// Keys of this test's own: the server is shared.
  std::string key = fmt::format("test:{}", getpid());

  // The program does so too: writing to a connection that is gone is an error, not the end.
  Redis() { std::signal(SIGPIPE, SIG_IGN); }
  ~Redis() override { redis::Client(target).command({"DEL", key}); }
};

TEST_F(Redis, StringsWithAnyBytes_ComeBackAsTheyWent) {
  const std::string bytes("nul \0 quote ' newline \r\n end", 28);
  EXPECT_EQ(client.command({"SET", key, bytes}).text, "OK");
  EXPECT_EQ(client.command({"GET", key}).text, bytes);
  EXPECT_EQ(client.command({"STRLEN", key}).text, "28");
}

TEST_F(Redis, MissingKey_IsNothing) {
  EXPECT_EQ(client.command({"GET", key}).text, std::nullopt);
  client.command({"SET", key, ""});
  EXPECT_EQ(client.command({"GET", key}).text, "");
}

TEST_F(Redis, Lists_Nest) {
  client.command({"RPUSH", key, "a", "b"});
  const redis::Reply list = client.command({"LRANGE", key, "0", "-1"});
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].text, "a");
  EXPECT_EQ(list.items[1].text, "b");
  const redis::Reply nested = client.command({"EVAL", "return {1, {'x', false, {}}}", "0"});
  ASSERT_EQ(nested.items.size(), 2u);
  EXPECT_EQ(nested.items[0].text, "1");
  ASSERT_EQ(nested.items[1].items.size(), 3u);
  EXPECT_EQ(nested.items[1].items[0].text, "x");
  EXPECT_EQ(nested.items[1].items[1].text, std::nullopt);
}

TEST_F(Redis, ErrorReply_IsFailedAndTheConnectionGoesOn) {
  client.command({"SET", key, "word"});
  const Error error = error_of([&] { client.command({"INCR", key}); });
  EXPECT_EQ(error.kind(), ErrorKind::kFailed);
  EXPECT_THAT(error.message(), HasSubstr("not an integer"));
  EXPECT_EQ(client.command({"GET", key}).text, "word");
}

TEST_F(Redis, DatabaseOfTheTarget_IsSelected) {
  client.command({"SET", key, "in 0"});
  redis::Target other = target;
  other.database = 3;
  EXPECT_EQ(redis::Client(other).command({"GET", key}).text, std::nullopt);
}

TEST_F(Redis, DatabaseThatIsNotThere_IsAConnectionError) {
  redis::Target other = target;
  other.database = 9999;
  EXPECT_EQ(error_of([&] { redis::Client{other}; }).kind(), ErrorKind::kConnection);
}

TEST_F(Redis, ServerVersion_IsTheOneItReports) {
  const std::string info = client.command({"INFO", "server"}).text.value();
  EXPECT_THAT(info, HasSubstr("redis_version:" + client.server_version() + "\r\n"));
}

TEST_F(Redis, WrongPassword_IsAConnectionErrorWithoutIt) {
  redis::Target other = target;
  other.password = "open-sesame";
  const Error error = error_of([&] { redis::Client{other}; });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("refused the login"));
  EXPECT_THAT(error.what(), Not(HasSubstr("open-sesame")));
}

TEST_F(Redis, NoServerOnThePort_IsAConnectionErrorThatNamesIt) {
  redis::Target nobody;
  nobody.host = "127.0.0.1";
  nobody.port = 1;
  const Error error = error_of([&] { redis::Client{nobody}; });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("cannot connect to Redis at 127.0.0.1:1"));
}

TEST_F(Redis, NoSocketInThePath_IsAConnectionErrorThatNamesIt) {
  redis::Target nobody;
  nobody.socket = "/tmp/scalectl-no-server.sock";
  const Error error = error_of([&] { redis::Client{nobody}; });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
  EXPECT_THAT(error.message(), HasSubstr("/tmp/scalectl-no-server.sock"));
}

TEST_F(Redis, ConnectionThatTheServerCloses_IsLostAndStaysLost) {
  redis::Client victim(target);
  const std::string id = victim.command({"CLIENT", "ID"}).text.value();
  client.command({"CLIENT", "KILL", "ID", id});
  EXPECT_EQ(error_of([&] { victim.command({"PING"}); }).kind(), ErrorKind::kConnection);
  EXPECT_EQ(error_of([&] { victim.command({"PING"}); }).kind(), ErrorKind::kConnection);
}

TEST_F(Redis, AnswerThatTakesTooLong_IsAConnectionError) {
  redis::Client impatient(target, std::chrono::milliseconds(50));
  const Error error = error_of([&] { impatient.command({"BLPOP", key, "30"}); });
  EXPECT_EQ(error.kind(), ErrorKind::kConnection);
}

}  // namespace
}  // namespace scalectl
