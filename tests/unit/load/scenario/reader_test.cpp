// What a scenario file means.
#include "load/scenario/reader.hpp"

#include <gmock/gmock.h>

#include "fixed_scope.hpp"
#include "fixed_source.hpp"
#include "support/variable.hpp"

namespace scalectl::load::scenario {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string text_of(const Template& filled, Scenario& scenario) {
  FixedScope scope(scenario.symbols);
  for (const std::string& name : scenario.symbols.names()) scope.set(name, "<" + name + ">");
  std::string out;
  EXPECT_EQ(filled.render(scope, out), std::nullopt);
  return out;
}

TEST(ReadHttp, ShortForm_IsMethodAndPath) {
  const Scenario scenario =
      read_scenario(flow_source(R"({"http": "DELETE /a?b=c"}, {"http": "/x"})"));
  const auto& flow = scenario.populations[0].flow;
  EXPECT_EQ(std::get<HttpStep>(flow[0].action).method, "DELETE");
  EXPECT_EQ(std::get<HttpStep>(flow[0].action).target.constant(), "/a?b=c");
  EXPECT_EQ(std::get<HttpStep>(flow[1].action).method, "GET");
  EXPECT_EQ(scenario.origins.at(0).url.text(), "http://h:1/");
  EXPECT_EQ(scenario.steps[0].name, "DELETE /a");
  EXPECT_EQ(scenario.steps[1].name, "GET /x");
  EXPECT_TRUE(scenario.steps[0].timed);
  EXPECT_EQ(scenario.steps[0].line, 4);
}

TEST(ReadHttp, LongForm_HasEverything) {
  Scenario scenario = read_scenario(flow_source(
      R"json({"http": {"url": "https://other:8443/x/${user}?q", "headers": {"X-A": "b ${user}"},
          "json": {"n": [1, "${iteration}"], "t": "a\"b"}, "expect": [200, "4xx"], "timeout": "3s",
          "follow": 2, "check": [{"name": "fine", "that": "${status} == 200"}],
          "extract": {"a": {"pointer": "/a", "default": 5}, "b": {"header": "ETag"},
                      "c": {"regex": "x(.)"}, "d": {"status": true}, "e": {"body": true}}}})json"));
  const HttpStep http = std::get<HttpStep>(scenario.populations[0].flow[0].action);
  EXPECT_EQ(http.method, "POST");
  EXPECT_EQ(scenario.origins[static_cast<std::size_t>(http.origin)].url.text(),
            "https://other:8443/");
  EXPECT_EQ(text_of(http.target, scenario), "/x/<user>?q");
  ASSERT_EQ(http.headers.size(), 2U);
  EXPECT_EQ(text_of(http.headers[0], scenario), "X-A: b <user>");
  EXPECT_EQ(http.headers[1].constant(), "Content-Type: application/json");
  EXPECT_EQ(text_of(*http.body, scenario), R"({"n":[1,"<iteration>"],"t":"a\"b"})");
  EXPECT_EQ(http.expect.size(), 2U);
  EXPECT_EQ(http.expect[1].first, 400);
  EXPECT_EQ(http.expect[1].last, 499);
  EXPECT_EQ(http.timeout, 3 * core::kSecond);
  EXPECT_EQ(http.follow, 2);
  EXPECT_THAT(scenario.check_names, ElementsAre("a is found", "b is found", "c is found",
                                                "d is found", "e is found", "fine"));
  EXPECT_EQ(http.extract[0].otherwise, (Variable{"5", true}));
  EXPECT_EQ(http.checks[0].id, 5);
}

TEST(ReadWebSocket, Steps_AreRead) {
  const Scenario scenario = read_scenario(flow_source(
      R"({"connect": {"url": "/ws/echo", "subprotocols": ["chat"], "timeout": 2}},
         {"send": "hi"}, {"send": {"json": {"a": "${user}"}, "stamp": false}},
         {"expect": "2s"}, {"expect": {"count": "1k", "within": 1.5, "from": "others",
                            "where": ["${message} contains hi"]}},
         {"close": true}, {"close": {"code": 4000, "reason": "bye"}},
         {"join": "plaza"})"));
  const auto& flow = scenario.populations[0].flow;
  const auto connect = std::get<ConnectStep>(flow[0].action);
  EXPECT_EQ(scenario.origins[static_cast<std::size_t>(connect.origin)].url.text(), "ws://h:1/");
  EXPECT_THAT(connect.protocols, ElementsAre("chat"));
  EXPECT_TRUE(std::get<SendStep>(flow[1].action).stamp);
  EXPECT_EQ(std::get<SendStep>(flow[2].action).message.as(), Template::As::kJson);
  EXPECT_FALSE(std::get<SendStep>(flow[2].action).stamp);
  EXPECT_EQ(std::get<ExpectStep>(flow[3].action).within, 2 * core::kSecond);
  const auto& expect = std::get<ExpectStep>(flow[4].action);
  EXPECT_EQ(expect.count, 1000);
  EXPECT_EQ(expect.within, 1'500'000'000);
  EXPECT_EQ(expect.from, From::kOthers);
  EXPECT_EQ(expect.where.size(), 1U);
  EXPECT_EQ(std::get<CloseStep>(flow[5].action).code, 1000);
  EXPECT_EQ(std::get<CloseStep>(flow[6].action).reason, "bye");
  const auto& join = std::get<JoinStep>(flow[7].action);
  EXPECT_EQ(std::get<ConnectStep>(join.by).target.constant(), "/ws/room/plaza");
  EXPECT_TRUE(scenario.populations[0].uses_websocket);
  EXPECT_TRUE(scenario.populations[0].reads_messages);
  EXPECT_FALSE(scenario.populations[0].uses_http);
}

TEST(ReadWebSocket, Rooms_SayHowToJoin) {
  Scenario by_url = read_scenario(flow_source(R"({"join": "r-${user}"})",
                                              R"("rooms": {"url": "/game?room=${room}&u=${user}"},)"
                                              "\n"));
  const auto join = std::get<JoinStep>(by_url.populations[0].flow[0].action);
  EXPECT_EQ(text_of(std::get<ConnectStep>(join.by).target, by_url), "/game?room=r-<user>&u=<user>");
  EXPECT_EQ(by_url.steps[0].name, "join r-${user}");

  Scenario by_message = read_scenario(
      flow_source(R"({"connect": "/ws"}, {"join": {"room": "a\"b ${user}"}}, {"think": 1})",
                  R"("rooms": {"message": {"type": "join", "location": "${room}"}},)"
                  "\n"));
  const auto said = std::get<JoinStep>(by_message.populations[0].flow[1].action);
  EXPECT_EQ(text_of(std::get<SendStep>(said.by).message, by_message),
            R"({"type":"join","location":"a\"b <user>"})");
}

TEST(ReadFlow, SteeringSteps_AreRead) {
  const Scenario scenario = read_scenario(flow_source(
      R"({"think": "1s"}, {"think": {"from": 1, "to": "2s"}}, {"think": {"mean": "2s"}}, {"pace": 5},
         {"loop": {"times": 3, "for": "10s", "while": ["${n} < 3"], "do": [{"http": "/a"}]}},
         {"choose": [{"weight": 3, "do": [{"http": "/b"}]}, {"weight": 1, "do": [{"http": "/c"}]}]},
         {"choose": [{"when": ["${n} > 1"], "do": [{"http": "/d"}]}, {"else": true, "do": [{"http": "/e"}]}]},
         {"set": {"n": 1, "t": "${n}", "l": [1]}}, {"check": ["${n} == 1"]})"));
  const auto& flow = scenario.populations[0].flow;
  EXPECT_EQ(std::get<ThinkStep>(flow[0].action).least, core::kSecond);
  EXPECT_EQ(std::get<ThinkStep>(flow[1].action).most, 2 * core::kSecond);
  EXPECT_EQ(std::get<ThinkStep>(flow[2].action).kind, ThinkStep::Kind::kExponential);
  EXPECT_EQ(std::get<PaceStep>(flow[3].action).interval, 5 * core::kSecond);
  const auto& loop = std::get<LoopStep>(flow[4].action);
  EXPECT_EQ(loop.times, 3U);
  EXPECT_EQ(loop.length, 10 * core::kSecond);
  EXPECT_EQ(loop.while_true.size(), 1U);
  EXPECT_EQ(std::get<ChooseStep>(flow[5].action).weight_sum, 4U);
  EXPECT_EQ(std::get<ChooseStep>(flow[6].action).weight_sum, 0U);
  EXPECT_THAT(std::get<ChooseStep>(flow[6].action).branches[1].when, IsEmpty());
  const auto& set = std::get<SetStep>(flow[7].action).variables;
  ASSERT_EQ(set.size(), 3U);
  EXPECT_EQ(set[0].second.as(), Template::As::kJson);
  EXPECT_EQ(set[1].second.as(), Template::As::kText);
}

TEST(ReadFlow, OneName_IsOneStep) {
  const Scenario scenario = read_scenario(flow_source(
      R"({"tags": ["t"], "loop": {"times": 2, "do": [{"name": "a", "tags": ["u"], "http": "/a"}]}},
         {"name": "a", "tags": ["u", "t"], "http": "/b"}, {"http": "/c"})"));
  const auto& flow = scenario.populations[0].flow;
  EXPECT_EQ(std::get<LoopStep>(flow[0].action).body[0].id, flow[1].id);
  const StepInfo& step = scenario.steps[static_cast<std::size_t>(flow[1].id)];
  EXPECT_EQ(step.tags.size(), 2U);
  EXPECT_THAT(scenario.steps[static_cast<std::size_t>(flow[2].id)].tags, IsEmpty());
}

TEST(ReadLoad, Closed_HasStages) {
  const Scenario scenario = read_scenario(source_of(R"({"summary": "s", "target": "http://h",
      "populations": [
        {"name": "a", "flow": [{"http": "/"}], "load": {"users": "1k", "ramp": "2s", "for": "1m"}},
        {"name": "b", "flow": [{"http": "/"}], "load": {"users": 3, "iterations": 5}},
        {"name": "c", "flow": [{"http": "/"}], "load": {"stages": [
          {"users": 10, "for": 1}, {"users": 20, "ramp": 1}, {"users": 10, "for": 2}]}}]})"));
  EXPECT_EQ(scenario.loads[0].stages[0].name, "1000 users");
  EXPECT_EQ(scenario.loads[0].length(), 62 * core::kSecond);
  EXPECT_EQ(scenario.loads[1].iterations, 5U);
  EXPECT_EQ(scenario.loads[1].stages[0].hold, LoadStage::kUntilDone);
  EXPECT_EQ(scenario.loads[2].most_users(), 20U);
  EXPECT_THAT(scenario.stage_names,
              ElementsAre("1000 users", "3 users", "10 users", "20 users", "10 users #2"));
}

TEST(ReadLoad, Open_IsAnExactSchedule) {
  const Scenario scenario = read_scenario(source_of(R"({"summary": "s", "target": "http://h",
      "load": {"stages": [{"rate": "10/s", "ramp": "2s", "for": "3s"}, {"rate": 50, "for": 1}]},
      "populations": [{"name": "a", "flow": [{"http": "/"}]}]})"));
  const Load& load = scenario.loads[0];
  EXPECT_TRUE(load.is_open);
  EXPECT_TRUE(load.fresh_connections);
  EXPECT_EQ(load.max_users, 10'000U);
  // The ramp 0 to 10 over 2 s: 10; 3 s of 10: 30; 1 s of 50: 50.
  EXPECT_EQ(load.arrivals->total(), 90U);
  EXPECT_EQ(load.all_users(), 90U);
  EXPECT_EQ(load.arrivals->start(10), 2 * core::kSecond);
  EXPECT_EQ(load.arrivals->start(89), 5 * core::kSecond + 980'000'000);
}

TEST(ReadFeeders, ColumnsKnowTheirVariables) {
  const Source source = source_of(R"({"summary": "s", "target": "http://h",
      "feeders": {"f": {"file": "d.csv", "order": "unique"}, "g": {"rows": [{"x": 1}]}},
      "load": {"users": 2, "iterations": 3},
      "populations": [{"name": "a", "feeders": ["f", {"feeder": "g", "each": "iteration"}],
                       "flow": [{"http": "/${f.b}/${g.x}"}]}]})",
                                  {{"d.csv", "a,b\n1,2\n3,4\n"}});
  const Scenario scenario = read_scenario(source);
  const auto& uses = scenario.populations[0].feeders;
  EXPECT_THAT(uses[0].variables, ElementsAre(-1, *scenario.symbols.find("f.b")));
  EXPECT_FALSE(uses[0].each_iteration);
  EXPECT_TRUE(uses[1].each_iteration);
  EXPECT_EQ(scenario.feeders[0].order, FeederOrder::kUnique);
}

TEST(ReadThresholds, NameStepsTagsAndStages) {
  const Scenario scenario = read_scenario(flow_source(
      R"({"name": "x", "tags": ["t"], "http": "/"})",
      R"("thresholds": ["errors==0", {"threshold": "response.p95<50ms", "step": "x", "tag": "t",
         "stage": "2 users", "from": 1, "to": "5s", "window": "2s"}],)"
      "\n"));
  EXPECT_EQ(scenario.thresholds[0].text, "errors==0");
  const ScenarioThreshold& second = scenario.thresholds[1];
  EXPECT_EQ(second.text, "x, #t, stage 2 users: response.p95<50ms from 1s to 5s in each 2s");
  EXPECT_EQ(second.step, 0);
  EXPECT_EQ(second.tag, 0);
  EXPECT_EQ(second.stage, 0);
  EXPECT_EQ(second.window, 2 * core::kSecond);
}

TEST(ReadOptions, TakeTheFilesPlace) {
  const test::Variable users("SCALECTL_TEST_USERS", "7");
  const std::string text = R"({"summary": "s", "target": "http://h", "seed": 5, "drain": "1s",
      "variables": {"n": 1, "room": "plaza", "u": "${room}"},
      "load": {"users": "${SCALECTL_TEST_USERS:-3}", "for": "${SCALECTL_TEST_FOR:-2s}"},
      "populations": [{"name": "a", "flow": [{"http": "/${n}${u}"}]}]})";
  const Scenario plain = read_scenario(source_of(text));
  EXPECT_EQ(plain.seed, 5U);
  EXPECT_EQ(plain.loads[0].stages[0].users, 7U);
  EXPECT_EQ(plain.loads[0].length(), 2 * core::kSecond);
  const Scenario changed =
      read_scenario(source_of(text), {.variables = {{"n", "2"}, {"room", "x"}, {"room", "market"}},
                                      .target = "https://other",
                                      .seed = 6});
  EXPECT_EQ(changed.seed, 6U);
  EXPECT_EQ(changed.origins[0].url.text(), "https://other/");
  EXPECT_EQ(changed.variables[0].second.as(), Template::As::kJson);
  EXPECT_EQ(changed.variables[0].second.constant(), "2");
  EXPECT_EQ(changed.variables[1].second.constant(), "market");
}

TEST(LittlesLaw, NotesWhatCannotBe) {
  const char* thresholds = R"("thresholds": ["throughput>=1000/s", "response.mean<1ms"],)"
                           "\n";
  const Scenario broken = read_scenario(flow_source(R"({"http": "/"})", thresholds));
  EXPECT_THAT(broken.notes,
              ElementsAre("2 users: by Little's law 2 users without think time who make 1,000 "
                          "requests/s wait 2ms each in the mean, not 1ms; both hold only from "
                          "2,000 requests/s"));
  EXPECT_THAT(read_scenario(flow_source(R"({"http": "/"}, {"think": 1})", thresholds)).notes,
              IsEmpty());
  EXPECT_THAT(read_scenario(flow_source(R"({"http": "/"})",
                                        R"("thresholds": ["throughput>=2000/s",
                                           "response.mean<=1ms"],)"
                                        "\n"))
                  .notes,
              IsEmpty());
}

}  // namespace
}  // namespace scalectl::load::scenario
