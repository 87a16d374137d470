// The scenarios that ship, the published schema and the examples of scenarios/README.md.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "catalog/catalog.hpp"
#include "fixed_source.hpp"
#include "load/scenario/grammar.hpp"
#include "load/scenario/reader.hpp"
#include "load/scenario/schema.hpp"

namespace scalectl::load::scenario {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file(const std::string& path) {
  std::ifstream in(std::string(SCALECTL_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Shipped, EveryScenarioIsAsItShouldBe) {
  const catalog::Catalog catalog;
  std::vector<std::string> names;
  for (const Source& source : shipped_sources(catalog)) {
    names.push_back(source.name);
    for (const Problem& problem : review_scenario(source).problems) {
      ADD_FAILURE() << problem.text();
    }
    EXPECT_EQ(open_source(source.name, catalog).text, source.text);
  }
  EXPECT_THAT(names, ElementsAre("game_session", "ladder", "reconnect_storm", "smoke", "soak",
                                 "spike", "targets", "web_mix"));
}

TEST(Shipped, LadderSaysWhereItBreaksLittlesLaw) {
  const catalog::Catalog catalog;
  const Scenario ladder = read_scenario(open_source("ladder", catalog));
  EXPECT_EQ(ladder.thresholds.size(), 15U);
  EXPECT_EQ(ladder.loads[0].most_users(), 24'000U);
  ASSERT_EQ(ladder.notes.size(), 7U);
  EXPECT_THAT(ladder.notes.back(),
              HasSubstr("24,000 users without think time who make 50,000 requests/s wait 480ms"));
  EXPECT_THAT(ladder.notes.back(), HasSubstr("not 200ms; both hold only from 120,000 requests/s"));
}

TEST(Schema, PublishedFileIsWhatTheGrammarSays) {
  EXPECT_EQ(file("scenarios/scenario.schema.json"), json_schema())
      << "put the output of scalectl load schema there";
}

TEST(Language, EveryExampleOfItsReferenceIsRead) {
  // In scenarios/README.md a step stands in a block "json step", a whole scenario in one "json".
  const std::string text = file("scenarios/README.md");
  std::size_t steps = 0;
  std::size_t scenarios = 0;
  for (std::size_t at = text.find("```json"); at != std::string::npos;
       at = text.find("```json", at)) {
    const std::size_t begin = text.find('\n', at) + 1;
    const std::size_t end = text.find("```", begin);
    const bool is_step = text.substr(at, begin - at) == "```json step\n";
    const std::string example = text.substr(begin, end - begin);
    const Source source =
        is_step ? flow_source(R"({"connect": "/ws/echo"},)" + example + R"(,{"think": 1})",
                              "\"variables\": {\"room\": \"x\", \"n\": 1, \"name\": \"ann\"},\n")
                : source_of(example, {{"players.csv", "name,home\nann,plaza\n"}});
    for (const Problem& problem : review_scenario(source).problems) {
      ADD_FAILURE() << problem.text() << "\n" << example;
    }
    ++(is_step ? steps : scenarios);
    at = end + 3;
  }
  EXPECT_EQ(steps, 5U);
  EXPECT_EQ(scenarios, 1U);
  for (const std::string_view kind : object_type("step").one_of) {
    EXPECT_THAT(text, HasSubstr("{\"" + std::string(kind) + "\": ")) << "an example of each";
  }
}

}  // namespace
}  // namespace scalectl::load::scenario
