// The loop of tick every in a world of the test's own: time passes when the loop waits, or a run
// says so, and never otherwise.
#include "tick/every.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <deque>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "support/recorder.hpp"
#include "support/thrown.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::Seconds;
using core::Verdict;
using test::error_of;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Windows of 10 s; the clock stands at 1003 s, in the midst of window 100.
struct TickEvery : testing::Test {
  EveryOptions options{.name = "stamina", .every = Seconds(10), .duration = Seconds(50)};
  double now = 1003;
  double passed = 0;          // monotonic: what sets the clock does not move it
  std::vector<double> began;  // database time of each run
  std::deque<std::function<core::Result()>>
      what_runs;  // the next runs; the rest work 7 rows in 1 s
  bool stopped = false;
  std::function<void()> on_clock = [] {};
  std::function<void()> on_connect = [] {};
  int connects = 0;
  std::vector<std::string> told;
  test::Recorder recorder;

  void pass(double seconds) {
    now += seconds;
    passed += seconds;
  }
  static core::Result worked(std::int64_t rows, double elapsed_s) {
    core::Result result{.command = "tick run"};
    result.elapsed_s = elapsed_s;
    result.metrics = core::Object{{"rows", rows}, {"slot_state", "worked"}};
    return result;
  }
  /// A run that takes `seconds`.
  auto taking(double seconds) {
    return [this, seconds] {
      pass(seconds);
      return worked(7, seconds);
    };
  }
  static auto in_state(const char* state) {
    return [state] {
      core::Result result{.command = "tick run"};
      result.metrics = core::Object{{"rows", 0}, {"slot_state", state}};
      return result;
    };
  }
  static auto failing(ErrorKind kind) {
    return [kind]() -> core::Result { throw Error(kind, "it broke"); };
  }

  core::Result run() {
    const EveryPort port{.database_now =
                             [this] {
                               on_clock();
                               return now;
                             },
                         .connect =
                             [this] {
                               ++connects;
                               on_connect();
                             },
                         .run_once =
                             [this] {
                               began.push_back(now);
                               if (what_runs.empty()) return taking(1)();
                               const auto next = what_runs.front();
                               what_runs.pop_front();
                               return next();
                             },
                         .wait =
                             [this](Seconds length) {
                               pass(length.count());
                               return !stopped;
                             },
                         .elapsed = [this] { return Seconds(passed); },
                         .after_run = [this](const core::Result&,
                                             const std::string& line) { told.push_back(line); }};
    return run_every(options, port, recorder).result;
  }
  static std::string metric(const core::Result& result, const std::string& key) {
    return core::to_json(*result.metrics.find(key));
  }
};

TEST_F(TickEvery, Last_WorksTheWindowUnderWayAndThenEachBoundary) {
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1003, 1010, 1020, 1030, 1040, 1050));
  EXPECT_EQ(passed, 50);
  EXPECT_EQ(result.command, "tick every");
  EXPECT_EQ(result.name, "stamina");
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_EQ(metric(result, "runs"), "6");
  EXPECT_EQ(metric(result, "worked"), "6");
  EXPECT_EQ(metric(result, "rows"), "42");
  EXPECT_EQ(metric(result, "windows_missed"), "0");
  EXPECT_THAT(recorder.lines, IsEmpty());
  EXPECT_EQ(told.back(),
            "6 runs: 6 worked, 0 already done, 0 held, 0 failed; last: 7 rows in 1.00 s");
}

TEST_F(TickEvery, None_WaitsForTheNextBoundary) {
  options.missed = Missed::kDropped;
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1010, 1020, 1030, 1040, 1050));
  EXPECT_EQ(metric(result, "windows_missed"), "0");
}

TEST_F(TickEvery, States_AreCountedApart) {
  what_runs = {in_state("already_done"), in_state("held"), in_state("resumed")};
  const core::Result result = run();
  EXPECT_EQ(metric(result, "runs"), "6");
  EXPECT_EQ(metric(result, "already_done"), "1");
  EXPECT_EQ(metric(result, "held"), "1");
  EXPECT_EQ(metric(result, "worked"), "4");
  EXPECT_THAT(told, Contains(HasSubstr("last: held by another")));
  EXPECT_EQ(result.verdict, Verdict::kPass);
}

TEST_F(TickEvery, Percentiles_AreThoseOfTheRunsThatWorked) {
  what_runs = {in_state("held"), taking(2), taking(3), taking(1), taking(1), taking(1)};
  const core::Result result = run();
  EXPECT_EQ(metric(result, "worked"), "5");
  EXPECT_NEAR(result.metrics.find("elapsed_p50_s")->number(), 1, 0.001);
  EXPECT_NEAR(result.metrics.find("elapsed_p95_s")->number(), 3, 0.002);
  EXPECT_NEAR(result.metrics.find("elapsed_max_s")->number(), 3, 0.002);
  stopped = true;
  EXPECT_EQ(metric(run(), "elapsed_p50_s"), "null");
}

TEST_F(TickEvery, Overrun_IsCountedWithTheWindowsItSkipped) {
  what_runs = {taking(25)};  // from window 100 into 102
  const core::Result last = run();
  EXPECT_THAT(began, ElementsAre(1003, 1028, 1030, 1040, 1050));
  EXPECT_EQ(metric(last, "overruns"), "1");
  EXPECT_EQ(metric(last, "windows_missed"), "1");
  EXPECT_EQ(last.verdict, Verdict::kWarn);
  EXPECT_THAT(recorder.lines,
              ElementsAre("WARNING - the run took 25s, longer than its window of 10s",
                          "WARNING - 1 window went by unworked"));
}

TEST_F(TickEvery, OverrunWithNone_WaitsForABoundary) {
  options.missed = Missed::kDropped;
  what_runs = {taking(25)};  // from 1010, in window 101, into 103
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1010, 1040, 1050));
  EXPECT_EQ(metric(result, "windows_missed"), "2");
  EXPECT_EQ(metric(result, "overruns"), "1");
}

TEST_F(TickEvery, OverrunWithAll_LeavesTheMissedOnesToTheRun) {
  options.missed = Missed::kAll;
  what_runs = {taking(25)};
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1003, 1028, 1030, 1040, 1050));
  EXPECT_EQ(metric(result, "windows_missed"), "0");
}

TEST_F(TickEvery, RunThatEndsPastItsBoundaryButIsShort_IsNoOverrun) {
  what_runs = {taking(9)};  // 1003 to 1012
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1003, 1012, 1020, 1030, 1040, 1050));
  EXPECT_EQ(metric(result, "overruns"), "0");
  EXPECT_EQ(metric(result, "windows_missed"), "0");
}

TEST_F(TickEvery, Jitter_IsWithinItsBoundAndTheSameForASeed) {
  options.jitter = Seconds(4);
  run();
  ASSERT_GE(began.size(), 5u);
  double sum = 0;
  for (std::size_t i = 1; i < began.size(); ++i) {
    const double late = began[i] - 10 * std::floor(began[i] / 10);
    EXPECT_LT(late, 4.001);
    sum += late;
  }
  EXPECT_GT(sum, 0.1);
  EXPECT_EQ(jitter_of(options, 7), jitter_of(options, 7));
  EveryOptions other = options;
  other.seed = 43;
  EXPECT_NE(jitter_of(options, 7), jitter_of(other, 7));
  double low = 4;
  double high = 0;
  for (int window = 0; window < 1000; ++window) {
    low = std::min(low, jitter_of(options, window));
    high = std::max(high, jitter_of(options, window));
  }
  EXPECT_GE(low, 0);
  EXPECT_LT(low, 0.1);
  EXPECT_GT(high, 3.9);
  EXPECT_LT(high, 4);
}

TEST_F(TickEvery, Stop_EndsItAfterTheRunUnderWay) {
  what_runs = {[this] {
    stopped = true;
    return taking(1)();
  }};
  const core::Result result = run();
  EXPECT_EQ(began.size(), 1u);
  EXPECT_EQ(metric(result, "worked"), "1");
  EXPECT_EQ(result.verdict, Verdict::kPass);
  EXPECT_FALSE(result.interrupted);
}

TEST_F(TickEvery, StopWhileARunWaitsForItsTurn_IsNoFailure) {
  what_runs = {failing(ErrorKind::kInterrupted)};
  const core::Result result = run();
  EXPECT_EQ(metric(result, "runs"), "0");
  EXPECT_EQ(metric(result, "failed"), "0");
  EXPECT_EQ(result.verdict, Verdict::kPass);
}

TEST_F(TickEvery, RunThatFails_IsTriedAgainInItsWindow) {
  what_runs = {failing(ErrorKind::kBusy), failing(ErrorKind::kFailed)};
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1003, 1004, 1006, 1010, 1020, 1030, 1040, 1050));
  EXPECT_EQ(metric(result, "failed"), "2");
  EXPECT_EQ(metric(result, "worked"), "6");
  EXPECT_EQ(connects, 0);
  EXPECT_EQ(result.verdict, Verdict::kWarn);
  EXPECT_THAT(recorder.lines, ElementsAre("ERROR - it broke", "ERROR - it broke"));
}

TEST_F(TickEvery, RunsThatAllFail_AreAFailure) {
  what_runs.assign(100, failing(ErrorKind::kFailed));
  const core::Result result = run();
  EXPECT_EQ(metric(result, "worked"), "0");
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_THAT(result.notes, ElementsAre("no run worked: it broke"));
}

TEST_F(TickEvery, LastRunThatFails_IsAFailure) {
  what_runs.assign(100, failing(ErrorKind::kUsage));
  what_runs.push_front(taking(1));
  const core::Result result = run();
  EXPECT_EQ(metric(result, "worked"), "1");
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_THAT(result.notes, ElementsAre("the last run failed: it broke"));
}

TEST_F(TickEvery, RunThatFailsBesideAnotherDaemonThatWorks_IsAWarning) {
  what_runs.assign(100, in_state("already_done"));
  what_runs.push_front(failing(ErrorKind::kBusy));
  EXPECT_EQ(run().verdict, Verdict::kWarn);
}

TEST_F(TickEvery, WindowInTheWay_IsAWarningWithItsNote) {
  what_runs.assign(100, [] {
    core::Result result = in_state("already_done")();
    result.verdict = Verdict::kWarn;
    result.notes = {"in the way"};
    return result;
  });
  const core::Result result = run();
  EXPECT_EQ(result.verdict, Verdict::kWarn);
  EXPECT_THAT(result.notes, ElementsAre("in the way"));
}

TEST_F(TickEvery, UsageError_WaitsForTheNextWindow) {
  what_runs = {failing(ErrorKind::kUsage)};
  run();
  EXPECT_THAT(began, ElementsAre(1003, 1010, 1020, 1030, 1040, 1050));
}

TEST_F(TickEvery, LostServer_IsConnectedToAgainWithGrowingPauses) {
  what_runs = {failing(ErrorKind::kConnection)};
  std::vector<double> tried;
  on_connect = [&] {
    tried.push_back(now);
    if (tried.size() < 5) throw Error(ErrorKind::kConnection, "no server");
  };
  const core::Result result = run();
  EXPECT_THAT(tried, ElementsAre(1004, 1006, 1010, 1018, 1028));
  EXPECT_THAT(began, ElementsAre(1003, 1028, 1030, 1040, 1050));
  EXPECT_EQ(metric(result, "failed"), "1");
  EXPECT_EQ(metric(result, "reconnects"), "1");
  EXPECT_EQ(metric(result, "windows_missed"), "2");  // 100 failed; 101 found no server
  EXPECT_THAT(recorder.lines, Contains("INFO - Connected again"));
}

TEST_F(TickEvery, ServerLostBetweenRuns_IsNoFailedRun) {
  int looks = 0;
  on_clock = [&] {
    if (++looks == 3) throw Error(ErrorKind::kConnection, "gone");
  };
  const core::Result result = run();
  EXPECT_EQ(connects, 1);
  EXPECT_EQ(metric(result, "failed"), "0");
  EXPECT_EQ(metric(result, "worked"), "6");
}

TEST_F(TickEvery, ServerLostUntilTheEnd_IsAWarningAndItsWindowsAreMissed) {
  int looks = 0;
  on_clock = [&] {
    if (++looks >= 3) throw Error(ErrorKind::kConnection, "gone");
  };
  on_connect = [] { throw Error(ErrorKind::kConnection, "no server"); };
  const core::Result result = run();  // from 1003 to 1053; window 100 is worked
  EXPECT_EQ(result.verdict, Verdict::kWarn);
  EXPECT_EQ(metric(result, "worked"), "1");
  EXPECT_EQ(metric(result, "failed"), "0");
  EXPECT_EQ(metric(result, "windows_missed"), "5");
  EXPECT_GT(result.metrics.find("unreachable")->number(), 1);
  EXPECT_THAT(result.notes, ElementsAre("the server was not to be reached at the end: no server"));
}

TEST_F(TickEvery, MaxFailures_InARowEndIt) {
  options.max_failures = 3;
  what_runs = {
      failing(ErrorKind::kFailed), failing(ErrorKind::kFailed), taking(1),
      failing(ErrorKind::kFailed), failing(ErrorKind::kFailed), failing(ErrorKind::kFailed)};
  const core::Result result = run();
  EXPECT_EQ(began.size(), 6u);
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_THAT(result.notes, ElementsAre("gave up after 3 failures in a row: it broke"));
  EXPECT_EQ(metric(result, "runs"), "6");
  EXPECT_EQ(metric(result, "failed"), "5");
}

TEST_F(TickEvery, MaxFailures_CountAttemptsToConnectToo) {
  options.max_failures = 4;
  what_runs = {failing(ErrorKind::kConnection)};
  on_connect = [] { throw Error(ErrorKind::kConnection, "no server"); };
  const core::Result result = run();
  EXPECT_EQ(connects, 3);
  EXPECT_THAT(result.notes, ElementsAre("gave up after 4 failures in a row: no server"));
}

TEST_F(TickEvery, ClockSetBackAnHour_WorksNoWindowTwice) {
  options.every = Seconds(1800);
  options.duration = Seconds(8000);
  now = 3600 * 100 + 60;
  what_runs = {[this] {
    pass(1);
    now -= 3600;
    return worked(7, 1);
  }};
  run();
  // The next one is the boundary that follows by the clock's own count.
  EXPECT_THAT(began, ElementsAre(360060, 361800, 363600));
  EXPECT_THAT(recorder.lines,
              ElementsAre("WARNING - the database's clock went back by 59m59s; no window is worked "
                          "again"));
}

TEST_F(TickEvery, ClockSetForward_MissesWindowsOnce) {
  options.every = Seconds(100);
  options.duration = Seconds(450);
  now = 1000;
  int looks = 0;
  on_clock = [&] {
    if (++looks == 3) now += 1000;  // 60 s into the wait for 1100
  };
  const core::Result result = run();
  EXPECT_THAT(began, ElementsAre(1000, 2061, 2100, 2200, 2300, 2400));
  EXPECT_EQ(metric(result, "windows_missed"), "9");
}

TEST_F(TickEvery, RunsOverTheirThreshold_AreAWarning) {
  what_runs = {[this] {
    core::Result result = taking(1)();
    result.verdict = Verdict::kWarn;
    return result;
  }};
  EXPECT_EQ(run().verdict, Verdict::kWarn);
  what_runs = {[this] {
    core::Result result = taking(1)();
    result.verdict = Verdict::kFail;
    return result;
  }};
  passed = 0;
  const core::Result strict = run();
  EXPECT_EQ(strict.verdict, Verdict::kFail);
  EXPECT_EQ(metric(strict, "slow"), "1");
}

TEST(CheckEvery, OptionsThatMakeNoSense_AreRefused) {
  const std::vector<std::pair<EveryOptions, std::string>> cases{
      {{.every = Seconds(0)}, "--every 0s is too short"},
      {{.every = Seconds(5), .jitter = Seconds(6)}, "--jitter 6s is longer than the window of 5s"},
      {{.duration = Seconds(0)}, "--for must be more than zero"},
      {{.max_failures = 0}, "--max-failures 0 is not possible"}};
  for (const auto& [options, message] : cases) {
    const Error error = error_of([&, given = options] { check(given); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.message(), message);
  }
  check(EveryOptions{.every = Seconds(5), .jitter = Seconds(5)});
}

}  // namespace
}  // namespace scalectl::tick
