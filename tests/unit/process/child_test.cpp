#include "process/child.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "process/files.hpp"
#include "support/command.hpp"
#include "support/thrown.hpp"
#include "support/variable.hpp"

namespace scalectl::process {
namespace {

using namespace std::chrono_literals;
using test::error_of;
using testing::HasSubstr;

constexpr auto kLong = 30s;  // a limit that is never reached

Command shell(const std::string& script) { return {.argv = {"/bin/sh", "-c", script}}; }

/// A pipe whose ends children inherit: it reads as ended once all of them are gone.
class Witness {
 public:
  Witness() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Witness() { close(ends_[0]); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// Waits until nobody holds the other end; what was written to it.
  std::string wait() {
    close(ends_[1]);
    std::string said;
    for (char byte = 0; read(ends_[0], &byte, 1) == 1;) said += byte;
    return said;
  }
  /// Waits for the first byte, from a script that says ">&N".
  void wait_for_byte() const {
    char byte = 0;
    EXPECT_EQ(read(ends_[0], &byte, 1), 1);
  }
  std::string redirect() const { return ">&" + std::to_string(ends_[1]); }

 private:
  std::array<int, 2> ends_{};
};

TEST(Run, Ended_HasStatusAndBothStreams) {
  const Captured captured = run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(captured.exit.status, 3);
  EXPECT_EQ(captured.exit.signal, 0);
  EXPECT_FALSE(captured.exit.ok());
  EXPECT_EQ(captured.out, "out\n");
  EXPECT_EQ(captured.err, "err\n");
}

TEST(Run, MuchOutputOnBothStreams_IsCapturedWhole) {
  const Captured captured =
      run(shell("head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; head -c 9 /dev/zero"));
  EXPECT_EQ(captured.out.size(), 300'009U);
  EXPECT_EQ(captured.err.size(), 300'000U);
}

TEST(Run, KilledBySignal_NamesTheSignal) {
  const Exit exit = run(shell("kill -TERM $$")).exit;
  EXPECT_EQ(exit.signal, SIGTERM);
  EXPECT_EQ(exit.describe(), "signal 15");
}

TEST(Run, Stdin_IsEmpty) { EXPECT_EQ(run(shell("cat; echo end")).out, "end\n"); }

TEST(Run, Environment_IsOursWithEntriesAddedAndReplaced) {
  const test::Variable kept("SCALECTL_KEPT", "kept");
  const test::Variable replaced("SCALECTL_REPLACED", "old");
  Command command = shell("echo $SCALECTL_KEPT $SCALECTL_REPLACED $SCALECTL_ADDED");
  command.env = {{"SCALECTL_REPLACED", "new"}, {"SCALECTL_ADDED", "a=b"}};
  EXPECT_EQ(run(command).out, "kept new a=b\n");
}

TEST(Run, Directory_IsTheWorkingDirectory) {
  const test::TemporaryDirectory directory;
  Command command = shell("pwd");
  command.directory = directory.path();
  EXPECT_EQ(run(command).out, directory.path() + "\n");
}

TEST(Run, MissingProgram_IsAnError) {
  const core::Error error = error_of([] { run({.argv = {"no-such-program"}}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kFailed);
  EXPECT_EQ(error.message(), "cannot run no-such-program: not found");
}

TEST(Run, ProgramThatCannotBeExecuted_NamesTheReason) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.write("broken", "no program\n");
  chmod(file.c_str(), 0755);
  EXPECT_EQ(error_of([&] { run({.argv = {file}}); }).message(),
            "cannot run " + file + ": Exec format error");
}

TEST(Child, Wait_GivesHowItEnded) {
  Child child = Child::start(shell("exit 7"));
  const auto exit = child.wait(kLong);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->describe(), "exit status 7");
  EXPECT_EQ(child.poll()->status, 7);
}

TEST(Child, WhileItRuns_PollAndWaitAreNothing) {
  Child child = Child::start({.argv = {"sleep", "1000"}});
  EXPECT_FALSE(child.poll());
  EXPECT_FALSE(child.wait(0ms));
}

TEST(Child, Signal_Arrives) {
  Child child = Child::start({.argv = {"sleep", "1000"}});
  child.signal(SIGINT);
  EXPECT_EQ(child.wait(kLong)->signal, SIGINT);
}

TEST(Child, OutputFile_IsAppendedToAndPrivate) {
  const test::TemporaryDirectory directory;
  const std::string log = directory.path() + "/log";
  for (const char* script : {"echo one", "echo two >&2"}) {
    Command command = shell(script);
    command.output_file = log;
    EXPECT_TRUE(Child::start(command).wait(kLong)->ok());
  }
  EXPECT_EQ(read_file(log), "one\ntwo\n");
  EXPECT_EQ(std::filesystem::status(log).permissions(), std::filesystem::perms(0600));
}

TEST(Child, AtTheEndOfItsObject_IsKilledAndReaped) {
  pid_t pid = 0;
  {
    const Child child = Child::start({.argv = {"sleep", "1000"}});
    pid = child.pid();
  }
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1);
}

TEST(Child, MovedFrom_LeavesTheProcessToTheOther) {
  Child first = Child::start(shell("exit 7"));
  Child second = std::move(first);
  EXPECT_EQ(first.pid(), -1);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.wait(kLong)->status, 7);
}

TEST(Child, Detached_LivesOn) {
  pid_t pid = 0;
  {
    Child child = Child::start({.argv = {"sleep", "1000"}, .daemon = true});
    pid = child.pid();
    child.detach();
  }
  EXPECT_TRUE(is_running(pid, "sleep"));
  EXPECT_EQ(getsid(pid), pid);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

TEST(Child, Group_IsKilledAsAWhole) {
  Witness witness;
  {
    Command command = shell("sleep 1000 & printf x " + witness.redirect() + "; wait");
    command.group = true;
    const Child child = Child::start(command);
    witness.wait_for_byte();
  }
  EXPECT_EQ(witness.wait(), "");  // ends once the sleeping grandchild is gone too
}

TEST(Child, WhenThisProcessDies_DiesWithIt) {
  Witness witness;
  const pid_t parent = fork();
  if (parent == 0) {
    Child child = Child::start({.argv = {"sleep", "1000"}});
    _exit(0);  // no destructor runs, as after a crash
  }
  waitpid(parent, nullptr, 0);
  EXPECT_EQ(witness.wait(), "");
}

TEST(ReplaceBy, MissingProgram_IsAUsageError) {
  const core::Error error = error_of([] { replace_by({"no-such-program"}, {}); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("\"no-such-program\""));
}

TEST(ReplaceBy, Program_TakesThePlaceOfTheProcess) {
  EXPECT_EXIT(replace_by({"sh", "-c", "exit $CODE"}, {{"CODE", "9"}}), testing::ExitedWithCode(9),
              "");
}

TEST(FindProgram, LooksInPathFirstAndElsewhereThen) {
  const test::TemporaryDirectory directory;
  for (const char* name : {"first/tool", "second/tool", "more/tool", "more/other"}) {
    chmod(directory.write(name, "#!/bin/sh\n").c_str(), 0755);
  }
  directory.write("first/plain", "not to be run");
  std::filesystem::create_directory(directory.path() + "/first/other");
  const std::string root = directory.path() + "/";
  const test::Variable path("PATH", root + "first:" + root + "second");
  EXPECT_EQ(find_program("tool", {root + "more"}), root + "first/tool");
  EXPECT_EQ(find_program("other", {root + "more"}), root + "more/other");
  EXPECT_EQ(find_program("plain"), "");
  EXPECT_EQ(find_program(root + "second/tool"), root + "second/tool");
  EXPECT_EQ(find_program(root + "first/plain"), "");
}

TEST(IsRunning, NeedsTheProcessAndItsMark) {
  Child child = Child::start({.argv = {"sleep", "1000"}});
  EXPECT_TRUE(is_running(child.pid(), "1000"));
  EXPECT_FALSE(is_running(child.pid(), "postgres"));
  EXPECT_FALSE(is_running(0, ""));
  EXPECT_FALSE(is_running(-1, ""));
}

TEST(IsRunning, OfAZombie_IsFalse) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_running(pid, ""));
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace scalectl::process
