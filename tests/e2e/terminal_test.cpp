// Colour and progress bars: on a terminal, and only there.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kGreenPass = "\x1b[32mpass\x1b[0m";

class Terminal : public OnDatabase {
 protected:
  Outcome on_terminal(const std::vector<std::string>& arguments, const Environment& more = {}) {
    Environment all = environment();
    all.emplace_back("TERM", "xterm");
    all.insert(all.end(), more.begin(), more.end());
    return scalectl_on_terminal(arguments, all);
  }
};

TEST_F(Terminal, Verdict_IsGreenWhenItPassed) {
  seed("100");
  const Outcome outcome = on_terminal({"tick", "run", "stamina"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr(kGreenPass));
}

TEST_F(Terminal, Verdict_IsYellowForAWarningAndRedForAFailure) {
  seed("100");
  EXPECT_THAT(on_terminal({"tick", "run", "stamina", "--warn-after", "1us"}).out,
              HasSubstr("\x1b[33mwarn\x1b[0m"));
  const Outcome failed = on_terminal({"tick", "run", "stamina", "--warn-after", "1us", "--strict"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.out, HasSubstr("\x1b[31mfail\x1b[0m"));
}

TEST_F(Terminal, Colour_CanBeTurnedOff) {
  seed("100");
  EXPECT_THAT(on_terminal({"tick", "run", "stamina", "--no-color"}).out, Not(HasSubstr("\x1b[")));
  const std::vector<Environment> ways{{{"NO_COLOR", "1"}}, {{"TERM", "dumb"}}};
  for (const Environment& way : ways) {
    const Outcome outcome = on_terminal({"tick", "run", "stamina"}, way);
    EXPECT_THAT(outcome.out, HasSubstr("tick run stamina: pass"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b["))) << way[0].first;
  }
  EXPECT_THAT(on_terminal({"tick", "run", "stamina"}, {{"NO_COLOR", ""}}).out,
              HasSubstr(kGreenPass))
      << "an empty NO_COLOR means nothing";
}

TEST_F(Terminal, Seed_ShowsAProgressBarWithRatesAndErasesIt) {
  ASSERT_EQ(scalectl({"db", "init", "game"}).code, 0);
  const Outcome outcome = on_terminal({"seed", "game", "--players", "50k", "--only", "players"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, ContainsRegex("\rplayers \\[=* +\\] +[0-9]+ %  [0-9,]+/50,000 rows  "
                                         "[0-9,]+/s"));
  const auto last_bar = outcome.out.rfind("/50,000 rows");
  EXPECT_NE(outcome.out.find("\r\x1b[K", last_bar), std::string::npos) << "the bar stays";
}

TEST_F(Terminal, Quiet_HasNoProgressBar) {
  ASSERT_EQ(scalectl({"db", "init", "game"}).code, 0);
  const Outcome outcome =
      on_terminal({"seed", "game", "--players", "50k", "--only", "players", "--quiet"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
}

TEST_F(Terminal, NotATerminal_HasNeitherColourNorBar) {
  ASSERT_EQ(scalectl({"db", "init", "game"}, {{"TERM", "xterm"}}).code, 0);
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"seed", "game", "--players", "10k", "--only", "players", "--verbose"},
           {"tick", "run", "--all", "--verbose", "--warn-after", "1us"},
           {"tick", "run", "stamina", "--strategy", "rows"},
           {"tick", "run", "stamnia"}}) {
    const Outcome outcome = scalectl(command, {{"TERM", "xterm"}});
    const std::string all = outcome.out + outcome.err;
    EXPECT_THAT(all, Not(HasSubstr("\x1b")));
    EXPECT_THAT(all, Not(HasSubstr("\r")));
    EXPECT_NE(outcome.err, "");
  }
}

TEST_F(Terminal, OutputFile_HasNoColour) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/result";
  seed("10");
  ASSERT_EQ(on_terminal({"tick", "run", "stamina", "-o", file}).code, 0);
  const Outcome content = run({"cat", file});
  EXPECT_THAT(content.out, HasSubstr("tick run stamina: pass"));
  EXPECT_THAT(content.out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace scalectl::test
