// What is wrong with a scenario file is said with its place, its field and the closest right word.
#include <gmock/gmock.h>

#include <tuple>

#include "fixed_source.hpp"
#include "load/scenario/reader.hpp"

namespace scalectl::load::scenario {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// In a flow, from line 5 on.
struct Case {
  const char* flow;
  const char* says;
  const char* hint;
};

TEST(Problems, OfAStep) {
  const Case cases[] = {
      {R"({"htpp": "GET /"})",
       "test.json:5:2: populations[0].flow[0].htpp: there is no step \"htpp\"",
       "did you mean \"http\"?"},
      {R"({"http": "/", "think": 1})", "http and think contradict each other", "two of it"},
      {R"({"name": "x"})", "a step needs one of http, connect", "One thing"},
      {R"({"http": 5})", "a number where a text or an object is expected", "A request"},
      {R"({"http": {"url": "/", "methd": "GET"}})",
       "5:23: populations[0].flow[0].http.methd: there is no \"methd\" in an http",
       "did you mean \"method\"?"},
      {R"({"http": {"method": "GET"}})", "an http needs \"url\"", "A path"},
      {R"({"http": {"url": "/", "method": "get"}})", "\"get\" is no method", "GET"},
      {R"({"http": "GTE /"})", "\"GTE\" is no method", "did you mean \"GET\"?"},
      {R"({"http": "api"})", "\"api\" is no URL", "/api/health"},
      {R"({"http": "GET /a b"})", "must be written as %XX", "%20"},
      {R"({"http": "ws://h/"})", "\"ws://\" is for connect", "http://"},
      {R"({"connect": "http://h/"})", "\"http://\" is for http", "ws://"},
      {R"({"http": "http://h${user}/"})", "a server that changes with each use", "comes after"},
      {R"({"http": "http://h:99999/"})", "\"99999\" is not a port", ""},
      {R"({"http": {"url": "/", "body": "a", "json": 1}})", "body and json contradict", "one"},
      {R"({"http": {"url": "/", "headers": {"a b": "c"}}})", "\"a b\" is not the name", ""},
      {R"({"http": {"url": "/", "headers": {"Content-Length": "1"}}})", "set by scalectl", ""},
      {R"({"http": {"url": "/", "expect": 99}})", "99 is no status", "100 to 599"},
      {R"({"http": {"url": "/", "expect": "6xx"}})", "\"6xx\" is no status", "2xx"},
      {R"({"http": {"url": "/", "timeout": "5 s"}})", "\"5 s\" is not a duration", "300ms"},
      {R"({"http": {"url": "/${nme}"}})",
       "5:18: populations[0].flow[0].http.url: nothing sets the variable \"nme\"",
       "did you mean \"name\"?"},
      {R"({"http": "/${uuid}"})", "nothing sets the variable \"uuid\"", "${uuid()}"},
      {R"({"http": "/${SCALECTL_TEST_NONE}"})", "is not set in the environment", ":-otherwise"},
      {R"({"http": {"url": "/", "extract": {"a": {"regex": "("}}}})", "missing ): (", "RE2"},
      {R"({"http": {"url": "/", "extract": {"a": {"pointer": "x"}}}})", "no JSON pointer", "/x"},
      {R"({"http": {"url": "/", "extract": {"user": {"body": true}}}})", "set by scalectl", ""},
      {R"({"http": {"url": "/", "extract": {"a": {}}}})", "an extraction needs one of pointer", ""},
      {R"({"http": {"url": "/", "check": ["${status}=200"]}})", "compares nothing", "white space"},
      {R"({"http": {"url": "/", "json": {"${user}": 1}}})", "a name that changes", "values"},
      {R"({"send": "x"}, {"think": 1})", "no step of this flow opens a WebSocket", "connect"},
      {R"({"connect": "/x"}, {"expect": {"from": "slef"}})", "\"slef\" is not one of anyone",
       "did you mean \"self\"?"},
      {R"({"connect": "/x"}, {"close": {"code": 1005}})", "1005 is no close code", "3000"},
      {R"({"connect": "/x"}, {"close": false})", "true or false where true or an object", ""},
      {R"({"join": ""}, {"connect": {"url": "/x", "subprotocols": ["a b"]}})",
       "\"a b\" is not a word", "chat"},
      {R"({"think": {"from": 2, "to": 1}})", "it is shorter than \"from\"", ""},
      {R"({"think": {"from": 2}})", "how long is not said", "mean"},
      {R"({"think": {"from": 2, "mean": 1}})", "mean and from contradict", ""},
      {R"({"pace": 0})", "must be more than zero", ""},
      {R"({"loop": {"do": [{"think": 1}]}})", "flow[0].loop: a loop without end", "times"},
      {R"({"think": 1}, {"loop": {"while": ["${name} == x"], "do": [{"set": {"a": 1}}]}})",
       "rounds may take no time", "think"},
      {R"({"think": 1}, {"loop": {"for": "5s", "do": [{"choose": [{"when": ["${name} == x"], "do": [{"think": 1}]}]}]}})",
       "rounds may take no time", "think"},
      {R"({"set": {"a": 1}})", "a flow that may take no time at all", "iterations"},
      {R"({"choose": [{"weight": 1, "do": [{"think": 1}]}, {"do": [{"think": 1}]}]})",
       "a branch without weight", "all of them"},
      {R"({"choose": [{"do": [{"think": 1}]}, {"when": ["1 == 1"], "do": [{"think": 1}]}]})",
       "that is not the last", ""},
      {R"({"choose": []})", "no branch", ""},
      {R"({"set": {"Name": 1}}, {"think": 1})", "\"Name\" is no name for a variable", "small"},
      {R"({"name": "a", "http": "/"}, {"name": "a", "think": 1})",
       "a http and a think are both called \"a\"", "line 5"},
      {R"({"http": "/"}, {"tags": ["t"], "http": "/"})", "have different tags", "line 5"},
  };
  for (const Case& each : cases) {
    const auto problems =
        review_scenario(flow_source(each.flow, "\"variables\": {\"name\": \"x\"},\n")).problems;
    ASSERT_THAT(problems, SizeIs(1)) << each.flow;
    EXPECT_THAT(problems[0].text(), HasSubstr(each.says)) << each.flow;
    EXPECT_THAT(problems[0].hint, HasSubstr(each.hint)) << each.flow;
    EXPECT_NE(problems[0].hint, "") << each.flow;
  }
}

Source whole(const std::string& more) {
  return source_of(
      "{\"summary\": \"s\", \"target\": \"http://h:1\",\n" + more + "}",
      {{"d.csv", "a,b\n1,2\n3,4\n"}, {"ragged.csv", "a,b\n1\n"}, {"empty.csv", "a\n"}});
}

TEST(Problems, OfTheWhole) {
  const std::string people = R"("populations": [{"name": "p", "flow": [{"http": "/"}]}])";
  const std::string load = R"("load": {"users": 5, "for": 1}, )";
  const auto with_load = [&](const std::string& text) {
    return "\"load\": " + text + ", " + people;
  };
  const auto with_feeder = [&](const std::string& feeder, const std::string& use) {
    return load + "\"feeders\": {\"f\": " + feeder +
           "}, \"populations\": [{\"name\": \"p\", \"feeders\": [" + use +
           "], \"flow\": [{\"http\": \"/\"}]}]";
  };
  const std::tuple<std::string, const char*, const char*> cases[] = {
      {load + R"("populatoins": [])", "test.json:2:33: populatoins: there is no \"populatoins\"",
       "did you mean \"populations\"?"},
      {people, "populations[0]: a population without load", "give it one"},
      {with_load(R"({"users": 5})"), "load: a load without end", "iterations"},
      {with_load(R"({"users": 0, "for": 1})"), "a load without users", "10"},
      {with_load(R"({"users": 5, "rate": 5, "for": 1})"), "users and rate contradict", "one"},
      {with_load(R"({"rate": "5/x", "for": 1})"), "\"5/x\" is not a rate: column 3", "1000/s"},
      {with_load(R"({"rate": 5})"), "a load without end", "for"},
      {with_load(R"({"rate": 5, "for": 1, "iterations": 1})"), "goes through the flow once", ""},
      {with_load(R"({"users": 5, "for": 1, "max_users": 1})"), "as many users as it says", ""},
      {with_load(R"({"stages": [{"users": 5, "for": 1}, {"rate": 5, "for": 1}]})"),
       "users and rates in one load contradict", ""},
      {with_load(R"({"stages": [{"users": 5}]})"), "a stage without length", "for"},
      {with_load(R"({"stages": []})"), "no stage", ""},
      {with_load(R"({"users": "many", "for": 1})"), "\"many\" is not a count", "10k"},
      {with_load(R"({"users": "${name}", "for": 1})"), "changes with each use", "environment"},
      {load + R"("populations": [])", "no population", ""},
      {load + R"("populations": [{"name": "p", "flow": []}])", "populations[0].flow: no step", ""},
      {load + R"("populations": [{"name": "p", "weight": 1, "load": {"users": 1, "for": 1},
                "flow": [{"http": "/"}]}])",
       "weight and load contradict", ""},
      {load + R"("populations": [{"name": "p", "flow": [{"http": "/"}]},
                {"name": "p", "flow": [{"http": "/"}]}])",
       "two populations are called \"p\"", ""},
      {load + R"("thresholds": ["respnse.p99<1s"], )" + people, "no metric \"respnse\"",
       "did you mean \"response\"?"},
      {load + R"("thresholds": [{"threshold": "errors==0", "step": "GET x"}], )" + people,
       "thresholds[0].step: there is no timed step \"GET x\"", "did you mean \"GET /\"?"},
      {load + R"("thresholds": [{"threshold": "errors==0", "stage": "5 usrs"}], )" + people,
       "there is no stage \"5 usrs\"", "did you mean \"5 users\"?"},
      {load + R"("thresholds": [{"threshold": "upgrade.p99<1s", "step": "GET /"}], )" + people,
       "thresholds[0].threshold: \"upgrade\" is not measured of steps", "response, error_rate"},
      {load + R"("thresholds": [{"threshold": "errors==0", "tag": "x"}], )" + people,
       "there is no tag \"x\"", "has no tags"},
      {load + R"("thresholds": [{"threshold": "errors==0", "window": "1.5s"}], )" + people,
       "not a whole number of seconds", "seconds"},
      {with_feeder(R"({"file": "no.csv"})", "\"f\""), "cannot read data file \"no.csv\"",
       "relative"},
      {with_feeder(R"({"file": "ragged.csv"})", "\"f\""),
       "ragged.csv:2:1: values in this row: 1, columns: 2", "a, b"},
      {with_feeder(R"({"file": "empty.csv"})", "\"f\""), "empty.csv:1:1: there is no row", ""},
      {with_feeder(R"({"rows": [{"a": 1}, {"b": 2}]})", "\"f\""),
       "feeders.f.rows: \"b\" is not in the first row", ""},
      {with_feeder(R"({"file": "d.csv", "rows": []})", "\"f\""), "file and rows contradict", ""},
      {with_feeder(R"({"file": "d.csv", "order": "uniqe"})", "\"f\""),
       "\"uniqe\" is not one of unique", "did you mean \"unique\"?"},
      {with_feeder(R"({"file": "d.csv"})", "\"g\""), "there is no feeder \"g\"", "f"},
      {with_feeder(R"({"file": "d.csv", "order": "unique"})", "\"f\""),
       "feeder \"f\" has 2 rows, each given once, and 5 are wanted", "circular"},
  };
  for (const auto& [text, says, hint] : cases) {
    const auto problems = review_scenario(whole(text)).problems;
    ASSERT_FALSE(problems.empty()) << text;
    EXPECT_THAT(problems[0].text(), HasSubstr(says)) << text;
    EXPECT_THAT(problems[0].hint, HasSubstr(hint)) << text;
    EXPECT_NE(problems[0].hint, "") << text;
  }
}

TEST(Problems, OfTheTarget) {
  const std::string rest =
      R"("load": {"users": 1, "for": 1}, "populations": [{"name": "p", "flow": [{"http": "/"}]}]})";
  const std::pair<const char*, const char*> cases[] = {
      {"", "a URL without a server"},
      {R"("target": "http://h/api", )", "target: \"http://h/api\" has a path"},
      {R"("target": "ftp://h", )", "target: URL \"ftp://h\": scheme \"ftp\""}};
  for (const auto& [target, says] : cases) {
    const auto problems =
        review_scenario(source_of("{\"summary\": \"s\", " + std::string(target) + rest)).problems;
    ASSERT_THAT(problems, SizeIs(1)) << target;
    EXPECT_THAT(problems[0].text(), HasSubstr(says));
  }
  const auto problems =
      review_scenario(source_of("{\"summary\": \"s\", " + rest), {.target = "http://"}).problems;
  EXPECT_THAT(problems.at(0).text(), HasSubstr("--target: URL \"http://\": no host"));
}

TEST(Problems, Independent_AreAllFound) {
  const auto problems = review_scenario(flow_source(R"({"http": "x"}, {"pace": 0},
      {"http": {"url": "/", "extract": {"a": {"regex": "("}, "b": {"pointer": "b"}}}},
      {"http": "/${a}${b}${c}"})",
                                                    "\"thresholds\": [\"errors=0\"],\n"))
                            .problems;
  ASSERT_THAT(problems, SizeIs(6));
  for (const char* part : {"is no URL", "more than zero", "missing )", "JSON pointer",
                           "nothing sets the variable \"c\"", "column"}) {
    EXPECT_THAT(problems, testing::Contains(testing::ResultOf(
                              [](const Problem& p) { return p.text(); }, HasSubstr(part))));
  }
}

TEST(Problems, OfSet_AreNamed) {
  const auto problems =
      review_scenario(flow_source(R"({"http": "/"})", "\"variables\": {\"room\": \"x\"},\n"),
                      {.variables = {{"rom", "y"}}})
          .problems;
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].text(), "--set rom: the scenario has no variable of that name");
  EXPECT_EQ(problems[0].hint, "did you mean \"room\"?");
}

TEST(Problems, VariablesOfAnotherPopulation_AreNotSet) {
  const auto problems = review_scenario(source_of(R"({"summary": "s", "target": "http://h",
          "load": {"users": 1, "for": 1}, "setup": [{"http": {"url": "/", "extract": {"all": {"body": true}}}}],
          "populations": [
            {"name": "a", "flow": [{"http": {"url": "/${all}", "extract": {"mine": {"body": true}}}}]},
            {"name": "b", "flow": [{"http": "/${all}/${mine}"}]}]})"))
                            .problems;
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].text(),
              HasSubstr("populations[1].flow[0].http: nothing sets the variable \"mine\""));
}

}  // namespace
}  // namespace scalectl::load::scenario
