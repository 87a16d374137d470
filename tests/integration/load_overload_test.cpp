// Truth cases 2, 3 and 6: a server that cannot keep up, one that hangs, and Little's law.
#include "load/outcome.hpp"
#include "support/load_run.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using core::kMillisecond;
using core::kSecond;

testing::AssertionResult in(const char* what, double value, double low, double high) {
  if (value >= low && value <= high) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << what << " is " << value << ", not " << low << " to " << high;
}

/// A first-in first-out server at 100/s that is offered 150/s for 2 s.
struct Overload {
  explicit Overload(int connections, core::Nanos drain) {
    Fifo fifo(100);
    ScriptedServer server(
        [&](const Asked&) { return Reply{.bytes = answer(200), .until = fifo.next()}; });
    load::HttpPlan plan = plan_for(server);
    plan.connections = connections;
    plan.schedule = load::Schedule::constant(load::parse_rate("150/s"), 2 * kSecond);
    plan.drain = drain;
    ran = run(plan);
  }
  Ran ran;
};

// Answer k comes at k/100 s, and was planned for k/150 s: it took half of its planned instant. Of
// 300, the median took 0.5 s and the 99th of each hundred 0.99 s.
TEST(LoadOverload, Drained_ResponseGrowsByHalfOfTheTime) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    const Ran ran = Overload(40, 10 * kSecond).ran;
    EXPECT_EQ(ran.counts().scheduled, 300);
    EXPECT_EQ(ran.counts().ok, 300);
    if (auto p50 = in("p50", ran.response_ms(0.5), 499, 545); !p50) return p50;
    // 40 in flight at 100/s take 0.4 s from their sending: what a tool that forgets the queue sees.
    if (auto p99 = in("service p99", ran.service_ms(0.99), 380, 445); !p99) return p99;
    return in("p99", ran.response_ms(0.99), 989, 1'040);
  }));
}

// With a connection for each, all 300 are sent, and the third that was not served is unfinished.
TEST(LoadOverload, Undrained_WhatIsInFlightIsUnfinishedWithItsAge) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    const Ran ran = Overload(130, 0).ran;
    const load::Counts& counts = ran.counts();
    EXPECT_EQ(counts.scheduled, 300);
    EXPECT_EQ(counts.missed, 0);
    EXPECT_EQ(counts.sent, 300);
    EXPECT_EQ(counts.unfinished, 300 - counts.ok);
    EXPECT_EQ(ran.latencies().response.count(), 300);
    for (const Sample& sample : ran.samples) {
      if (sample.outcome != "unfinished") continue;
      EXPECT_GE(sample.response_ms, 2'000 - sample.planned_s * 1'000 - 0.001)
          << "younger than it is";
      if (auto age = in("age", sample.response_ms, 0, 2'060 - sample.planned_s * 1'000); !age)
        return age;
    }
    return in("unfinished", static_cast<double>(counts.unfinished), 100, 108);
  }));
}

// With 20, the rest of the queue was never sent: missed.
TEST(LoadOverload, Undrained_WhatWaitsForAConnectionIsMissed) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    const load::Counts counts = Overload(20, 0).ran.counts();
    EXPECT_EQ(counts.scheduled, 300);
    EXPECT_EQ(counts.unfinished, 20);
    EXPECT_EQ(counts.sent, counts.ok + 20);
    EXPECT_EQ(counts.missed, 280 - counts.ok);
    return in("ok", static_cast<double>(counts.ok), 192, 200);
  }));
}

// Without an answer from 1 s on, of 1.5 s and a drain of 0.3 s.
TEST(LoadOverload, HangAtTheEnd_CountsAndFailsTheThreshold) {
  const auto hang = Clock::now() + 1s;
  ScriptedServer server([&](const Asked& asked) {
    return Reply{.bytes = answer(200),
                 .until = asked.at < hang ? asked.at : asked.at + std::chrono::hours(1)};
  });
  load::HttpPlan plan = plan_for(server);
  plan.connections = 10;
  plan.schedule = load::Schedule::constant(load::parse_rate("200/s"), 1'500 * kMillisecond);
  plan.drain = 300 * kMillisecond;
  plan.thresholds = {load::parse_threshold("response.p99<500ms"),
                     load::parse_threshold("missed==0"), load::parse_threshold("unfinished==0")};
  const Ran ran = run(plan);
  const load::Counts& counts = ran.counts();
  EXPECT_EQ(counts.scheduled, 300);
  EXPECT_EQ(counts.unfinished, 10);
  EXPECT_EQ(counts.sent, server.requests());
  EXPECT_EQ(counts.missed, 290 - counts.ok);
  EXPECT_GE(counts.missed, 50);
  for (const Sample& sample : ran.samples) {
    if (sample.outcome != "unfinished") continue;
    EXPECT_GE(sample.response_ms, 1'800 - sample.planned_s * 1'000 - 0.001);
  }
  core::Result result;
  load::report(ran.outcome, plan.thresholds, result);
  EXPECT_EQ(result.verdict, core::Verdict::kFail);
  ASSERT_EQ(result.checks.size(), 3);
  for (const core::Check& check : result.checks) EXPECT_FALSE(check.passed) << check.name;
}

// 20 at a time of 50 ms each are 400 a second: none of the 20 can do more than 30 in 1.5 s.
TEST(LoadOverload, LittlesLaw_TwentyOfFiftyMillisecondsAreFourHundredASecond) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200), .delay = 50ms}; });
    load::HttpPlan plan = plan_for(server);
    plan.connections = 20;
    plan.threads = 2;
    plan.duration = 1'500 * kMillisecond;
    const Ran ran = run(plan);
    EXPECT_LE(ran.counts().ok, 600);
    EXPECT_EQ(ran.counts().ok, server.requests());
    if (auto ok = in("ok", static_cast<double>(ran.counts().ok), 560, 600); !ok) return ok;
    EXPECT_GE(ran.latencies().service.min(), 50 * kMillisecond);
    return in("p50", ran.response_ms(0.5), 50, 54);
  }));
}

TEST(LoadSplit, FirstByteAndTheWholeAreApart) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    ScriptedServer server([](const Asked&) {
      return Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12",
                   .delay = 30ms,
                   .more = "34",
                   .more_delay = 50ms};
    });
    load::HttpPlan plan = plan_for(server);
    plan.count = 10;
    const Ran ran = run(plan);
    EXPECT_EQ(ran.counts().ok, 10);
    EXPECT_GE(ran.latencies().first_byte.min(), 30 * kMillisecond);
    EXPECT_GE(ran.latencies().service.min(), 80 * kMillisecond);
    EXPECT_EQ(ran.latencies().first_byte.count(), 10);
    const double first = core::to_milliseconds(ran.latencies().first_byte.quantile(0.5));
    if (auto early = in("first byte", first, 30, 45); !early) return early;
    return in("service", ran.service_ms(0.5), 80, 100);
  }));
}

}  // namespace
}  // namespace scalectl::test
