// Truth case 1: a server that freezes for 100 ms in every second, at 1,000 requests a second.
//
// An arrival planned t into the freeze waits for the rest of it, 100 ms - t, whatever connection it
// goes over; so the response at quantile q > 0.9 is 100 - (1 - q) * 1000 ms: p95 50, p99 90, p99.9
// 99 ms. The arrivals behind the first 25 (one for each connection) are sent when the freeze is
// over and need a few milliseconds more.
//
// The same accepted intervals are held against three wrong rules, each simulated in virtual time.
#include <queue>

#include "support/load_run.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;

constexpr double kPeriod = 1'000;  // ms
constexpr double kFreeze = 100;
constexpr int kSeconds = 6;
constexpr int kPlanned = kSeconds * 1'000;  // one each millisecond
constexpr int kConnections = 25;
constexpr double kService = 0.2;

struct Latencies {
  std::vector<double> responses;  // ms

  double at(double q) const {
    std::vector<double> sorted = responses;
    std::sort(sorted.begin(), sorted.end());
    const double rank = std::max(1.0, std::ceil(q * static_cast<double>(sorted.size()) - 1e-9));
    return sorted[static_cast<std::size_t>(rank) - 1];
  }
};

struct Shape {
  std::uint64_t count;
  double p90, p95, p99, p999;
};

Shape shape_of(const Latencies& of) {
  return {of.responses.size(), of.at(0.9), of.at(0.95), of.at(0.99), of.at(0.999)};
}

/// What a true tool may report. What lies over the arithmetic is the queue that the freeze leaves
/// and the machine's noise; what lies under it is the histogram's rounding.
testing::AssertionResult is_true(const Shape& shape) {
  const auto holds = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (shape.count == kPlanned && holds(shape.p90, 0, 20) && holds(shape.p95, 49.5, 62) &&
      holds(shape.p99, 89, 104) && holds(shape.p999, 97.5, 115)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "count " << shape.count << ", p90 " << shape.p90 << ", p95 " << shape.p95 << ", p99 "
         << shape.p99 << ", p99.9 " << shape.p999;
}

/// When a request that reaches the server at `at` is answered.
double answered(double at) {
  const double into = std::fmod(at, kPeriod);
  return (into < kFreeze ? at - into + kFreeze : at) + kService;
}

using Free = std::priority_queue<double, std::vector<double>, std::greater<>>;

Free idle_connections() { return Free(std::greater<>(), std::vector<double>(kConnections, 0.0)); }

TEST(LoadStall, Rules_OnlyTheTrueOneIsAccepted) {
  Latencies truth;  // from the planned instant, over any idle connection
  Free free = idle_connections();
  for (int k = 0; k < kPlanned; ++k) {
    const double sent = std::max<double>(k, free.top());
    free.pop();
    free.push(answered(sent));
    truth.responses.push_back(answered(sent) - k);
  }
  EXPECT_TRUE(is_true(shape_of(truth)));

  Latencies closed;  // from the send, and nothing is sent while connections wait
  for (int c = 0; c < kConnections; ++c) {
    for (double t = 0; t < kPlanned; t = answered(t)) closed.responses.push_back(answered(t) - t);
  }
  EXPECT_FALSE(is_true(shape_of(closed)));
  closed.responses.resize(kPlanned);  // not for the number of requests alone
  EXPECT_FALSE(is_true(shape_of(closed)));

  Latencies dropping;  // k6: an arrival without an idle virtual user is dropped
  free = idle_connections();
  for (int k = 0; k < kPlanned; ++k) {
    if (free.top() > k) continue;
    free.pop();
    free.push(answered(k));
    dropping.responses.push_back(answered(k) - k);
  }
  EXPECT_LT(dropping.responses.size(), kPlanned);
  EXPECT_FALSE(is_true(shape_of(dropping)));
  dropping.responses.resize(kPlanned, kService);
  EXPECT_FALSE(is_true(shape_of(dropping)));

  Latencies
      catching_up;  // wrk2: each connection has its own schedule, and catches up at twice its rate
  for (int c = 0; c < kConnections; ++c) {
    double sent = -1e9;
    double done = 0;
    for (double planned = c; planned < kPlanned; planned += kConnections) {
      const bool behind = done > planned || sent > planned - kConnections;
      sent = behind ? std::max({planned, done, sent + kConnections / 2.0}) : planned;
      done = answered(sent);
      catching_up.responses.push_back(done - planned);
    }
  }
  EXPECT_EQ(catching_up.responses.size(), kPlanned);
  EXPECT_FALSE(is_true(shape_of(catching_up)));
}

TEST(LoadStall, Engine_TellsTheTruth) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    const Freezes freezes(100ms, 1'000ms);
    ScriptedServer server([&](const Asked& asked) {
      return Reply{.bytes = answer(200), .until = freezes.thaw(asked.at)};
    });
    load::HttpPlan plan = plan_for(server);
    plan.connections = kConnections;
    plan.schedule = load::Schedule::constant(load::parse_rate("1000/s"), kSeconds * core::kSecond);
    const Ran ran = run(plan);
    // Exact, however slow the machine is.
    EXPECT_EQ(ran.counts().scheduled, kPlanned);
    EXPECT_EQ(ran.counts().missed, 0);
    EXPECT_EQ(ran.counts().ok, kPlanned);
    EXPECT_EQ(server.requests(), kPlanned);
    // 25 requests in a thousand meet the freeze themselves: service does not show it at p95.
    if (ran.service_ms(0.95) > 20) {
      return testing::AssertionFailure() << "service p95 " << ran.service_ms(0.95);
    }
    return is_true({ran.latencies().response.count(), ran.response_ms(0.9), ran.response_ms(0.95),
                    ran.response_ms(0.99), ran.response_ms(0.999)});
  }));
}

}  // namespace
}  // namespace scalectl::test
