// Scenarios over HTTP: what the server was asked is what the file says, in its order.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "support/scenario_run.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::Le;
using testing::Pair;

/// What a server was asked, in order.
std::vector<std::string> lines_of(const ScriptedServer& server) {
  std::vector<std::string> lines;
  for (const Asked& asked : server.asked()) {
    lines.push_back(asked.method() + " " + asked.target() +
                    (asked.body.empty() ? "" : " " + asked.body));
  }
  return lines;
}

std::map<std::string, int> counts_of(const ScriptedServer& server) {
  std::map<std::string, int> counts;
  for (const std::string& line : lines_of(server)) ++counts[line];
  return counts;
}

/// One user who goes once through `flow`.
std::string once(const std::string& flow, const std::string& more = "") {
  return R"({"summary": "test", "populations": [{"name": "p", "load": {"users": 1, "iterations": 1},
             "flow": [)" +
         flow + "]}]" + more + "}";
}

TEST(LoadScenario, StepsAndVariables_GoInOrder) {
  ScriptedServer server([](const Asked&) {
    return Reply{
        answer(200, "X-Id: h7\r\n", R"({"token":"t/1","list":[{"n":4}],"text":"id=99."})")};
  });
  const Played played = play(
      once(R"j({"http": {"method": "POST", "url": "/login", "json": {"user": "${user}", "n": 1},
                        "extract": {"token": {"pointer": "/token"}, "n": {"pointer": "/list/0/n"},
                                    "id": {"header": "x-id"}, "digits": {"regex": "id=(\\d+)"
}
, "code" : { "status" : true }
}
}
},
              {"http": "GET /a/${token}/${n}?d=${digits}&h=${id}&s=${code}"},
              {"set": {"n": "${n}0"}},
              {"loop": {"times": 2, "do": [{"http": {"method": "PUT", "url": "/n", "body": "${n} ${iteration}"}}]}},
              {"choose": [{"when": ["${n} > 39"], "do": [{"http": "GET /big"}]},
                          {"do": [{"http": "GET /small"}]}]})j"),
      server.url(""));
  EXPECT_THAT(lines_of(server),
              ElementsAre(R"(POST /login {"user":0,"n":1})", "GET /a/t/1/4?d=99&h=h7&s=200",
                          "PUT /n 40 0", "PUT /n 40 0", "GET /big"));
  EXPECT_EQ(played.iterations().ok, 1U);
  EXPECT_EQ(played.tally().counts.ok, 5U);
  EXPECT_EQ(played.step("PUT /n").ok, 2U);
}

TEST(LoadScenario, WhatIsNotFound_IsAFailedCheckAndWhatNeedsItFails) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200, "", "no json")}; });
  const Played played =
      play(once(R"({"name": "first", "http": {"url": "/1", "extract": {"a": {"pointer": "/a"},
                         "b": {"pointer": "/b", "default": "B"}}, "check": ["${b} == B", "${b} == C"]}},
              {"http": "GET /2"},
              {"name": "needs a", "http": "GET /3/${a}"},
              {"http": "GET /4"})"),
           server.url(""));
  EXPECT_THAT(lines_of(server), ElementsAre("GET /1", "GET /2"));
  EXPECT_THAT(played.reasons(), ElementsAre(Pair("needs a: there is no value for \"a\"", 1)));
  EXPECT_EQ(played.check("${b} == B"), "1 of 1");
  EXPECT_EQ(played.check("${b} == C"), "0 of 1");
  EXPECT_EQ(played.tally().flow.failed_checks(), 2U);
  EXPECT_EQ(played.iterations().failed, 1U);
}

TEST(LoadScenario, CookiesAndRedirects_AreFollowed) {
  ScriptedServer server([&](const Asked& asked) {
    if (asked.target() == "/login") {
      return Reply{answer(303, "Set-Cookie: sid=s1; Path=/\r\nLocation: home\r\n", "")};
    }
    if (asked.target() == "/again") return Reply{answer(307, "Location: /there\r\n", "")};
    return Reply{answer(200)};
  });
  const Played played =
      play(once(R"({"http": {"method": "POST", "url": "/login", "body": "b", "follow": 3}},
              {"http": {"method": "POST", "url": "/again", "body": "c", "follow": 1}},
              {"http": {"url": "/x", "headers": {"X-A": "1"}}})"),
           server.url(""));
  EXPECT_THAT(lines_of(server), ElementsAre("POST /login b", "GET /home", "POST /again c",
                                            "POST /there c", "GET /x"));
  EXPECT_THAT(server.asked().front().head, testing::Not(testing::HasSubstr("Cookie")));
  EXPECT_THAT(server.asked().back().head,
              AllOf(testing::HasSubstr("Cookie: sid=s1\r\n"), testing::HasSubstr("X-A: 1\r\n")));
  EXPECT_EQ(played.tally().counts.redirects, 2U);
  EXPECT_EQ(played.tally().counts.sent, 3U);
}

TEST(LoadScenario, AnUnexpectedStatus_EndsTheIteration) {
  ScriptedServer server(
      [&](const Asked& asked) { return Reply{answer(asked.target() == "/404" ? 404 : 200)}; });
  const std::string url = server.url("");
  EXPECT_THAT(play(once(R"({"http": "GET /404"}, {"http": "GET /1"})"), url).reasons(),
              ElementsAre(Pair("GET /404: status 404", 1)));
  const Played expected =
      play(once(R"({"http": {"url": "/404", "expect": [200, "4xx"]}}, {"http": "GET /1"})"), url);
  EXPECT_EQ(expected.iterations().ok, 1U);
  EXPECT_EQ(expected.tally().counts.http_error, 1U) << "an answer of 404 is what it is";
  EXPECT_THAT(play(once(R"({"http": {"url": "/1", "expect": 201}})"), url).reasons(),
              ElementsAre(Pair("GET /1: status 200", 1)));
}

TEST(LoadScenario, NoAnswerInTime_IsATimeout) {
  ScriptedServer server([](const Asked&) { return Reply{.delay = std::chrono::seconds(20)}; });
  const Played played =
      play(once(R"({"name": "slow", "http": {"url": "/", "timeout": "100ms"}})"), server.url(""));
  EXPECT_EQ(played.tally().counts.timeout, 1U);
  EXPECT_EQ(played.step("slow").timeout, 1U);
  EXPECT_GE(played.step("slow").response.max(), 100 * core::kMillisecond);
}

TEST(LoadScenario, ThinkAndPace_TakeTheirTime) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200)}; });
  const Played paced = play(once(R"({"loop": {"times": 3, "do": [
      {"http": "GET /"}, {"think": "20ms"}, {"pace": "100ms"}]}})"),
                            server.url(""));
  EXPECT_GE(paced.run.outcome.elapsed_s, 0.3) << "never early";
  EXPECT_EQ(paced.iterations().late_paces, 0U);
  const Played late = play(once(R"({"loop": {"times": 2, "do": [{"think": "30ms"},
      {"pace": "10ms"}]}})"),
                           server.url(""));
  EXPECT_GE(late.run.outcome.elapsed_s, 0.06);
  EXPECT_EQ(late.iterations().late_paces, 2U);
}

TEST(LoadScenario, WeightsAndFeeders_AreExactAndReproducible) {
  const std::string text = R"({"summary": "test", "seed": 7,
    "feeders": {"player": {"rows": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "order": "shuffled"}},
    "load": {"rate": "500/s", "for": "240ms", "connections": "kept", "max_users": 10},
    "populations": [
      {"name": "three", "weight": 3, "feeders": ["player"], "flow": [{"http": "GET /three/${player.name}/${user}/${random(1, 1000000)}"}]},
      {"name": "one", "weight": 1, "flow": [{"http": "GET /one"}]}]})";
  std::vector<std::map<std::string, int>> runs;
  for (const int threads : {1, 3}) {
    ScriptedServer server([&](const Asked&) { return Reply{answer(200)}; });
    const Played played = play(text, server.url(""), {.threads = threads});
    EXPECT_EQ(played.iterations().scheduled, 120U);
    EXPECT_EQ(played.iterations().ok, 120U);
    runs.push_back(counts_of(server));
  }
  EXPECT_EQ(runs[0], runs[1]) << "the same requests, whoever sends them";
  EXPECT_EQ(runs[0]["GET /one"], 30);
  EXPECT_EQ(runs[0].size(), 91U) << "every one of the 90 has random numbers of its own";
}

TEST(LoadScenario, AUniqueFeeder_GivesEachRowOnceAndThenNobodyBegins) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200)}; });
  const Played played = play(R"({"summary": "test",
    "feeders": {"row": {"rows": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}, {"id": 5}], "order": "unique"}},
    "populations": [{"name": "p", "load": {"users": 2, "for": "10s"},
      "feeders": [{"feeder": "row", "each": "iteration"}], "flow": [{"http": "GET /${row.id}"}]}]})",
                             server.url(""));
  EXPECT_THAT(counts_of(server),
              ElementsAre(Pair("GET /1", 1), Pair("GET /2", 1), Pair("GET /3", 1),
                          Pair("GET /4", 1), Pair("GET /5", 1)));
  EXPECT_EQ(played.iterations().ok, 5U);
  EXPECT_EQ(played.iterations().missed, 2U) << "each user asked once more";
  EXPECT_LT(played.run.outcome.elapsed_s, 5);
}

TEST(LoadScenario, SetupAndTeardown_RunOnce) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200, "", R"({"token":"T"})")}; });
  const Played played = play(R"({"summary": "test", "variables": {"base": "B${random(7, 7)}"},
    "setup": [{"http": {"url": "/setup/${base}", "extract": {"token": {"pointer": "/token"}}}}],
    "teardown": [{"http": "DELETE /${token}"}],
    "populations": [{"name": "p", "load": {"users": 2, "iterations": 2}, "flow": [{"http": "GET /${token}"}]}]})",
                             server.url(""));
  EXPECT_THAT(counts_of(server),
              ElementsAre(Pair("DELETE /T", 1), Pair("GET /T", 4), Pair("GET /setup/B7", 1)));
  EXPECT_EQ(lines_of(server).front(), "GET /setup/B7");
  EXPECT_EQ(lines_of(server).back(), "DELETE /T");
  EXPECT_EQ(played.tally().counts.sent, 4U) << "setup and teardown are not measured";
}

TEST(LoadScenario, AFailedSetup_StopsEverything) {
  ScriptedServer server([](const Asked&) { return Reply{answer(500)}; });
  try {
    play(once(R"({"http": "GET /"})", R"(, "setup": [{"http": "GET /setup"}])"), server.url(""));
    FAIL() << "it ran";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.kind(), core::ErrorKind::kFailed);
    EXPECT_EQ(error.message(), "setup: GET /setup: status 500");
  }
  EXPECT_THAT(lines_of(server), ElementsAre("GET /setup"));
}

TEST(LoadScenario, StagesOfUsers_AreMeasuredApart) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200), .delay = std::chrono::milliseconds(20)};
  });
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"stages": [{"name": "one", "users": 1, "for": "1s"}, {"name": "four", "users": 4, "for": "1s"}]},
      "flow": [{"http": "GET /"}]}],
    "thresholds": [{"threshold": "requests<=50", "stage": "one"}, {"threshold": "requests>60", "stage": "four"},
                   {"threshold": "requests>500", "step": "GET /"}]})",
                             server.url(""));
  ASSERT_EQ(played.run.checks.size(), 3U);
  EXPECT_TRUE(played.run.checks[0].passed) << played.run.checks[0].observed;
  EXPECT_TRUE(played.run.checks[1].passed) << played.run.checks[1].observed;
  EXPECT_FALSE(played.run.checks[2].passed) << played.run.checks[2].observed;
}

TEST(LoadScenario, ClosedUsersWithoutAnswers_DoNotSpin) {
  int port = 0;
  {
    const ScriptedServer gone([](const Asked&) { return Reply{}; });
    port = gone.port();
  }
  ScriptedServer server([](const Asked&) { return Reply{.after = After::kClose}; }, {.port = port});
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"users": 2, "for": "1s"}, "flow": [{"http": "GET /"}]}]})",
                             server.url(""));
  EXPECT_THAT(played.iterations().failed, AllOf(Ge(10U), Le(22U)));
  EXPECT_EQ(played.tally().counts.transport_error, played.iterations().failed);
}

TEST(LoadScenario, OpenUsers_ComeWhetherOrNotAnswersDo) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200), .delay = std::chrono::milliseconds(500)};
  });
  const Played played = play(R"({"summary": "test", "drain": "5s", "populations": [{"name": "p",
      "load": {"rate": "100/s", "for": "1s", "max_users": 20}, "flow": [{"http": "GET /"}]}]})",
                             server.url(""));
  EXPECT_EQ(played.iterations().scheduled, 100U);
  EXPECT_EQ(played.iterations().started + played.iterations().missed, 100U);
  EXPECT_THAT(played.iterations().started, AllOf(Ge(40U), Le(60U)))
      << "twenty at a time, half a second each, and those of the last half second begin no more";
  // Who had to wait for a place is late by that, and the latency says so.
  EXPECT_GT(played.step("GET /").response.max(), 800 * core::kMillisecond);
}

TEST(LoadScenario, WhoNeverBegan_IsMissedInThresholds) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200), .delay = std::chrono::milliseconds(300)};
  });
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"rate": "50/s", "for": "1s", "max_users": 2}, "flow": [{"http": "GET /"}]}],
      "thresholds": ["missed==0", "missed_rate<50%", "errors==0"]})",
                             server.url(""));
  EXPECT_GT(played.iterations().missed, 30U);
  EXPECT_FALSE(played.run.checks[0].passed);
  EXPECT_FALSE(played.run.checks[1].passed);
  EXPECT_TRUE(played.run.checks[2].passed);
  // Waiting for a place is not the generator's lateness.
  EXPECT_LT(played.tally().latencies.send_lag.quantile(0.5), 100 * core::kMillisecond);
}

TEST(LoadScenario, AServerThatHangs_FailsTheRun) {
  ScriptedServer server([](const Asked&) { return Reply{.delay = std::chrono::seconds(20)}; });
  Played played = play(R"({"summary": "test", "drain": "100ms", "populations": [{"name": "p",
      "load": {"users": 2, "for": "200ms"}, "flow": [{"http": "GET /"}]}]})",
                       server.url(""));
  core::Result result;
  load::scenario::report(played.scenario, played.run, result);
  EXPECT_EQ(result.verdict, core::Verdict::kFail);
  EXPECT_THAT(result.notes, testing::Contains("no step succeeded"));
}

TEST(LoadScenario, WhatWasNeverSent_HasNoLatency) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200, "", "{}")}; });
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"users": 1, "iterations": 2}, "flow": [
        {"http": {"url": "/", "extract": {"a": {"pointer": "/a"}}}}, {"name": "x", "http": "GET /${a}"}]}],
      "thresholds": [{"step": "x", "threshold": "response.p99<1s"}, {"step": "x", "threshold": "errors==2"}]})",
                             server.url(""));
  EXPECT_FALSE(played.run.checks[0].passed);
  EXPECT_EQ(played.run.checks[0].observed, "no data");
  EXPECT_TRUE(played.run.checks[1].passed);
}

TEST(LoadScenario, UsersWhoComeBack_GetOtherRows) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200)}; });
  play(R"({"summary": "test",
    "feeders": {"row": {"rows": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}], "order": "unique"}},
    "populations": [{"name": "p", "feeders": ["row"], "variables": {"u": "${uuid()}"},
      "load": {"stages": [{"users": 2, "for": "200ms"}, {"users": 0, "for": "400ms"}, {"users": 2, "for": "200ms"}]},
      "flow": [{"http": "GET /${row.id}/${u}"}, {"think": "150ms"}]}]})",
       server.url(""));
  std::set<std::string> rows;
  std::set<std::string> uuids;
  for (const Asked& asked : server.asked()) {
    rows.insert(asked.target().substr(1, 1));
    uuids.insert(asked.target().substr(3));
  }
  EXPECT_THAT(rows, ElementsAre("1", "2", "3", "4"));
  EXPECT_EQ(uuids.size(), 4U);
}

TEST(LoadScenario, InterruptedInSetup_NobodyBegins) {
  ScriptedServer server([](const Asked&) { return Reply{answer(200)}; });
  std::stop_source stop;
  std::jthread watch([&] {
    while (server.requests() < 1) std::this_thread::yield();
    stop.request_stop();
  });
  const Played played = play(once(R"({"http": "GET /flow"})", R"(, "drain": "1s",
      "setup": [{"http": "GET /setup"}, {"think": "30m"}], "teardown": [{"http": "GET /teardown"}])"),
                             server.url(""), {}, stop.get_token());
  EXPECT_TRUE(played.run.outcome.interrupted);
  EXPECT_THAT(lines_of(server), ElementsAre("GET /setup"));
}

TEST(LoadScenario, Interrupted_CountsReconcile) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200), .delay = std::chrono::milliseconds(5)};
  });
  std::stop_source stop;
  std::jthread watch([&] {
    while (server.requests() < 20) std::this_thread::yield();
    stop.request_stop();
  });
  const Played played = play(R"({"summary": "test", "populations": [{"name": "p",
      "load": {"users": 3, "for": "1h"}, "flow": [{"http": "GET /"}, {"think": "1ms"}]},
      {"name": "sleepers", "load": {"users": 2, "for": "1h"}, "flow": [{"think": "30m"}]}]})",
                             server.url(""), {}, stop.get_token());
  EXPECT_TRUE(played.run.outcome.interrupted);
  EXPECT_EQ(played.iterations().unfinished, 2U) << "the sleepers";
  EXPECT_LT(played.run.outcome.elapsed_s, 60);
}

}  // namespace
}  // namespace scalectl::test
