// Slips of the hand and of the shell that must not do something else than what was meant.
#include <gmock/gmock.h>

#include "core/text.hpp"
#include "process/files.hpp"
#include "support/e2e.hpp"
#include "support/lab_home.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using Slips = OnDatabase;

TEST_F(Slips, ClosedStdout_IsAnErrorAndReachesNoServer) {
  seed("20");
  const Outcome outcome =
      run({"sh", "-c", "\"$1\" tick run stamina >&-", "sh", binary()}, environment());
  EXPECT_EQ(outcome.code, 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("cannot write the result to stdout"));
  EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs"), "1") << "the tick itself is done";
}

TEST_F(Slips, EveryStreamClosed_StillDoesTheWork) {
  seed("20");
  run({"sh", "-c", "\"$1\" tick run stamina <&- >&- 2>&-", "sh", binary()}, environment());
  EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs"), "1");
}

TEST_F(Slips, OutputToStdout_KeepsWhatTheFileHeld) {
  const TemporaryDirectory directory;
  const std::string log = directory.write("log", "before\n");
  for (const char* name : {"-", "/dev/stdout"}) {
    const Outcome outcome = run({"sh", "-c", "\"$1\" tick list --format csv -o \"$2\" >>\"$3\"",
                                 "sh", binary(), name, log});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
  EXPECT_THAT(process::read_file(log), StartsWith("before\n"));
  EXPECT_EQ(core::split(process::read_file(log), '\n').size(), 14U) << "two lists of six lines";
}

TEST_F(Slips, UnknownKnownTable_IsRefusedWithTheClosest) {
  seed("20");
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"tick", "run", "stamina", "--table", "player=x"},
                                             {"index", "apply", "game", "--table", "player=x"},
                                             {"seed", "game", "--replace", "--table", "player=x"},
                                             {"seed", "game", "--append", "--table", "player=x"}}) {
    const std::string before = everything();
    const Outcome outcome = scalectl(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[0];
    EXPECT_THAT(outcome.err, HasSubstr("did you mean \"players\"?"));
    EXPECT_EQ(everything(), before);
  }
}

TEST_F(Slips, UnknownKnownTableOfAWorkflow_IsRefusedBeforeAnythingIsMade) {
  const std::string before = everything();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"workflow", "ready", "--all", "--table", "task=x"},
           {"workflow", "check", "--table", "task=x"},
           {"seed", "workflow", "--table", "task=x"}}) {
    const Outcome outcome = scalectl(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[1];
    EXPECT_THAT(outcome.err, HasSubstr("did you mean \"tasks\"?"));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(Slips, NamedSchemaThatIsNotThere_IsNotMade) {
  const Outcome outcome = scalectl({"tick", "run", "stamina", "--schema", "nope"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_EQ(cell("SELECT count(*) FROM pg_namespace WHERE nspname = 'nope'"), "0");
}

TEST(LabSlips, GlobalLabOption_NamesTheLabOfLabVerbs) {
  const LabHome home;
  const Outcome status = home.scalectl({"--lab=keep", "lab", "status", "--format", "json"});
  EXPECT_THAT(status.out, HasSubstr("\"name\":\"keep\""));
  const Outcome both = home.scalectl({"--lab=a", "lab", "down", "--name", "b"});
  EXPECT_TRUE(is_refusal(both, 2));
  EXPECT_THAT(both.err, HasSubstr("contradict"));
}

TEST(LabSlips, SettingsThatAreTheLabsOwn_AreRefused) {
  const LabHome home;
  for (const char* setting : {"port=99", "unix_socket_directories=/tmp", "listen_addresses=*"}) {
    const Outcome outcome = home.scalectl({"lab", "up", "--pg", setting});
    EXPECT_TRUE(is_refusal(outcome, 2)) << setting;
    EXPECT_THAT(outcome.err, HasSubstr("the lab sets this itself"));
  }
}

}  // namespace
}  // namespace scalectl::test
