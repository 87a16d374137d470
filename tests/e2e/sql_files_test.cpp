// Tick and pack files of the user's own: broken ones are refused with file, line and what was
// expected; good ones run.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kGood =
    "-- tick: nap\n"
    "-- summary: Let everybody sleep.\n"
    "-- every: 5m\n"
    "-- warn-after: 5s\n"
    "-- log: {rows} players slept for {elapsed}s\n"
    "-- param: depth int = 1 \"how deep\"\n"
    "\n"
    "UPDATE :\"players\" SET stamina = max_stamina WHERE :depth > 0;\n";

struct Broken {
  std::string name;
  std::string from;  ///< text of the good file
  std::string to;    ///< what stands there instead
  int line;
  std::string says;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class TickFile : public OnDatabase, public testing::WithParamInterface<Broken> {
 protected:
  TemporaryDirectory directory_;
};

TEST_P(TickFile, Broken_NamesFileLineAndExpectation) {
  const Broken& broken = GetParam();
  std::string text = kGood;
  const auto place = text.find(broken.from);
  ASSERT_NE(place, std::string::npos);
  text.replace(place, broken.from.size(), broken.to);
  const std::string file = directory_.write("ticks/nap.v1.sql", text);
  seed("20");
  const std::string before = everything();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"tick", "run", "nap"}, {"tick", "run", "--all"}, {"tick", "list"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--sql-dir", directory_.path()});
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[1];
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(file + ":" + std::to_string(broken.line) + ": "),
                                   HasSubstr(broken.says)));
  }
  EXPECT_EQ(everything(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, TickFile,
    testing::Values(
        Broken{"NoColon", "-- every: 5m", "-- every 5m", 3, "expected \"-- key: value\""},
        Broken{"MisspeltKey", "-- summary", "-- sumary", 2, "did you mean \"summary\"?"},
        Broken{"MissingKey", "-- every: 5m\n", "", 1, "expected \"-- every: …\""},
        Broken{"EmptyValue", "-- log: {rows} players slept for {elapsed}s", "-- log:", 5,
               "\"log\" has no value"},
        Broken{"KeyTwice", "-- warn-after: 5s", "-- every: 6m", 4, "\"every\" stands here twice"},
        Broken{"ZeroThreshold", "warn-after: 5s", "warn-after: 0s", 4,
               "warn-after must be more than zero"},
        Broken{"BadDuration", "warn-after: 5s", "warn-after: 5 parsecs", 4, "is not a duration"},
        Broken{"BadParameter", "depth int = 1 \"how deep\"", "depth int 1", 6,
               "NAME TYPE = DEFAULT"},
        Broken{"BadType", "depth int", "depth number", 6, "expected int, float, interval"},
        Broken{"BadDefault", "int = 1 ", "int = one ", 6, "\"one\" is not a whole number"},
        Broken{"UnknownPlaceholder", "{rows}", "{row}", 5, "{rows}"},
        Broken{"UnknownValue", ":depth > 0", ":dpth > 0", 8, "did you mean \"depth\"?"},
        Broken{"TwoStatements", "> 0;\n", "> 0;\nSELECT 1;\n", 7, "one SQL statement, found 2"},
        Broken{"OtherName", "-- tick: nap", "-- tick: doze", 1, "expected \"-- tick: nap\""},
        Broken{"Section", "> 0;\n", "> 0;\n-- @row\n", 9, "unexpected section @row"}),
    [](const auto& test) { return test.param.name; });

class SqlFiles : public TickFile {};

TEST_F(SqlFiles, GoodTick_RunsWithItsParameterAsAnOption) {
  directory_.write("ticks/nap.v1.sql", kGood);
  seed("20");
  const Outcome none = scalectl(
      {"tick", "run", "nap", "--depth", "-1", "--sql-dir", directory_.path(), "--format", "json"});
  ASSERT_EQ(none.code, 0) << none.err;
  EXPECT_EQ(integer_at(json(none.out), "metrics.rows"), 0);
  const Outcome all = scalectl({"tick", "run", "nap", "--format", "json"},
                               {{"SCALECTL_SQL_DIR", directory_.path()}});
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(integer_at(json(all.out), "metrics.rows"), 20);
  EXPECT_EQ(integer_at(json(all.out), "params.depth"), 1);
  EXPECT_THAT(all.err, testing::MatchesRegex("INFO - 20 players slept for [0-9]+\\.[0-9][0-9]s\n"));
  EXPECT_EQ(cell("SELECT count(*) FROM players WHERE stamina < max_stamina"), "0");
}

TEST_F(SqlFiles, BrokenSql_IsTheServersWordWithTheTick) {
  std::string text = kGood;
  text.replace(text.find("SET stamina"), 3, "SAT");
  directory_.write("ticks/nap.v1.sql", text);
  seed("20");
  const Outcome outcome = scalectl({"tick", "run", "nap", "--sql-dir", directory_.path()});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("tick nap"), HasSubstr("syntax error at or near")));
}

TEST_F(SqlFiles, BrokenFile_DoesNotStopTheOthers) {
  directory_.write("ticks/nap.v1.sql", "no front matter\n");
  seed("20");
  const Outcome outcome = scalectl({"tick", "run", "stamina", "--sql-dir", directory_.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(SqlFiles, BrokenPack_NamesFileLineAndExpectation) {
  seed("20");
  const std::string before = everything();
  const std::vector<std::tuple<std::string, int, std::string>> cases{
      {"-- pack: game\n-- sumary: x\n", 2, "did you mean \"summary\"?"},
      {"-- pack: game\n-- summary: x\n-- family: game\n\n-- @index idx_a\n-- why: because\n"
       "CREATE INDEX CONCURRENTLY idx_a ON :\"players\" (level);\n",
       5, "-- query: …"},
      {"-- pack: other\n-- summary: x\n", 1, "game"}};
  for (const auto& [text, line, says] : cases) {
    const std::string file = directory_.write("indexes/game.v1.sql", text);
    for (const char* verb : {"apply", "plan", "status", "drop"}) {
      const Outcome outcome = scalectl({"index", verb, "game", "--sql-dir", directory_.path()});
      EXPECT_TRUE(is_refusal(outcome, 2)) << text;
      EXPECT_THAT(outcome.err,
                  AllOf(HasSubstr(file + ":" + std::to_string(line) + ": "), HasSubstr(says)));
    }
  }
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace scalectl::test
