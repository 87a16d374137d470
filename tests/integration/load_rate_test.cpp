// Truth case 5: exactly the planned arrivals, each at its planned instant, never early.
#include <cmath>
#include <set>

#include "load/merge.hpp"
#include "support/load_run.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using core::kSecond;

constexpr double kMicrosecond = 1e-6;  // samples have six decimals of a second

load::HttpPlan open_loop(const ScriptedServer& server, load::Schedule schedule) {
  load::HttpPlan plan = plan_for(server);
  plan.connections = 10;
  plan.threads = 3;
  plan.schedule = std::move(schedule);
  return plan;
}

Reply quick(const Asked&) { return {.bytes = answer(200)}; }

void expect_never_early(const Ran& ran) {
  for (const Sample& sample : ran.samples) {
    ASSERT_LE(sample.service_ms, sample.response_ms) << "sent before " << sample.planned_s;
  }
}

TEST(LoadRate, ConstantOf997_HasEachOfItsArrivals) {
  ScriptedServer server(quick);
  const Ran ran =
      run(open_loop(server, load::Schedule::constant(load::parse_rate("997/s"), 2 * kSecond)));
  EXPECT_EQ(ran.counts().scheduled, 1'994);
  EXPECT_EQ(ran.counts().ok, 1'994);
  EXPECT_EQ(server.requests(), 1'994);
  ASSERT_EQ(ran.samples.size(), 1'994);
  for (std::size_t k = 0; k < ran.samples.size(); ++k) {
    ASSERT_NEAR(ran.samples[k].planned_s, static_cast<double>(k) / 997, kMicrosecond);
  }
  expect_never_early(ran);
  EXPECT_EQ(ran.latencies().send_lag.count(), 1'994);
}

// From 0 to 1,000/s over 2 s: the integral of 500 t is 250 t^2.
TEST(LoadRate, Ramp_StartsTheKthAtTheRootOfItsShare) {
  ScriptedServer server(quick);
  const Ran ran = run(open_loop(server, load::Schedule::stages(load::parse_stages("2s:1000"))));
  EXPECT_EQ(ran.counts().scheduled, 1'000);
  EXPECT_EQ(server.requests(), 1'000);
  ASSERT_EQ(ran.samples.size(), 1'000);
  for (std::size_t k = 0; k < ran.samples.size(); ++k) {
    ASSERT_NEAR(ran.samples[k].planned_s, std::sqrt(static_cast<double>(k) / 250), kMicrosecond)
        << k;
  }
  expect_never_early(ran);
}

TEST(LoadRate, ServerSeesThemWhenTheyWerePlanned) {
  EXPECT_TRUE(within_three([]() -> testing::AssertionResult {
    ScriptedServer server(quick);
    run(open_loop(server, load::Schedule::constant(load::parse_rate("100/s"), kSecond)));
    const std::vector<Asked> asked = server.asked();
    EXPECT_EQ(asked.size(), 100);
    const double lasted = std::chrono::duration<double>(asked.back().at - asked.front().at).count();
    double gap = 0;
    for (std::size_t i = 1; i < asked.size(); ++i) {
      gap = std::max(gap, std::chrono::duration<double>(asked[i].at - asked[i - 1].at).count());
    }
    if (lasted > 0.97 && lasted < 1.02 && gap < 0.03) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "the first and last are " << lasted << " s apart, two " << gap << " s";
  }));
}

TEST(LoadRate, LessThanOneForEachThread_StillArrives) {
  ScriptedServer server(quick);
  load::HttpPlan plan =
      open_loop(server, load::Schedule::constant(load::parse_rate("5/s"), std::nullopt, 3));
  plan.threads = 7;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().scheduled, 3);
  EXPECT_EQ(ran.counts().ok, 3);
  EXPECT_EQ(server.requests(), 3);
}

TEST(LoadRate, ThreadsAndConnectionsThatDivideNothing_HaveAll) {
  ScriptedServer server(quick);
  load::HttpPlan plan =
      open_loop(server, load::Schedule::constant(load::parse_rate("701/s"), kSecond));
  plan.connections = 11;
  plan.threads = 4;
  EXPECT_EQ(run(plan).counts().ok, 701);
  EXPECT_EQ(server.requests(), 701);
}

TEST(LoadRate, Shards_AddUpToTheWhole) {
  ScriptedServer server(quick);
  const auto schedule = load::Schedule::constant(load::parse_rate("499/s"), kSecond);
  std::multiset<std::int64_t> planned_us;
  for (std::uint64_t i = 0; i < 3; ++i) {
    load::HttpPlan plan = open_loop(server, schedule);
    plan.threads = 2;
    plan.shard = load::Shard{i, 3};
    const Ran ran = run(plan);
    EXPECT_EQ(ran.counts().scheduled, i == 0 ? 167 : 166);  // 499 = 3 * 166 + 1
    for (const Sample& sample : ran.samples)
      planned_us.insert(std::llround(sample.planned_s * 1e6));
  }
  EXPECT_EQ(server.requests(), 499);
  std::multiset<std::int64_t> expected;
  for (std::uint64_t k = 0; k < 499; ++k) {
    expected.insert(std::llround(static_cast<double>(schedule.start(k)) / 1e3));
  }
  EXPECT_EQ(planned_us, expected);
}

// Each result's histograms against the latencies of its own samples, and the merged against all.
TEST(LoadMerge, OfShards_IsOneHistogramOfAllSamples) {
  ScriptedServer server([](const Asked& asked) {
    return Reply{.bytes = answer(200),
                 .delay = std::chrono::microseconds(300 * (asked.number % 40))};
  });
  const auto schedule = load::Schedule::constant(load::parse_rate("400/s"), kSecond);
  std::vector<load::NamedText> texts;
  core::Histogram response;
  core::Histogram service;
  for (std::uint64_t i = 0; i < 4; ++i) {
    load::HttpPlan plan = open_loop(server, schedule);
    plan.shard = load::Shard{i, 4};
    const Ran ran = run(plan);
    core::Result result{.command = "load http", .name = server.url()};
    result.params.set("rate", "400/s").set("shard", std::to_string(i) + "/4");
    load::report(ran.outcome, {}, result);
    texts.push_back({"shard", core::to_json(core::to_value(result))});
    for (const Sample& sample : ran.samples) {
      response.record(std::llround(sample.response_ms * 1e6));
      service.record(std::llround(sample.service_ms * 1e6));
    }
  }
  const core::Value merged = core::to_value(load::merge(texts, {}));
  EXPECT_EQ(integer_at(merged, "metrics.requests.scheduled"), 400);
  EXPECT_EQ(integer_at(merged, "metrics.requests.ok"), 400);
  EXPECT_TRUE(core::Histogram::from_value(at(merged, "data.histograms.response")) == response);
  EXPECT_TRUE(core::Histogram::from_value(at(merged, "data.histograms.service")) == service);
  EXPECT_DOUBLE_EQ(at(merged, "metrics.latency_ms.response.p99").number(),
                   core::to_milliseconds(response.quantile(0.99)));
}

}  // namespace
}  // namespace scalectl::test
