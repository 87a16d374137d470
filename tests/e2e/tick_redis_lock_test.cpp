// --redis-lock: it spares the database runs, and guarantees nothing: whatever happens to it, the
// window is worked once.
#include <gmock/gmock.h>

#include "process/host.hpp"
#include "redis/client.hpp"
#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/own_redis.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TickRedisLock : public OnDatabase {
 protected:
  OwnRedis redis_;
  redis::Client client_{redis_.target()};
  const std::vector<std::string> kRun{"tick", "run",          "stamina",  "--window",
                                      "365d", "--redis-lock", "--format", "json"};

  Environment there() const {
    return {{"DATABASE_URL", database_.dsn()}, {"REDIS_URL", redis_.url()}};
  }
  Outcome run(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), kRun.begin(), kRun.end());
    return test::scalectl(more, there());
  }
  /// The keys of locks.
  std::vector<std::string> keys() {
    std::vector<std::string> names;
    for (const redis::Reply& item : client_.command({"KEYS", "scalectl:tick:*"}).items) {
      names.push_back(item.text.value());
    }
    return names;
  }
  /// A run whose lock lives so long.
  Running start(const std::string& ttl) const {
    auto arguments = kRun;
    arguments.insert(arguments.end(), {"--redis-lock-ttl", ttl, "--lock-timeout", "1m"});
    return Running(arguments, there());
  }
  /// Waits until the run waits for `players`; it has its lock by then.
  testing::AssertionResult is_blocked() {
    return eventually([&] {
      return cell(
                 "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                 " AND application_name = 'scalectl tick run'"
                 " AND wait_event_type = 'Lock'") == "1";
    })
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << "the run never waited for the lock";
  }
  std::string worked() { return cell("SELECT count(*) FROM scalectl.tick_runs"); }
};

/// Keeps players locked as long as it lives.
struct Blocker {
  pg::Session session;
  pg::Transaction tx;
  explicit Blocker(const Database& database) : session(database.connect()), tx(session.begin()) {
    tx.query("LOCK TABLE players IN SHARE MODE");
  }
};

TEST_F(TickRedisLock, Taken_IsReleasedAndSaidOnceWhatItIsWorth) {
  seed("50");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              HasSubstr("INFO - The Redis lock is for efficiency; the slot row is what "
                        "guarantees\n"));
  EXPECT_EQ(text_at(json(outcome.out), "metrics.slot_state"), "worked");
  EXPECT_EQ(text_at(json(outcome.out), "metrics.redis_lock"), "released");
  EXPECT_TRUE(keys().empty());
  EXPECT_EQ(text_at(json(run().out), "metrics.slot_state"), "already_done");
  EXPECT_EQ(worked(), "1");
}

TEST_F(TickRedisLock, Held_IsTreatedAsOnHeldSays) {
  seed("50");
  std::optional<Blocker> blocker(database_);
  Running first = start("30s");
  ASSERT_TRUE(is_blocked());
  ASSERT_EQ(keys().size(), 1u);
  EXPECT_THAT(keys()[0], AllOf(HasSubstr("scalectl:tick:stamina:"),
                               HasSubstr("/" + database_.name()), HasSubstr(":\"players\"")));
  const Outcome skipped = run();
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_TRUE(violations(json(skipped.out)).empty());
  EXPECT_EQ(text_at(json(skipped.out), "metrics.slot_state"), "held");
  EXPECT_EQ(integer_at(json(skipped.out), "metrics.windows_worked"), 0);
  EXPECT_EQ(text_at(json(skipped.out), "params.catch_up"), "last");
  EXPECT_THAT(skipped.err, HasSubstr("INFO - tick stamina: held: another run is at work"));
  EXPECT_EQ(run({"--on-held", "fail"}).code, 4);
  const Outcome waited = run({"--on-held", "wait", "--lock-timeout", "100ms"});
  EXPECT_EQ(waited.code, 4);
  EXPECT_THAT(waited.err, HasSubstr("another run is at work: it has the Redis lock"));
  blocker.reset();
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(worked(), "1");
}

TEST_F(TickRedisLock, Held_NeedsNoDatabaseAtAll) {
  const std::string nowhere = "postgresql://nobody@127.0.0.1:1/x";
  client_.command({"SET",
                   "scalectl:tick:stamina:" + process::host_name() + ":127.0.0.1:1/x:\"players\"",
                   "another"});
  const Outcome outcome =
      test::scalectl(kRun, {{"DATABASE_URL", nowhere}, {"REDIS_URL", redis_.url()}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(text_at(json(outcome.out), "metrics.slot_state"), "held");
  client_.command({"FLUSHALL"});
  EXPECT_EQ(test::scalectl(kRun, {{"DATABASE_URL", nowhere}, {"REDIS_URL", redis_.url()}}).code, 3);
}

TEST_F(TickRedisLock, LostMidRun_IsAWarningAndNothingIsDoubled) {
  seed("50");
  std::optional<Blocker> blocker(database_);
  Running first = start("300ms");
  ASSERT_TRUE(is_blocked());
  ASSERT_EQ(keys().size(), 1u);
  const std::string key = keys()[0];
  client_.command({"SET", key, "another"});
  // Whoever comes by the other key finds the slot itself held, or does it after the first.
  client_.command({"DEL", key});
  const Outcome second = run();
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(text_at(json(second.out), "metrics.slot_state"), "held");
  client_.command({"SET", key, "another"});
  blocker.reset();
  const Outcome outcome = first.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(text_at(json(outcome.out), "metrics.slot_state"), "worked");
  EXPECT_EQ(text_at(json(outcome.out), "metrics.redis_lock"), "lost");
  EXPECT_THAT(outcome.err,
              HasSubstr("WARNING - tick stamina: the Redis lock was lost while it ran"));
  EXPECT_EQ(client_.command({"GET", key}).text, "another");
  EXPECT_EQ(worked(), "1");
}

TEST_F(TickRedisLock, RedisGoneMidRun_IsAWarningAndNothingIsDoubled) {
  seed("50");
  std::optional<Blocker> blocker(database_);
  Running first = start("300ms");
  ASSERT_TRUE(is_blocked());
  redis_.stop();
  const Outcome second = run();
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(text_at(json(second.out), "metrics.slot_state"), "held");
  EXPECT_EQ(text_at(json(second.out), "metrics.redis_lock"), "unavailable");
  EXPECT_THAT(second.err, HasSubstr("WARNING - tick stamina runs without the Redis lock: "));
  blocker.reset();
  const Outcome outcome = first.wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(text_at(json(outcome.out), "metrics.slot_state"), "worked");
  EXPECT_EQ(text_at(json(outcome.out), "metrics.redis_lock"), "lost");
  EXPECT_THAT(outcome.err, HasSubstr("the slot row kept it to once"));
  EXPECT_EQ(text_at(json(run().out), "metrics.slot_state"), "already_done");
  EXPECT_EQ(worked(), "1");
}

TEST_F(TickRedisLock, Contradictions_AreRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--redis-lock"}, "--redis-lock means nothing without --window"},
      {{"--window", "5m", "--redis-lock-ttl", "1s"}, "means nothing without --redis-lock"},
      {{"--window", "5m", "--redis-lock", "--redis-lock-ttl", "1ms"}, "too short"},
      {{"--window", "5m", "--redis-lock"}, "no Redis is named"}};
  for (auto [arguments, message] : cases) {
    arguments.insert(arguments.begin(), {"tick", "run", "stamina"});
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

}  // namespace
}  // namespace scalectl::test
