// --help of every command, and --version.
#include <gmock/gmock.h>

#include <regex>

#include "core/text.hpp"
#include "support/e2e.hpp"

namespace scalectl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

/// The names under "Subcommands:" of a help text.
std::vector<std::string> subcommands(const std::string& help) {
  std::vector<std::string> names;
  static const std::regex kEntry("^  ([a-z][a-z-]*) .*");
  bool inside = false;
  for (const std::string& line : core::split(help, '\n')) {
    std::smatch match;
    if (line.find("ubcommands:") != std::string::npos) {
      inside = true;
    } else if (inside && std::regex_match(line, match, kEntry)) {
      names.push_back(match[1]);
    }
  }
  return names;
}

class Help : public testing::Test {};

TEST_F(Help, Root_ListsTheCommands) {
  const Outcome outcome = scalectl({"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(subcommands(outcome.out), ElementsAre("demo", "lab", "db", "seed", "index", "tick",
                                                    "workflow", "load", "serve"));
}

TEST_F(Help, EveryCommand_HasAnExampleThatNamesIt) {
  std::vector<std::vector<std::string>> open{{}};
  int leaves = 0;
  while (!open.empty()) {
    const auto command = open.back();
    open.pop_back();
    auto arguments = command;
    arguments.push_back("--help");
    const Outcome outcome = scalectl(arguments);
    const std::string path = core::join(command, " ");
    EXPECT_EQ(outcome.code, 0) << path;
    EXPECT_EQ(outcome.err, "") << path;
    const auto below = subcommands(outcome.out);
    for (const std::string& name : below) {
      open.push_back(command);
      open.back().push_back(name);
    }
    if (!below.empty()) continue;
    ++leaves;
    const auto example = outcome.out.find("Example:");
    ASSERT_NE(example, std::string::npos) << path;
    EXPECT_THAT(outcome.out.substr(example), HasSubstr(path)) << path;
  }
  // demo; lab ×4; db ×4; seed ×3; index ×8; tick ×5; workflow ×5 and views ×3; load ×7; serve
  EXPECT_EQ(leaves, 42);
}

TEST_F(Help, Version_IsOneLineOnStdout) {
  const Outcome outcome = scalectl({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("scalectl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace scalectl::test
