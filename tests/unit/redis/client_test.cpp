// Where Redis is, from URLs and from the environment; no server takes part.
#include "redis/client.hpp"

#include <gmock/gmock.h>

#include <list>

#include "support/thrown.hpp"
#include "support/variable.hpp"

namespace scalectl::redis {
namespace {

using test::error_of;
using test::Variable;
using testing::HasSubstr;
using testing::Not;

/// Everything about a target in one text: user:password@where/database.
std::string describe(const Target& target) {
  const std::string where =
      target.socket.empty() ? target.host + ":" + std::to_string(target.port) : target.socket;
  return target.user + ":" + target.password + "@" + where + "/" + std::to_string(target.database);
}

TEST(ParseUrl, EachPart_IsRead) {
  const std::pair<const char*, const char*> cases[] = {
      {"redis://", ":@localhost:6379/0"},
      {"redis://cache", ":@cache:6379/0"},
      {"redis://cache/", ":@cache:6379/0"},
      {"redis://cache:7000/5", ":@cache:7000/5"},
      {"redis://:pw@cache", ":pw@cache:6379/0"},
      {"redis://app:pw@cache:7000/1", "app:pw@cache:7000/1"},
      {"redis://app@cache", "app:@cache:6379/0"},
      {"redis://app:a%40b%3Ac%2Fd@cache", "app:a@b:c/d@cache:6379/0"},
      {"redis://app:p@ss@cache", "app:p@ss@cache:6379/0"},
      {"redis://[::1]:7000/2", ":@::1:7000/2"},
      {"redis://[::1]", ":@::1:6379/0"},
      {"unix:///run/redis.sock", ":@/run/redis.sock/0"},
      {"unix:///run/redis.sock?db=3", ":@/run/redis.sock/3"},
      {"unix://app:pw@/run/redis.sock", "app:pw@/run/redis.sock/0"},
      {"unix:///run/a%20b.sock", ":@/run/a b.sock/0"},
      {"unix:///run/a@b.sock", ":@/run/a@b.sock/0"},
      {"unix://app:pw@/run/a@b/redis.sock", "app:pw@/run/a@b/redis.sock/0"}};
  for (const auto& [url, parts] : cases) EXPECT_EQ(describe(parse_url(url)), parts) << url;
}

TEST(ParseUrl, AnythingElse_IsRefusedWithoutQuotingIt) {
  for (const char* url : {"",
                          "s3cret",
                          "localhost:6379",
                          "rediss://:s3cret@h",
                          "http://:s3cret@h",
                          "redis://:s3cret@h:port",
                          "redis://:s3cret@h:",
                          "redis://:s3cret@h:0",
                          "redis://:s3cret@h:65536",
                          "redis://:s3cret@h:6379x",
                          "redis://:s3cret@h/zero",
                          "redis://:s3cret@h/-1",
                          "redis://:s3cret@h/65536",
                          "redis://:s3cret%@h",
                          "redis://:s3cret%4@h",
                          "redis://:s3cret%zz@h",
                          "unix://",
                          "unix://s3cret",
                          "unix:///s3cret?db=x",
                          "unix:///s3cret?database=1"}) {
    const core::Error error = error_of([&] { parse_url(url); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage) << url;
    EXPECT_EQ(error.message(), "the Redis URL cannot be read") << url;
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cret")));
  }
}

/// Tests in an environment that names no Redis.
class FindTarget : public testing::Test {
 protected:
  FindTarget() {
    for (const char* name :
         {"REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_PASSWORD"}) {
      unset_.emplace_back(name);
    }
  }

 private:
  std::list<Variable> unset_;
};

TEST_F(FindTarget, WithNothingSet_IsNothing) { EXPECT_FALSE(find_target(std::nullopt)); }

TEST_F(FindTarget, EachVariable_FillsItsPart) {
  const Variable host("REDIS_HOST", "cache");
  const Variable port("REDIS_PORT", "7000");
  const Variable database("REDIS_DB", "4");
  const Variable password("REDIS_PASSWORD", "pw");
  EXPECT_EQ(describe(find_target(std::nullopt).value()), ":pw@cache:7000/4");
}

TEST_F(FindTarget, OneVariableAlone_TakesTheDefaultsForTheRest) {
  const std::pair<const char*, const char*> cases[] = {{"REDIS_HOST", ":@9:6379/0"},
                                                       {"REDIS_PORT", ":@localhost:9/0"},
                                                       {"REDIS_DB", ":@localhost:6379/9"},
                                                       {"REDIS_PASSWORD", ":9@localhost:6379/0"}};
  for (const auto& [name, parts] : cases) {
    const Variable set(name, "9");
    EXPECT_EQ(describe(find_target(std::nullopt).value()), parts) << name;
  }
}

TEST_F(FindTarget, RedisUrl_ComesBeforeTheOtherVariables) {
  const Variable url("REDIS_URL", "redis://cache/1");
  const Variable host("REDIS_HOST", "elsewhere");
  const Variable database("REDIS_DB", "4");
  EXPECT_EQ(describe(find_target(std::nullopt).value()), ":@cache:6379/1");
}

TEST_F(FindTarget, GivenUrl_ComesBeforeRedisUrl) {
  const Variable url("REDIS_URL", "redis://elsewhere");
  EXPECT_EQ(describe(find_target("redis://cache").value()), ":@cache:6379/0");
}

TEST_F(FindTarget, RedisPassword_CompletesAUrlWithoutOne) {
  const Variable password("REDIS_PASSWORD", "pw");
  EXPECT_EQ(find_target("redis://cache")->password, "pw");
  EXPECT_EQ(find_target("redis://:own@cache")->password, "own");
}

TEST_F(FindTarget, BadPort_IsRefused) {
  const Variable port("REDIS_PORT", "7000x");
  EXPECT_EQ(error_of([] { find_target(std::nullopt); }).kind(), core::ErrorKind::kUsage);
}

}  // namespace
}  // namespace scalectl::redis
