// Scenarios over WebSocket, against the reference server.
#include <gmock/gmock.h>

#include <thread>

#include "support/gateway.hpp"
#include "support/scenario_run.hpp"

namespace scalectl::test {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

std::string once(const std::string& flow, int users = 1) {
  return R"({"summary": "test", "populations": [{"name": "p", "load": {"users": )" +
         std::to_string(users) + R"(, "iterations": 1}, "flow": [)" + flow + "]}]}";
}

TEST(LoadScenarioWs, WhatIsSaid_ComesBackAndIsLookedInto) {
  const Gateway gateway;
  const Played played = play(once(R"({"connect": "/ws/echo"},
              {"send": {"json": {"type": "move", "to": {"n": 7}}}},
              {"expect": {"from": "self", "extract": {"n": {"pointer": "/to/n"}},
                          "check": ["${n} == 7", "${message} contains move"]}},
              {"send": {"text": "n=${n}", "stamp": false}},
              {"expect": {"where": ["${message} == n=7"]}},
              {"close": {"code": 4001, "reason": "done"}},
              {"http": "GET /api/health"})"),
                             gateway.target());
  EXPECT_EQ(played.iterations().ok, 1U) << testing::PrintToString(played.reasons());
  EXPECT_EQ(played.check("${n} == 7"), "1 of 1");
  EXPECT_EQ(played.check("${message} contains move"), "1 of 1");
  EXPECT_EQ(played.iterations().messages_sent, 2U);
  EXPECT_EQ(played.tally().messages.delivered, 1U);
  EXPECT_EQ(played.tally().messages.foreign, 1U) << "the one without a stamp";
  EXPECT_EQ(played.tally().latencies.echo.count(), 1U);
  EXPECT_EQ(played.step("connect /ws/echo").ok, 1U);
  EXPECT_EQ(played.tally().counts.ok, 1U);
}

TEST(LoadScenarioWs, WhatDoesNotCome_IsMissedInTime) {
  const Gateway gateway;
  const Played played = play(once(R"({"connect": "/ws/echo"}, {"send": "one"},
      {"name": "two", "expect": {"count": 2, "within": "100ms"}}, {"http": "GET /api/health"})"),
                             gateway.target());
  EXPECT_THAT(played.reasons(), ElementsAre(Pair("two: 1 of 2 messages in time", 1)));
  EXPECT_EQ(played.step("two").timeout, 1U);
  EXPECT_GE(played.step("two").response.max(), 100 * core::kMillisecond);
  EXPECT_EQ(played.tally().counts.sent, 0U);
}

TEST(LoadScenarioWs, InARoom_TheOthersAreHeard) {
  const Gateway gateway;
  const Played played = play(once(R"({"join": "plaza"}, {"think": "300ms"},
      {"send": {"json": {"user": "${user}"}}}, {"expect": {"count": 4, "from": "others"}},
      {"join": "cave${user}"}, {"send": "anybody?"}, {"expect": {"from": "self"}},
      {"name": "echoes", "expect": {"from": "others", "within": "50ms"}})",
                                  5),
                             gateway.target());
  EXPECT_THAT(played.reasons(), ElementsAre(Pair("echoes: 0 of 1 messages in time", 5)))
      << "in a cave of one's own nobody answers";
  EXPECT_EQ(played.iterations().messages_sent, 10U);
  EXPECT_EQ(played.tally().messages.delivered, 30U) << "25 in the plaza, 5 in caves";
  EXPECT_EQ(played.tally().latencies.fanout.count(), 20U);
  EXPECT_EQ(played.tally().messages.lost, 0U);
  EXPECT_EQ(played.step("join plaza").ok, 5U);
}

TEST(LoadScenarioWs, WhatIsLostAndRepeated_IsCounted) {
  const Gateway gateway({.disorder = {.drop = 5}});
  const Played played = play(once(R"({"join": "plaza"}, {"loop": {"times": 21, "do":
      [{"send": "x"}, {"think": "1ms"}]}}, {"expect": {"count": 17, "within": "2s"}})"),
                             gateway.target());
  EXPECT_EQ(played.iterations().ok, 1U) << testing::PrintToString(played.reasons());
  EXPECT_EQ(played.tally().messages.lost, 4U);
  EXPECT_EQ(played.tally().messages.delivered, 17U);
}

TEST(LoadScenarioWs, ARefusedUpgrade_IsTheStepsFailure) {
  const Gateway gateway;
  const Played played =
      play(once(R"({"connect": "/api/health"}, {"send": "x"})"), gateway.target());
  ASSERT_THAT(played.reasons(), SizeIs(1));
  EXPECT_THAT(played.reasons().begin()->first,
              testing::StartsWith("connect /api/health: upgrade refused: "));
  EXPECT_EQ(played.step("connect /api/health").broken, 1U);
}

TEST(LoadScenarioWs, WithoutASocket_NothingCanBeSaid) {
  const Gateway gateway;
  const Played played =
      play(once(R"({"connect": "/ws/echo"}, {"close": true}, {"send": "x"})"), gateway.target());
  EXPECT_THAT(played.reasons(), ElementsAre(Pair("send: there is no open WebSocket", 1)));
}

TEST(LoadScenarioWs, ASocketThatCloses_EndsTheIterationAndIsOpenedAgain) {
  const Gateway gateway({.close_after = 3});
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"users": 1, "for": "1s"}, "flow": [{"connect": "/ws/echo"},
        {"loop": {"times": 10, "do": [{"send": "x"}, {"expect": {}}]}}]}]})",
                             gateway.target());
  EXPECT_GE(played.iterations().failed, 3U);
  EXPECT_EQ(played.tally().messages.disconnects, played.iterations().failed);
  EXPECT_GE(played.tally().messages.reopened, 2U);
  EXPECT_GE(played.tally().latencies.reopen.count(), 2U);
}

TEST(LoadScenarioWs, AtTheEnd_EverySocketIsClosedProperly) {
  const Gateway gateway;
  const Played played = play(R"({"summary": "test", "drain": "100ms", "populations": [{"name": "p",
      "load": {"users": 20, "for": "300ms"}, "flow": [{"join": "plaza"}, {"think": "1h"}]}]})",
                             gateway.target());
  EXPECT_THAT(played.tally().close_codes(), ElementsAre(Pair(1000, 20)));
  EXPECT_EQ(played.iterations().unfinished, 20U);
  EXPECT_EQ(played.tally().messages.disconnects, 0U);
}

TEST(LoadScenarioWs, OpenUsers_SayGoodbyeWhenTheirFlowIsOver) {
  const Gateway gateway;
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"rate": "100/s", "for": "500ms"}, "flow": [{"connect": "/ws/echo"}, {"send": "x"}, {"expect": {}}]}]})",
                             gateway.target());
  EXPECT_EQ(played.iterations().ok, 50U) << testing::PrintToString(played.reasons());
  EXPECT_THAT(played.tally().close_codes(), ElementsAre(Pair(1000, 50)));
}

}  // namespace
}  // namespace scalectl::test
