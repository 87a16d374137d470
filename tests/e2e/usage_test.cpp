// What the binary says to wrong arguments: exit 2, one line with a hint, and nothing is touched.
#include <gmock/gmock.h>

#include "support/e2e.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Mistake {
  std::string name;
  std::vector<std::string> arguments;
  std::string says;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class Usage : public testing::TestWithParam<Mistake> {};

TEST_P(Usage, Mistake_IsNamedWithAHint) {
  const Outcome outcome = scalectl(GetParam().arguments);
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Words, Usage,
    testing::Values(
        Mistake{"Command", {"sed", "game"}, "\"sed\" — hint: did you mean \"seed\"?"},
        Mistake{"CommandFarOff", {"zzzzzz"}, "there are: demo, lab, db, seed, index, tick"},
        Mistake{"NoCommand", {}, "a command is missing — hint: there are: demo"},
        Mistake{"Verb", {"tick", "rum", "stamina"}, "\"rum\" — hint: did you mean \"run\"?"},
        Mistake{"NoVerb", {"index"}, "a verb is missing — hint: there are: list, plan, apply"},
        Mistake{"Option",
                {"tick", "run", "stamina", "--warn-aftr", "5s"},
                "unknown option --warn-aftr — hint: did you mean \"--warn-after\"?"},
        Mistake{"GlobalOption",
                {"tick", "list", "--fromat", "json"},
                "unknown option --fromat — hint: did you mean \"--format\"?"},
        Mistake{"OptionBeforeCommand", {"--fromat=json", "tick", "list"}, "\"--format\"?"},
        Mistake{
            "MissingOperand", {"db", "init"}, "SCHEMA is required — hint: see scalectl db init"},
        Mistake{"ExtraOperand", {"seed", "game", "now"}, "unexpected \"now\""},
        Mistake{"MissingValue", {"seed", "game", "--players"}, "--players"},
        Mistake{"ValueForAFlag", {"tick", "list", "--quiet=maybe"}, "--quiet"},
        Mistake{"Format", {"tick", "list", "--format", "jsn"}, "did you mean \"json\"?"},
        Mistake{"Strategy", {"tick", "run", "stamina", "--strategy", "row"}, "\"rows\"?"},
        Mistake{"EmptyValue", {"tick", "list", "-o", ""}, "--output"}),
    [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Numbers, Usage,
    testing::Values(
        Mistake{"NegativeCount", {"seed", "game", "--players", "-5"}, "\"-5\" is not a count"},
        Mistake{"Exponent", {"seed", "game", "--players", "1e99"}, "\"1e99\" is not a count"},
        Mistake{"TwoSuffixes", {"seed", "game", "--players", "10kk"}, "\"10kk\" is not a count"},
        Mistake{"HugeCount", {"seed", "game", "--players", "9999999G"}, "\"9999999G\""},
        Mistake{"Fraction", {"seed", "game", "--players", "1.5"}, "\"1.5\""},
        Mistake{"NotANumber", {"seed", "game", "--players", "nan"}, "\"nan\" is not a count"},
        Mistake{"JunkAfterDuration", {"tick", "run", "stamina", "--warn-after", "5sx"}, "\"5sx\""},
        Mistake{"UnitsOutOfOrder",
                {"tick", "run", "stamina", "--warn-after", "30s1m"},
                "\"30s1m\" is not a duration"},
        Mistake{"NegativeDuration", {"tick", "run", "stamina", "--lock-timeout", "-1s"}, "\"-1s\""},
        Mistake{"RatioAboveOne", {"seed", "game", "--dead-ratio", "2"}, "\"2\" is not a share"},
        Mistake{"RatioNegative", {"seed", "game", "--dead-ratio", "-0.1"}, "\"-0.1\""},
        Mistake{"RatioAboveHundred", {"seed", "game", "--dead-ratio", "101%"}, "\"101%\""},
        Mistake{"Time", {"seed", "game", "--as-of", "yesterday"}, "\"yesterday\" is not a time"},
        Mistake{"Port", {"lab", "up", "--port", "70000"}, "--port 70000 is not a port"}),
    [](const auto& test) { return test.param.name; });

/// Mistakes that only a database could turn into damage.
class UsageOnDatabase : public OnDatabase, public testing::WithParamInterface<Mistake> {};

TEST_P(UsageOnDatabase, Mistake_TouchesNothing) {
  const std::string before = everything();
  const Outcome outcome = scalectl(GetParam().arguments);
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
  EXPECT_EQ(everything(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Values, UsageOnDatabase,
    testing::Values(
        Mistake{"ZeroThreshold",
                {"tick", "run", "stamina", "--warn-after", "0"},
                "--warn-after must be more than zero"},
        Mistake{"ZeroThresholdWithUnit",
                {"tick", "run", "--all", "--warn-after", "0ms"},
                "--warn-after must be more than zero"},
        Mistake{"AppendAndReplace",
                {"seed", "game", "--append", "--replace"},
                "--append and --replace contradict each other"},
        Mistake{"TickAndAll",
                {"tick", "run", "stamina", "--all"},
                "a tick and --all contradict each other"},
        Mistake{"NeitherTickNorAll", {"tick", "run"}, "name one, or give --all"},
        Mistake{"TickName", {"tick", "run", "stamnia"}, "did you mean \"stamina\"?"},
        Mistake{"Pack", {"index", "apply", "gmae"}, "did you mean \"game\"?"},
        Mistake{"Family", {"db", "init", "gmae"}, "did you mean \"game\"?"},
        Mistake{"Table", {"seed", "game", "--only", "plyers"}, "did you mean \"players\"?"},
        Mistake{"NoPlayers", {"seed", "game", "--players", "0"}, "--players 0 is too few"},
        Mistake{"NoWorkers", {"seed", "game", "--workers", "0"}, "--workers 0"},
        Mistake{"ManyWorkers", {"seed", "game", "--workers", "1k"}, "--workers 1000"},
        Mistake{"CombatsOverPlayers",
                {"seed", "game", "--players", "10", "--combats", "11"},
                "each player fights one combat"},
        Mistake{"ParameterOfAnotherTick",
                {"tick", "run", "stamina", "--idle", "5m"},
                "tick stamina has no parameter --idle"},
        Mistake{"ParameterValue",
                {"tick", "run", "stamina", "--bonus", "many"},
                "--bonus: \"many\" is not a whole number"},
        Mistake{"TableOption",
                {"tick", "run", "stamina", "--table", "players"},
                "--table \"players\" is not KNOWN=ACTUAL"},
        Mistake{"SqlDirectory",
                {"tick", "run", "stamina", "--sql-dir", "/nonexistent"},
                "cannot read --sql-dir /nonexistent"},
        Mistake{"Output",
                {"db", "init", "game", "-o", "/nonexistent/result.json"},
                "/nonexistent/result.json"}),
    [](const auto& test) { return test.param.name; });

class Server : public OnDatabase {};

TEST_F(Server, NotNamed_NamesTheThreeWays) {
  for (const auto& command : std::vector<std::vector<std::string>>{{"tick", "run", "stamina"},
                                                                   {"tick", "status"},
                                                                   {"seed", "game"},
                                                                   {"db", "init", "game"},
                                                                   {"db", "status", "game"},
                                                                   {"index", "apply", "game"},
                                                                   {"index", "plan", "game"}}) {
    const Outcome outcome = test::scalectl(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("--dsn"), HasSubstr("DATABASE_URL"), HasSubstr("--lab")));
  }
}

TEST_F(Server, NamedByLabAndDsn_IsContradiction) {
  const Outcome outcome =
      test::scalectl({"--lab=never", "--dsn", database_.dsn(), "db", "init", "game"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("--lab and --dsn contradict each other"));
  EXPECT_EQ(everything(), "");
}

TEST_F(Server, DsnThatIsNone_IsRefusedWithoutShowingIt) {
  const Outcome outcome = test::scalectl({"--dsn", "hunter2", "tick", "status"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("hunter2")));
}

TEST_F(Server, NamedByDsn_GoesBeforeEnvironment) {
  const Outcome outcome =
      test::scalectl({"--dsn", database_.dsn(), "db", "init", "game"},
                     {{"DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(cell("SELECT count(*) FROM players"), "0");
}

TEST_F(Server, NamedByPgVariables_IsUsed) {
  const lab::Lab lab = shared_lab();
  Environment environment{{"PGDATABASE", database_.name()}};
  for (const auto& variable : lab.environment()) {
    if (variable.name == "PGHOST" || variable.name == "PGPORT" || variable.name == "PGUSER") {
      environment.emplace_back(variable.name, variable.value);
    }
  }
  EXPECT_EQ(test::scalectl({"db", "init", "game"}, environment).code, 0);
  EXPECT_EQ(cell("SELECT count(*) FROM players"), "0");
}

}  // namespace
}  // namespace scalectl::test
