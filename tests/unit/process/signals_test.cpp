#include "process/signals.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <semaphore>

namespace scalectl::process {
namespace {

/// Sends `number` to this process and waits until the stop was asked for.
void send_and_wait(const Signals& signals, int number) {
  std::binary_semaphore asked(0);
  const std::stop_callback callback(signals.token(), [&] { asked.release(); });
  kill(getpid(), number);
  ASSERT_TRUE(asked.try_acquire_for(std::chrono::seconds(30)));
}

TEST(Signals, WithoutAny_NothingIsAsked) {
  const Signals signals;
  EXPECT_FALSE(signals.token().stop_requested());
  EXPECT_EQ(signals.received(), 0);
}

TEST(Signals, FirstInterrupt_AsksForAStop) {
  const Signals signals;
  send_and_wait(signals, SIGINT);
  EXPECT_EQ(signals.received(), SIGINT);
  EXPECT_EQ(signals.kind(), core::ErrorKind::kInterrupted);
}

TEST(Signals, FirstTerm_AsksForAStop) {
  const Signals signals;
  send_and_wait(signals, SIGTERM);
  EXPECT_EQ(signals.received(), SIGTERM);
  EXPECT_EQ(signals.kind(), core::ErrorKind::kTerminated);
}

TEST(Signals, BrokenPipe_IsIgnored) {
  const Signals signals;
  EXPECT_EQ(raise(SIGPIPE), 0);
  EXPECT_EQ(std::signal(SIGPIPE, SIG_IGN), SIG_IGN);
}

TEST(Signals, SecondOne_EndsTheProcess) {
  EXPECT_EXIT(
      {
        const Signals signals;
        send_and_wait(signals, SIGINT);
        kill(getpid(), SIGTERM);
        pause();
      },
      testing::ExitedWithCode(143), "");
}

TEST(Signals, SameOneWithinAMoment_IsTheFirstAgain) {
  EXPECT_EXIT(
      {
        {
          const Signals signals;
          send_and_wait(signals, SIGINT);
          kill(getpid(), SIGINT);
          sigset_t pending;
          do {  // until the receiving thread has taken it
            sigpending(&pending);
          } while (sigismember(&pending, SIGINT) != 0);
        }  // it has acted on it, if it would
        _exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Signals, FirstOneWhileExitAtOnceLives_EndsTheProcess) {
  EXPECT_EXIT(
      {
        Signals signals;
        const Signals::ExitAtOnce at_once(signals);
        kill(getpid(), SIGINT);
        pause();
      },
      testing::ExitedWithCode(130), "");
}

TEST(Signals, AfterExitAtOnce_TheFirstOneAsksAgain) {
  Signals signals;
  { const Signals::ExitAtOnce at_once(signals); }
  send_and_wait(signals, SIGINT);
  EXPECT_TRUE(signals.token().stop_requested());
}

}  // namespace
}  // namespace scalectl::process
