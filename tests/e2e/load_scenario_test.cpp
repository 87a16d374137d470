// Scenario files through the binary: what validate, list and schema say, and every refusal.
#include <gmock/gmock.h>

#include <filesystem>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLoad = R"("load": {"users": 5, "for": 1})";

/// With a flow from line 4 on, and a feeder f with column name.
std::string scenario(const std::string& flow, const std::string& more = kLoad) {
  return "{\"summary\": \"s\", \"target\": \"http://127.0.0.1:1\",\n" + more +
         ",\n\"populations\": [{\"name\": \"p\", \"feeders\": [\"f\"], \"flow\": [\n" + flow +
         "\n]}],\n\"feeders\": {\"f\": {\"file\": \"f.csv\"}}}";
}

struct Slip {
  std::string name;
  std::string text;
  std::vector<std::string> says;
  std::string data = "name\nann\n";
};

void PrintTo(const Slip& slip, std::ostream* out) { *out << slip.name; }

class ScenarioSlip : public testing::TestWithParam<Slip> {};

TEST_P(ScenarioSlip, IsRefusedWithItsPlace) {
  const TemporaryDirectory directory;
  directory.write("f.csv", GetParam().data);
  const std::string file = directory.write("x.json", GetParam().text);
  const Outcome outcome = scalectl({"load", "validate", file});
  EXPECT_TRUE(is_refusal(outcome, 2));
  for (const std::string& part : GetParam().says) EXPECT_THAT(outcome.err, HasSubstr(part));
}

const std::vector<Slip> kSlips{
    {"NoJson", "{\n\"summary\": }", {"x.json:2:12: not valid JSON"}},
    {"UnknownStep",
     scenario(R"({"htpp": "GET /"})"),
     {"x.json:4:2: populations[0].flow[0].htpp: there is no step \"htpp\"",
      "did you mean \"http\"?"}},
    {"MissingVariable",
     scenario(R"({"http": "/${f.nme}"})"),
     {"x.json:4:10: populations[0].flow[0].http: nothing sets the variable \"f.nme\"",
      "did you mean \"f.name\"?"}},
    {"EmptyFeeder",
     scenario(R"({"http": "/"})"),
     {"x.json:6:27: feeders.f.file: f.csv:1:1: there is no row of data"},
     "name\n"},
    {"RaggedFeeder",
     scenario(R"({"http": "/"})"),
     {"feeders.f.file: f.csv:3:5: values in this row: 2, columns: 1"},
     "name\nann\nbob,x\n"},
    {"LoopWithoutEnd",
     scenario(R"({"loop": {"do": [{"http": "/"}]}})"),
     {"x.json:4:10: populations[0].flow[0].loop: a loop without end", "times"}},
    {"LoopThatTakesNoTime",
     scenario(R"({"loop": {"for": "5s", "do": [{"set": {"a": 1}}]}}, {"think": 1})"),
     {"flow[0].loop: a loop whose rounds may take no time", "think"}},
    {"Regex",
     scenario(R"({"http": {"url": "/", "extract": {"a": {"regex": "a(b"}}}})"),
     {"x.json:4:50: populations[0].flow[0].http.extract.a.regex: \"a(b\" is no regular "
      "expression"}},
    {"Pointer",
     scenario(R"({"http": {"url": "/", "extract": {"a": {"pointer": "a/b"}}}})"),
     {"\"a/b\" is no JSON pointer", "\"/a/b\""}},
    {"Condition",
     scenario(R"({"http": {"url": "/", "check": ["${status}==200"]}})"),
     {"http.check[0]: \"${status}==200\" compares nothing", "white space"}},
    {"Threshold",
     scenario(R"({"http": "/"})", std::string(kLoad) + R"(, "thresholds": [{"threshold":
              "response.p99<1s", "step": "GET /x"}])"),
     {"thresholds[0].step: there is no timed step \"GET /x\"", "did you mean \"GET /\"?"}},
    {"UnknownField",
     scenario(R"({"http": "/"})", std::string(kLoad) + R"(, "treshold": [])"),
     {"there is no \"treshold\" in a scenario", "did you mean \"thresholds\"?"}},
};

INSTANTIATE_TEST_SUITE_P(Every, ScenarioSlip, testing::ValuesIn(kSlips),
                         [](const auto& each) { return each.param.name; });

TEST(LoadValidate, SaysWhatAScenarioWouldDo) {
  const TemporaryDirectory directory;
  directory.write("f.csv", "name\nann\n");
  const std::string file = directory.write(
      "two.json", scenario(R"({"http": "/${f.name}"})",
                           R"("load": {"stages": [{"rate": "10/s", "ramp": "2s", "for": "3s"}]},
                              "notes": ["a note"], "thresholds": ["errors==0"])"));
  const Outcome outcome = scalectl({"load", "validate", file, "smoke", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(text_at(lines[0], "command"), "load validate");
  EXPECT_EQ(text_at(lines[0], "name"), "two");
  EXPECT_EQ(integer_at(lines[0], "metrics.arrivals"), 40);
  EXPECT_EQ(at(lines[0], "metrics.duration_s").number(), 5);
  EXPECT_EQ(text_at(lines[0], "tables.thresholds.0.threshold"), "errors==0");
  EXPECT_EQ(text_at(lines[0], "notes.0"), "a note");
  EXPECT_EQ(text_at(lines[1], "name"), "smoke");
}

TEST(LoadValidate, EveryProblem_IsALine) {
  const TemporaryDirectory directory;
  const std::string file =
      directory.write("x.json", R"({"summary": "s", "target": "http://h", "seed": -1,
         "load": {"users": 1, "for": 1}, "populations": [{"name": "p", "flow": [
         {"http": "x"}, {"pace": 0}]}]})");
  const Outcome outcome = scalectl({"load", "validate", file});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("x.json:1:48: seed: "), HasSubstr("flow[0].http: "),
                                 HasSubstr("flow[1].pace: ")));
}

TEST(LoadValidate, OptionsTakeTheFilesPlace) {
  const Outcome set = scalectl({"load", "validate", "smoke", "--set", "nothing=1"});
  EXPECT_TRUE(is_refusal(set, 2));
  EXPECT_THAT(set.err, HasSubstr("--set nothing: the scenario has no variable"));
  EXPECT_TRUE(is_refusal(scalectl({"load", "validate", "smoke", "--set", "=1"}), 2));
  const Outcome target = scalectl({"load", "validate", "smoke", "--target", "http://h/api"});
  EXPECT_TRUE(is_refusal(target, 2));
  EXPECT_THAT(target.err, HasSubstr("--target: \"http://h/api\" has a path"));
}

TEST(LoadValidate, UnknownScenario_IsRefused) {
  const Outcome name = scalectl({"load", "validate", "smok"});
  EXPECT_TRUE(is_refusal(name, 2));
  EXPECT_THAT(name.err, HasSubstr("did you mean \"smoke\"?"));
  const Outcome file = scalectl({"load", "validate", "./none.json"});
  EXPECT_TRUE(is_refusal(file, 2));
  EXPECT_THAT(file.err, HasSubstr("cannot read scenario file \"./none.json\""));
}

TEST(LoadList, ShowsEachScenarioWithItsSummary) {
  const Outcome outcome = scalectl({"load", "list", "--format", "json"});
  EXPECT_EQ(outcome.code, 0);
  const auto lines = json_lines(outcome.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(text_at(lines[0], "tables.scenarios.0.scenario"), "game_session");
  EXPECT_THAT(text_at(lines[0], "tables.scenarios.0.summary"), HasSubstr("hear the others"));
}

// The judge of both is a validator that is not ours.
TEST(LoadSchema, AcceptsWhatShipsAndRefusesWhatValidateRefuses) {
  const TemporaryDirectory directory;
  const Outcome schema = scalectl({"load", "schema"});
  ASSERT_EQ(schema.code, 0);
  directory.write("schema.json", schema.out);
  directory.write("bad_1.json", scenario(R"({"htpp": "GET /"})"));
  directory.write("bad_2.json", scenario(R"({"http": "/", "think": 1})"));
  directory.write("bad_3.json", scenario(R"({"http": {"url": "/", "expect": "6xx"}})"));
  directory.write("bad_4.json", scenario(R"({"think": "soon"})"));
  directory.write("bad_5.json", scenario(R"({"http": "/"})", R"("load": {"users": 1, "rate": 1})"));
  const char* judge = R"python(
import json, pathlib, re, sys
import jsonschema
schema = json.loads(pathlib.Path(sys.argv[1], "schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
def read(path):
    text = path.read_text()
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.json")) + sorted(pathlib.Path(sys.argv[1]).glob("bad_*.json")):
    print(path.stem, "ok" if validator.is_valid(read(path)) else "refused")
)python";
  const Outcome outcome =
      run({"python3", "-c", judge, directory.path(), SCALECTL_SOURCE_DIR "/scenarios/load"});
  EXPECT_EQ(outcome.out,
            "game_session ok\nladder ok\nreconnect_storm ok\nsmoke ok\nsoak ok\nspike ok\n"
            "targets ok\nweb_mix ok\nbad_1 refused\nbad_2 refused\nbad_3 refused\nbad_4 refused\n"
            "bad_5 refused\n")
      << outcome.err;
}

}  // namespace
}  // namespace scalectl::test
