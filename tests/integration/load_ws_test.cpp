// load ws against the reference server: what it says of lost, repeated, overtaken and late messages
// is what the server did to them.
#include <gmock/gmock.h>

#include <memory>
#include <stop_token>
#include <thread>

#include "load/ws_run.hpp"
#include "support/gateway.hpp"
#include "support/recorder.hpp"

namespace scalectl::test {
namespace {

using load::Expect;

load::Outcome run(const load::WsPlan& plan, const std::stop_token& stop = {}) {
  Recorder observer;
  load::Outcome outcome = load::run(plan, stop, observer);
  load::check_message_identities(outcome.tally);
  return outcome;
}

/// `messages` of one speaker at 500/s to a room of `listeners`, the speaker among them.
load::WsPlan room_plan(const Gateway& gateway, int listeners, std::uint64_t messages) {
  return {.url = gateway.url("/ws/room/plaza"),
          .connections = listeners,
          .threads = 2,
          .speakers = 1,
          .duration = 10 * core::kSecond,
          .message = "hello",
          .expect = Expect::kRoom,
          .schedule = load::Schedule::constant({.count = 500}, std::nullopt, messages)};
}

load::WsPlan shortened(load::WsPlan plan) {
  plan.duration = plan.schedule->end().value();
  return plan;
}

TEST(LoadWs, Room_EveryMessageReachesEveryone) {
  const Gateway gateway;
  const load::Outcome outcome = run(shortened(room_plan(gateway, 40, 250)));
  const load::MessageCounts& m = outcome.tally.messages;
  EXPECT_EQ(outcome.tally.counts.sent, 250U);
  EXPECT_EQ(m.expected, 250U * 40);
  EXPECT_EQ(m.delivered, 250U * 40);
  EXPECT_EQ(m.lost + m.unfinished + m.away + m.duplicated + m.reordered + m.foreign, 0U);
  EXPECT_EQ(outcome.tally.latencies.echo.count(), 250U);
  EXPECT_EQ(outcome.tally.latencies.fanout.count(), 250U * 39);
  EXPECT_EQ(outcome.tally.close_codes(), (std::map<int, std::uint64_t>{{1000, 40}}));
}

TEST(LoadWs, EveryHundredthDropped_IsLostByEveryone) {
  const Gateway gateway({.disorder = {.drop = 100}});
  const load::Outcome outcome = run(shortened(room_plan(gateway, 30, 450)));
  EXPECT_EQ(outcome.tally.messages.lost, 4U * 30);
  EXPECT_EQ(outcome.tally.messages.delivered, 446U * 30);
  EXPECT_EQ(outcome.tally.messages.unfinished, 0U);
}

TEST(LoadWs, LastMessageDropped_IsUnfinishedAndNotForgotten) {
  const Gateway gateway({.disorder = {.drop = 100}});
  const load::Outcome outcome = run(shortened(room_plan(gateway, 30, 200)));
  EXPECT_EQ(outcome.tally.messages.lost, 1U * 30);
  EXPECT_EQ(outcome.tally.messages.unfinished, 1U * 30);
}

TEST(LoadWs, DuplicatesAndReorders_AreCountedExactly) {
  const Gateway gateway({.disorder = {.duplicate = 10, .reorder = 7}});
  const load::Outcome outcome = run(shortened(room_plan(gateway, 20, 300)));
  const gateway::RoomCounters done = gateway.counters();
  EXPECT_EQ(done.duplicated, 30U);
  EXPECT_EQ(outcome.tally.messages.duplicated, done.duplicated * 20);
  EXPECT_EQ(outcome.tally.messages.reordered, done.reordered * 20);
  EXPECT_GT(done.reordered, 0U);
  EXPECT_EQ(outcome.tally.messages.delivered, 300U * 20);
  EXPECT_EQ(outcome.tally.messages.lost, 0U);
}

TEST(LoadWs, SeveralSpeakersOverThreads_TakeTurnsOnOneSchedule) {
  const Gateway gateway({}, {.threads = 2});
  load::WsPlan plan = room_plan(gateway, 11, 400);
  plan.speakers = 5;
  const load::Outcome outcome = run(shortened(plan));
  EXPECT_EQ(outcome.tally.counts.scheduled, 400U);
  EXPECT_EQ(outcome.tally.counts.sent, 400U);
  EXPECT_EQ(outcome.tally.messages.delivered, 400U * 11);
  EXPECT_EQ(outcome.tally.messages.reordered, 0U);
}

TEST(LoadWs, ClosedEcho_TimesEveryRoundTrip) {
  const Gateway gateway;
  const load::Outcome outcome = run({.url = gateway.url("/ws/echo"),
                                     .connections = 4,
                                     .duration = core::kSecond / 2,
                                     .message = R"({"type":"ping"})",
                                     .expect = Expect::kEcho});
  EXPECT_GT(outcome.tally.counts.sent, 4U);
  EXPECT_EQ(outcome.tally.messages.delivered, outcome.tally.counts.sent);
  EXPECT_EQ(outcome.tally.latencies.echo.count(), outcome.tally.counts.sent);
}

TEST(LoadWs, ServerThatCloses_IsADisconnectWithItsCode) {
  const Gateway gateway({.close_after = 3});
  const load::Outcome outcome =
      run({.url = gateway.url("/ws/echo"),
           .connections = 5,
           .duration = core::kSecond,
           .message = "hello",
           .expect = Expect::kEcho,
           .schedule = load::Schedule::constant({.count = 50}, core::kSecond)});
  EXPECT_EQ(outcome.tally.messages.disconnects, 5U);
  EXPECT_EQ(outcome.tally.closes,
            (std::map<load::Closing, std::uint64_t>{{{1001, true, "close-after"}, 5}}));
  EXPECT_EQ(outcome.tally.counts.sent + outcome.tally.counts.missed, 50U);
  EXPECT_GT(outcome.tally.counts.missed, 0U);
}

TEST(LoadWs, Reconnect_OpensAgainAndTimesIt) {
  const Gateway gateway({.close_after = 3});
  const load::Outcome outcome =
      run({.url = gateway.url("/ws/echo"),
           .connections = 5,
           .duration = 2 * core::kSecond,
           .message = "hello",
           .expect = Expect::kEcho,
           .schedule = load::Schedule::constant({.count = 50}, 2 * core::kSecond),
           .reconnect = true,
           .reconnect_jitter = 10 * core::kMillisecond});
  EXPECT_GE(outcome.tally.messages.reopened, 5U);
  EXPECT_EQ(outcome.tally.connections_opened, 5U + outcome.tally.messages.reopened);
  EXPECT_GT(outcome.tally.latencies.reopen.count(), 0U);
}

TEST(LoadWs, UpgradeRefused_IsAFailureWithItsStatus) {
  const Gateway gateway;
  const load::Outcome outcome =
      run({.url = gateway.url("/api/health"), .connections = 3, .duration = core::kSecond / 10});
  const auto& refused =
      outcome.tally.failures[static_cast<std::size_t>(net::FailureClass::kProtocol)];
  EXPECT_EQ(refused.count, 3U);
  EXPECT_THAT(refused.example, testing::HasSubstr("status 200"));
}

TEST(LoadWs, SubprotocolNobodyTakes_IsRefused) {
  const Gateway gateway;
  const load::Outcome outcome = run({.url = gateway.url("/ws/echo"),
                                     .request = {.protocols = {"chat"}},
                                     .connections = 1,
                                     .duration = core::kSecond / 10});
  EXPECT_EQ(outcome.tally.connections_failed, 1U);
}

TEST(LoadWs, StopInTheMiddle_ClosesEverySocketProperly) {
  const Gateway gateway;
  std::stop_source source;
  std::jthread stopper([&source] {
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    source.request_stop();
  });
  load::WsPlan plan = room_plan(gateway, 200, 100'000);
  const load::Outcome outcome = run(shortened(plan), source.get_token());
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(outcome.tally.close_codes(), (std::map<int, std::uint64_t>{{1000, 200}}));
  EXPECT_EQ(outcome.tally.messages.delivered, outcome.tally.counts.sent * 200);
}

TEST(LoadWs, StopWhileConnectionsAreOpening_ClosesThoseThatAreOpen) {
  const Gateway gateway;
  std::stop_source source;
  std::jthread stopper([&source] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    source.request_stop();
  });
  load::WsPlan plan = room_plan(gateway, 200, 100);
  plan.ramp = 20 * core::kSecond;
  const load::Outcome outcome = run(plan, source.get_token());
  EXPECT_TRUE(outcome.interrupted);
  const std::uint64_t opened = outcome.tally.connections_opened;
  EXPECT_GT(opened, 0U);
  EXPECT_LT(opened, 200U);
  EXPECT_EQ(outcome.tally.close_codes(), (std::map<int, std::uint64_t>{{1000, opened}}));
  EXPECT_EQ(outcome.tally.counts.scheduled, 0U);
}

TEST(LoadWs, ReadRate_HoldsForManySmallMessagesToo) {
  const Gateway gateway;
  load::WsPlan plan{.url = gateway.url("/ws/echo"),
                    .connections = 1,
                    .duration = core::kSecond,
                    .message = "hello",
                    .message_bytes = 100,
                    .expect = Expect::kEcho,
                    .schedule = load::Schedule::constant({.count = 500}, core::kSecond),
                    .read_rate = 5'000,
                    .drain = 0};
  const load::Outcome outcome = run(plan);
  // A tenth of what comes is read in time, the rest once the run is over.
  EXPECT_EQ(outcome.tally.messages.delivered, outcome.tally.counts.sent);
  EXPECT_GT(outcome.tally.latencies.echo.quantile(0.5), core::kSecond / 5);
}

TEST(LoadWs, Rates_LeaveOutTheWaitForSilence) {
  const Gateway gateway;
  const load::Outcome outcome = run(shortened(room_plan(gateway, 40, 250)));
  ASSERT_TRUE(outcome.loaded_s);
  EXPECT_GE(*outcome.loaded_s, 0.499);
  EXPECT_LT(*outcome.loaded_s, outcome.elapsed_s - 0.45);
}

}  // namespace
}  // namespace scalectl::test
