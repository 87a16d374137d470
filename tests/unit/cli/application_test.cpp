#include "cli/application.hpp"

#include <gmock/gmock.h>

#include <iostream>
#include <sstream>

#include "support/thrown.hpp"

namespace scalectl::cli {
namespace {

using core::Seconds;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A small program with one option of each type.
class Program : public testing::Test {
 protected:
  Program() {
    application.global()
        .flag("-q,--quiet", quiet, "Silent on success")
        .flag_or_value("--lab", lab, "default", "Use a private lab");
    Command tick = application.command("tick", "Ticks");
    tick.verb("list", "The ticks").action([this] { return ran("list"); });
    tick.verb("run", "Run one tick")
        .example("scalectl tick run stamina")
        .example("scalectl tick run --strict")
        .operand("TICK", operand, "Which one", false)
        .option("--warn-after", warn_after, "Threshold")
        .option("--players", players, "How many")
        .option("--dead-ratio", dead_ratio, "Share of the dead")
        .option("--strategy", strategy, "How")
        .option("--dsn", dsn, "Where", "DSN")
        .flag("--strict", strict, "A missed threshold is a failure")
        .list("--table", tables, "Other names", "KNOWN=ACTUAL")
        .list("--limit", limits, "What must hold", "LIMIT",
              [](const std::string& word) { return word.find('<') != std::string::npos; })
        .action([this] { return ran("run"); });
    Command exec = application.command("exec", "Run a program");
    exec.operands("COMMAND", words, "The program and its arguments").action([this] {
      return ran("exec");
    });
  }

  int run(const std::vector<std::string>& arguments) { return application.run(arguments); }
  core::Error refusal(const std::vector<std::string>& arguments) {
    const core::Error error = error_of([&] { run(arguments); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(action, "");
    return error;
  }
  /// What a run prints on stdout.
  std::string printed(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::streambuf* before = std::cout.rdbuf(out.rdbuf());
    EXPECT_EQ(run(arguments), 0);
    std::cout.rdbuf(before);
    EXPECT_EQ(action, "");
    return out.str();
  }

  bool quiet = false;
  bool strict = false;
  std::optional<std::string> lab;
  std::string operand;
  std::optional<Seconds> warn_after;
  std::int64_t players = 100;
  double dead_ratio = 0.05;
  Choice strategy{.value = "set", .allowed = {"set", "rows"}};
  std::string dsn;
  std::vector<std::string> tables;
  std::vector<std::string> limits;
  std::vector<std::string> words;
  std::string action;
  Application application{"scalectl", "Tells whether it holds", "1.2.3"};

 private:
  int ran(const char* verb) {
    action = verb;
    return 7;
  }
};

TEST_F(Program, ChosenVerb_RunsAndGivesTheExitCode) {
  EXPECT_EQ(run({"tick", "list"}), 7);
  EXPECT_EQ(action, "list");
  EXPECT_EQ(application.chosen(), "tick list");
}

TEST_F(Program, BeforeTheAction_TheCheckRuns) {
  std::string seen = "not called";
  application.before_action([&] { seen = application.chosen() + "," + action; });
  run({"tick", "list"});
  EXPECT_EQ(seen, "tick list,");
}

TEST_F(Program, EachOption_IsReadAsItsType) {
  run({"tick", "run", "stamina", "--warn-after", "1m30s", "--players=10k", "--dead-ratio", "5%",
       "--strategy", "rows", "--dsn", "host=h", "--strict"});
  EXPECT_EQ(operand, "stamina");
  EXPECT_EQ(warn_after, Seconds(90));
  EXPECT_EQ(players, 10'000);
  EXPECT_DOUBLE_EQ(dead_ratio, 0.05);
  EXPECT_EQ(strategy.value, "rows");
  EXPECT_EQ(dsn, "host=h");
  EXPECT_TRUE(strict);
}

TEST_F(Program, WithoutOptions_DefaultsStay) {
  run({"tick", "run"});
  EXPECT_EQ(warn_after, std::nullopt);
  EXPECT_EQ(players, 100);
  EXPECT_EQ(strategy.value, "set");
}

TEST_F(Program, BadValue_NamesOptionAndValue) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"--warn-after", "5x", "--warn-after: \"5x\" is not a duration"},
      {"--players", "1.5", "--players: \"1.5\" is not a count"},
      {"--dead-ratio", "2", "--dead-ratio: \"2\" is not a share"},
      {"--strategy", "row", "--strategy: \"row\" is not one of set, rows"},
      {"--dsn", "", "--dsn: the value is empty"}};
  for (const auto& [option, value, message] : cases) {
    EXPECT_EQ(refusal({"tick", "run", option, value}).message(), message);
  }
}

TEST_F(Program, BadChoice_NamesTheClosest) {
  EXPECT_EQ(refusal({"tick", "run", "--strategy", "row"}).hint(), "did you mean \"rows\"?");
}

TEST_F(Program, OptionTwice_IsRefused) {
  EXPECT_THAT(refusal({"tick", "run", "--players", "1", "--players", "2"}).message(),
              HasSubstr("--players"));
}

TEST_F(Program, OptionWithoutItsValue_IsRefused) {
  EXPECT_THAT(refusal({"tick", "run", "--players"}).message(), HasSubstr("--players"));
}

TEST_F(Program, List_TakesOneValueEachTime) {
  run({"tick", "run", "--table", "a=b", "--table", "c=d", "stamina"});
  EXPECT_THAT(tables, ElementsAre("a=b", "c=d"));
  EXPECT_EQ(operand, "stamina");
}

TEST_F(Program, GlobalOption_StandsBeforeOrAfterTheCommand) {
  run({"--quiet", "tick", "list"});
  EXPECT_TRUE(quiet);
  quiet = false;
  run({"tick", "list", "-q"});
  EXPECT_TRUE(quiet);
}

TEST_F(Program, LabWithoutAName_IsTheDefaultAndTakesNoWord) {
  run({"--lab", "tick", "run", "stamina"});
  EXPECT_EQ(lab, "default");
  EXPECT_EQ(operand, "stamina");
}

TEST_F(Program, LabAtTheEndOfTheLine_TakesNoWordEither) {
  run({"tick", "run", "--lab", "stamina"});
  EXPECT_EQ(lab, "default");
  EXPECT_EQ(operand, "stamina");
}

TEST_F(Program, LabWithAName_IsThatOne) {
  run({"tick", "list", "--lab=mine"});
  EXPECT_EQ(lab, "mine");
}

TEST_F(Program, WithoutLab_ThereIsNone) {
  run({"tick", "list"});
  EXPECT_EQ(lab, std::nullopt);
}

TEST_F(Program, UnknownOption_NamesTheClosest) {
  const core::Error error = refusal({"tick", "run", "--playrs", "5"});
  EXPECT_EQ(error.message(), "tick run: unknown option --playrs");
  EXPECT_EQ(error.hint(), "did you mean \"--players\"?");
}

TEST_F(Program, UnknownOptionWithAValue_IsNamedWithoutIt) {
  EXPECT_EQ(refusal({"tick", "run", "--playrs=5"}).message(), "tick run: unknown option --playrs");
}

TEST_F(Program, UnknownOptionNearAGlobalOne_NamesThat) {
  EXPECT_EQ(refusal({"tick", "list", "--quite"}).hint(), "did you mean \"--quiet\"?");
}

TEST_F(Program, UnknownOptionLikeNoOther_PointsAtTheHelp) {
  EXPECT_EQ(refusal({"tick", "list", "--xyzzy"}).hint(), "see scalectl tick list --help");
}

TEST_F(Program, UnknownCommandOrVerb_NamesTheClosest) {
  const core::Error command = refusal({"tik", "run"});
  EXPECT_EQ(command.message(), "unknown command \"tik\"");
  EXPECT_EQ(command.hint(), "did you mean \"tick\"?");
  const core::Error verb = refusal({"tick", "lsit"});
  EXPECT_EQ(verb.message(), "tick: unknown verb \"lsit\"");
  EXPECT_EQ(verb.hint(), "did you mean \"list\"?");
}

TEST_F(Program, MissingCommandOrVerb_ListsThem) {
  const core::Error command = refusal({});
  EXPECT_EQ(command.message(), "a command is missing");
  EXPECT_EQ(command.hint(), "there are: tick, exec");
  const core::Error verb = refusal({"tick"});
  EXPECT_EQ(verb.message(), "tick: a verb is missing");
  EXPECT_EQ(verb.hint(), "there are: list, run");
}

TEST_F(Program, WordTooMany_IsRefused) {
  EXPECT_EQ(refusal({"tick", "list", "stamina"}).message(), "tick list: unexpected \"stamina\"");
  // The name of another command is no less unexpected than any other word.
  EXPECT_EQ(refusal({"tick", "list", "tick"}).message(), "tick list: unexpected \"tick\"");
  EXPECT_EQ(refusal({"tick", "run", "stamina", "list"}).message(),
            "tick run: unexpected \"list\"");
}

TEST_F(Program, MissingOperand_IsRefused) {
  const core::Error error = refusal({"exec"});
  EXPECT_THAT(error.message(), StartsWith("exec: COMMAND"));
  EXPECT_EQ(error.hint(), "see scalectl exec --help");
}

TEST_F(Program, ListThatKnowsItsValues_TakesSeveralInARow) {
  run({"tick", "run", "--limit", "a<1", "b<2", "stamina", "--limit=c", "d<4"});
  EXPECT_THAT(limits, ElementsAre("a<1", "b<2", "c", "d<4"));
  EXPECT_EQ(operand, "stamina");
  run({"exec", "--", "--limit", "a<1", "b<2"});
  EXPECT_THAT(words, ElementsAre("--limit", "a<1", "b<2"));
}

TEST_F(Program, AfterTwoDashes_EverythingIsAnOperand) {
  run({"exec", "--", "ls", "-l", "--all"});
  EXPECT_THAT(words, ElementsAre("ls", "-l", "--all"));
}

TEST_F(Program, Version_IsNameAndNumber) { EXPECT_EQ(printed({"--version"}), "scalectl 1.2.3\n"); }

TEST_F(Program, HelpOfAVerb_HasItsOptionsDefaultsAndExamples) {
  const std::string help = printed({"tick", "run", "--help"});
  for (const char* text :
       {"Run one tick", "--warn-after DURATION", "--players COUNT", "100", "--dead-ratio SHARE",
        "0.05", "--strategy set|rows", "--dsn DSN", "--table KNOWN=ACTUAL",
        "Example:\n  scalectl tick run stamina\n  scalectl tick run --strict"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST_F(Program, HelpOfTheProgram_HasCommandsAndTheOptionalValue) {
  const std::string help = printed({"--help"});
  for (const char* text : {"Tells whether it holds", "tick", "exec", "--lab[=NAME]", "--quiet"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
  EXPECT_THAT(help, Not(HasSubstr("{default}")));
}

const char* const kOptions[] = {"--warn-after", "--players", "--dead-ratio", "--strategy",
                                "--dsn",        "--strict",  "--table",      "--lab",
                                "--quiet",      "--version", "--completion", "--reference"};

TEST_F(Program, Reference_HasEveryCommandOptionAndExample) {
  const std::string reference = application.reference();
  for (const char* option : kOptions) EXPECT_THAT(reference, HasSubstr(option));
  for (const char* text :
       {"**`scalectl tick list`** The ticks\n", "**`scalectl tick run`** Run one tick\n",
        "- `--players COUNT`: How many (default: `100`)\n", "- `--strict`: A missed threshold",
        "- `--lab[=NAME]`: Use a private lab\n",
        "```sh\nscalectl tick run stamina\nscalectl tick run --strict\n```\n"}) {
    EXPECT_THAT(reference, HasSubstr(text));
  }
  EXPECT_EQ(printed({"--reference"}), reference);
}

TEST_F(Program, BashCompletion_HasEveryCommandAndOption) {
  const std::string script = application.bash_completion();
  for (const char* option : kOptions) EXPECT_THAT(script, HasSubstr(option));
  for (const char* text : {"\"\") words=", "\"tick\") words=", " list run ",
                           "\"tick run\") words=", "complete -o default -F _scalectl scalectl\n"}) {
    EXPECT_THAT(script, HasSubstr(text));
  }
  EXPECT_THAT(script, Not(HasSubstr("{default}")));
  EXPECT_EQ(printed({"--completion", "bash"}), script);
}

}  // namespace
}  // namespace scalectl::cli
