// Leases in Redis: who holds one, for how long, and how a holder learns that it does not any more.
#include "redis/lease.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "support/database.hpp"
#include "support/own_redis.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl {
namespace {

using core::ErrorKind;
using redis::Lease;
using std::chrono::milliseconds;
using test::error_of;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr milliseconds kLong{60'000};

struct RedisLease : testing::Test {
  redis::Target target = test::shared_lab().redis();
  redis::Client client{target};
  /// A key of this test's own: the server is shared.
  std::string key = fmt::format("test:lease:{}", getpid());

  RedisLease() { std::signal(SIGPIPE, SIG_IGN); }
  ~RedisLease() override { client.command({"DEL", key}); }

  std::optional<std::string> holder() { return client.command({"GET", key}).text; }
  std::int64_t ttl_ms() { return std::stoll(client.command({"PTTL", key}).text.value()); }
  std::unique_ptr<Lease> take(milliseconds ttl = kLong) { return Lease::take(target, key, ttl); }
};

TEST_F(RedisLease, OneAtATimeHoldsIt) {
  const auto first = take();
  ASSERT_TRUE(first);
  EXPECT_THAT(first->value(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(holder(), first->value());
  EXPECT_GT(ttl_ms(), 50'000);
  EXPECT_LE(ttl_ms(), 60'000);
  EXPECT_EQ(take(), nullptr);
  EXPECT_EQ(holder(), first->value());
  EXPECT_EQ(first->lost(), "");
  EXPECT_TRUE(first->release());
  EXPECT_EQ(holder(), std::nullopt);
  EXPECT_FALSE(first->release());
  const auto second = take();
  ASSERT_TRUE(second);
  EXPECT_NE(second->value(), first->value());
}

TEST_F(RedisLease, TheEndOfTheObject_ReleasesIt) {
  take();
  EXPECT_EQ(holder(), std::nullopt);
}

TEST_F(RedisLease, Renewal_KeepsItBeyondItsTime) {
  const auto lease = take(milliseconds(1500));
  ASSERT_TRUE(lease);
  // Shortened, it is back at its full length with the next renewal; so often that it lives longer
  // than it was taken for.
  for (int i = 0; i < 4; ++i) {
    client.command({"PEXPIRE", key, "1000"});
    ASSERT_TRUE(test::comes_true([&] { return ttl_ms() > 1000; }));
  }
  EXPECT_EQ(holder(), lease->value());
  EXPECT_EQ(lease->lost(), "");
}

TEST_F(RedisLease, KeyDeletedByAnother_IsNoticed) {
  const auto lease = take(milliseconds(300));
  client.command({"DEL", key});
  ASSERT_TRUE(test::comes_true([&] { return !lease->lost().empty(); }));
  EXPECT_EQ(lease->lost(), key + " is no longer there");
  EXPECT_FALSE(lease->release());
}

TEST_F(RedisLease, KeyThatAnotherTook_IsNoticedAndLeftAlone) {
  const auto lease = take(milliseconds(300));
  client.command({"SET", key, "another"});
  ASSERT_TRUE(test::comes_true([&] { return !lease->lost().empty(); }));
  EXPECT_EQ(lease->lost(), "somebody else holds " + key);
  EXPECT_EQ(ttl_ms(), -1);  // nor was another's time made shorter
  EXPECT_FALSE(lease->release());
  EXPECT_EQ(holder(), "another");
}

TEST_F(RedisLease, ReleaseBeforeTheLossIsNoticed_LeavesAnothersKey) {
  const auto lease = take();
  client.command({"SET", key, "another"});
  EXPECT_FALSE(lease->release());
  EXPECT_EQ(holder(), "another");
}

TEST_F(RedisLease, ConnectionThatBreaks_IsMadeAgain) {
  test::OwnRedis own;
  redis::Client other(own.target());
  const auto lease = Lease::take(own.target(), key, milliseconds(1500));
  other.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  other.command({"PEXPIRE", key, "1000"});
  const auto ttl = [&] { return std::stoll(other.command({"PTTL", key}).text.value()); };
  ASSERT_TRUE(test::comes_true([&] { return ttl() > 1000; }));
  EXPECT_EQ(lease->lost(), "");
}

TEST_F(RedisLease, RedisThatGoesAway_IsNoticed) {
  test::OwnRedis own;
  const auto lease = Lease::take(own.target(), key, milliseconds(300));
  ASSERT_TRUE(lease);
  own.stop();
  ASSERT_TRUE(test::comes_true([&] { return !lease->lost().empty(); }));
  EXPECT_THAT(lease->lost(), HasSubstr("cannot connect to Redis"));
  EXPECT_FALSE(lease->release());
  EXPECT_EQ(error_of([&] { Lease::take(own.target(), key, kLong); }).kind(),
            ErrorKind::kConnection);
}

TEST_F(RedisLease, TooShort_IsAUsageError) {
  EXPECT_EQ(error_of([&] { take(milliseconds(9)); }).kind(), ErrorKind::kUsage);
  EXPECT_EQ(holder(), std::nullopt);
}

}  // namespace
}  // namespace scalectl
