// scalectl load http as its user runs it: verdicts, exit codes, formats, signals, limits.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "core/histogram.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "support/e2e.hpp"
#include "support/load_result.hpp"
#include "support/running.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Reply quick(const Asked&) { return {.bytes = answer(200)}; }

std::vector<std::string> http(const std::string& url, std::vector<std::string> more) {
  more.insert(more.begin(), {"load", "http", url});
  return more;
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string notes_of(const core::Value& result) { return core::to_json(at(result, "notes")); }

// --- Verdicts ---

TEST(LoadVerdict, Met_IsExit0) {
  ScriptedServer server(quick);
  const Outcome outcome = scalectl(
      http(server.url(), {"-c", "4", "-n", "100", "--threshold", "response.p99<20s", "--threshold",
                          "error_rate==0", "--threshold", "requests==100", "--format", "json"}));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = load_result(outcome);
  EXPECT_EQ(text_at(result, "verdict"), "pass");
  EXPECT_EQ(at(result, "checks").if_array()->size(), 3);
  EXPECT_EQ(server.requests(), 100);
  EXPECT_EQ(integer_at(result, "params.connections"), 4);
  EXPECT_EQ(text_at(result, "data.model"), "closed");
}

TEST(LoadVerdict, MissedThreshold_IsExit1AndNamed) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200), .delay = 30ms}; });
  const Outcome outcome = scalectl(http(server.url(), {"-c", "2", "-n", "6", "--threshold",
                                                       "response.p50<30ms", "--format", "json"}));
  EXPECT_EQ(outcome.code, 1);
  const core::Value result = load_result(outcome);
  EXPECT_EQ(text_at(result, "verdict"), "fail");
  EXPECT_EQ(text_at(result, "checks.0.name"), "response.p50<30ms");
  EXPECT_EQ(*at(result, "checks.0.passed").if_bool(), false);
}

TEST(LoadVerdict, WithoutData_IsMissed) {
  ScriptedServer server([](const Asked&) { return Reply{.after = After::kClose}; });
  for (const char* threshold : {"response.p99<1m", "tls.max<1m", "first_byte.mean>=0"}) {
    const Outcome outcome = scalectl(
        http(server.url(), {"-c", "1", "-n", "1", "--threshold", threshold, "--format", "json"}));
    EXPECT_EQ(outcome.code, 1);
    const core::Value result = load_result(outcome);
    EXPECT_EQ(text_at(result, "checks.0.observed"), "no data") << threshold;
    EXPECT_EQ(*at(result, "checks.0.passed").if_bool(), false);
  }
}

TEST(LoadVerdict, SomeErrors_AreAWarning) {
  ScriptedServer server(
      [](const Asked& asked) { return Reply{.bytes = answer(asked.number == 3 ? 404 : 200)}; });
  const Outcome outcome = scalectl(http(server.url(), {"-c", "1", "-n", "10", "--format", "json"}));
  EXPECT_EQ(outcome.code, 0);
  const core::Value result = load_result(outcome);
  EXPECT_EQ(text_at(result, "verdict"), "warn");
  EXPECT_EQ(integer_at(result, "metrics.statuses.404"), 1);
  EXPECT_EQ(request_count(result, "http_error"), 1);
}

TEST(LoadVerdict, NothingButErrors_Fails) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(500)}; });
  EXPECT_EQ(scalectl(http(server.url(), {"-c", "1", "-n", "5"})).code, 1);
}

TEST(LoadVerdict, AbortOnFail_EndsTheRun) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(500)}; });
  const Outcome outcome =
      scalectl(http(server.url(), {"-R", "50", "-d", "1h", "--threshold", "error_rate<1%",
                                   "--abort-on-fail", "--format", "json"}));
  EXPECT_EQ(outcome.code, 1);
  const core::Value result = load_result(outcome);
  EXPECT_THAT(notes_of(result), HasSubstr("stopped early: error_rate<1%"));
  EXPECT_EQ(request_count(result, "sent"), static_cast<std::int64_t>(server.requests()));
}

TEST(LoadVerdict, AbortOnFail_WaitsForItsDelay) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(500)}; });
  const Outcome outcome =
      scalectl(http(server.url(), {"-R", "50", "-d", "1500ms", "--threshold", "error_rate<1%",
                                   "--abort-on-fail", "--delay", "1h", "--format", "json"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(request_count(load_result(outcome), "sent"), 75);
}

// --- Formats ---

class LoadFormat : public testing::Test {
 protected:
  std::string shown(const std::string& format, int code = 1) {
    const Outcome outcome = scalectl(
        http(server_.url("/health"), {"-R", "100/s", "-n", "20", "--threshold", "missed==0",
                                      "--threshold", "response.p99<1us", "--format", format}));
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return outcome.out;
  }
  ScriptedServer server_{quick};
};

TEST_F(LoadFormat, Text_FitsAScreenAndHasBothPercentilesSideBySide) {
  const std::string text = shown("text");
  EXPECT_THAT(text,
              AllOf(HasSubstr("missed==0"), ContainsRegex("latency +response +service +send lag"),
                    ContainsRegex("p99\\.9 "), HasSubstr("FAIL  response.p99<"),
                    HasSubstr("pass  missed==0")));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 50);
  for (const std::string& line : core::split(text, '\n')) EXPECT_LE(line.size(), 200) << line;
}

TEST_F(LoadFormat, Json_HasASeriesWhoseSecondsAddUp) {
  const core::Value result = json(shown("json"));
  EXPECT_THAT(violations(result), testing::IsEmpty());
  std::int64_t sent = 0;
  for (const core::Value& row : *at(result, "data.series").if_array())
    sent += integer_at(row, "sent");
  EXPECT_EQ(sent, 20);
  EXPECT_EQ(text_at(result, "params.rate"), "100/s");
}

TEST_F(LoadFormat, JUnit_HasACaseForEachThreshold) {
  const std::string xml = shown("junit");
  EXPECT_THAT(xml, AllOf(HasSubstr("tests=\"3\""), HasSubstr("name=\"missed==0\""),
                         HasSubstr("response.p99&lt;1us"), HasSubstr("<failure")));
}

TEST_F(LoadFormat, Csv_HasOneHeadAndTheCounts) {
  const std::string csv = shown("csv");
  EXPECT_THAT(csv, AllOf(HasSubstr("requests.sent"), HasSubstr("latency_ms.response.p99")));
}

TEST_F(LoadFormat, Markdown_HasTheThresholds) {
  EXPECT_THAT(shown("md"), AllOf(HasSubstr("| missed==0 | 0 | pass |"), HasSubstr("FAIL")));
}

TEST_F(LoadFormat, Prometheus_HasOneSampleForEachNumber) {
  const std::string text = shown("prom");
  EXPECT_THAT(text, ContainsRegex("requests_sent\\{[^}]*\\} 20\n"));
  EXPECT_THAT(text, ContainsRegex("latency_ms_response_p99\\{"));
}

// --- Samples ---

TEST(LoadSamples, AreReadableByUsAlone_AndAreWhatTheHistogramHolds) {
  ScriptedServer server(quick);
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/samples";
  const core::Value result = load_result(scalectl(
      http(server.url(), {"-R", "200", "-d", "1s", "--samples", file, "--format", "json"})));
  struct stat status {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  core::Histogram response;
  for (const core::Value& line : json_lines(content_of(file))) {
    response.record(std::llround(at(line, "response_ms").number() * 1e6));
  }
  EXPECT_EQ(response.count(), 200);
  EXPECT_TRUE(core::Histogram::from_value(at(result, "data.histograms.response")) == response);
}

TEST(LoadSamples, WhereTheyCannotBeWritten_IsNoRun) {
  ScriptedServer server(quick);
  const Outcome outcome = scalectl(http(server.url(), {"-n", "5", "--samples", "/does/not/exist"}));
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("/does/not/exist"));
  EXPECT_EQ(server.requests(), 0);
}

// --- Signals ---

TEST(LoadSignal, FirstInterrupt_DrainsAndPrintsAPartialResult) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200), .delay = 20ms}; });
  Running running(http(server.url(), {"-R", "100", "-d", "1h", "--format", "json"}));
  ASSERT_TRUE(eventually([&] { return server.requests() >= 30; }));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130);
  const core::Value result = load_result(outcome);
  EXPECT_EQ(request_count(result, "sent"), static_cast<std::int64_t>(server.requests()));
  EXPECT_EQ(request_count(result, "ok"), request_count(result, "sent")) << "drained";
  EXPECT_THAT(notes_of(result), HasSubstr("interrupted"));
}

TEST(LoadSignal, SecondInterrupt_LeavesAtOnce) {
  ScriptedServer server([](const Asked&) { return Reply{}; });
  Running running(http(server.url(), {"-c", "2", "-d", "1h", "--timeout", "1h", "--drain", "1h"}));
  ASSERT_TRUE(eventually([&] { return server.requests() >= 2; }));
  running.signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return !running.has_pending(SIGINT); }));
  std::this_thread::sleep_for(300ms);  // sooner, it counts as the same one
  running.signal(SIGINT);
  EXPECT_EQ(running.wait(30s).code, 130) << "it would have waited for an hour";
}

TEST(LoadSignal, InterruptBeforeTheStart_SendsNothing) {
  ScriptedServer server(quick);
  Running running(http(server.url(), {"-R", "100", "-d", "1s", "--start-at", "2100-01-01T00:00:00Z",
                                      "--format", "json"}));
  ASSERT_TRUE(eventually([&] { return server.connections() >= 11; }))
      << "ten, and the one that looks";
  running.signal(SIGINT);
  EXPECT_EQ(running.wait().code, 130);
  EXPECT_EQ(server.requests(), 0);
}

// Stopped for 1.1 s: what was planned meanwhile is sent late, and the Result says whose fault it
// is.
TEST(LoadSignal, GeneratorThatIsStopped_ShowsInSendLag) {
  ScriptedServer server(quick);
  Running running(http(server.url(), {"-R", "200", "-d", "2s", "--format", "json"}));
  ASSERT_TRUE(eventually([&] { return server.requests() >= 50; }));
  running.signal(SIGSTOP);
  std::this_thread::sleep_for(1'100ms);
  running.signal(SIGCONT);
  const core::Value result = load_result(running.wait());
  EXPECT_EQ(request_count(result, "ok"), 400);
  EXPECT_EQ(server.requests(), 400);
  EXPECT_GE(at(result, "metrics.latency_ms.send_lag.max").number(), 900);
  EXPECT_GE(at(result, "metrics.latency_ms.response.max").number(), 900);
  // The longest lags of 220 arrivals of 400: half of the run's.
  EXPECT_GE(at(result, "metrics.latency_ms.response.p90").number(), 700);
  EXPECT_LT(at(result, "metrics.latency_ms.service.p50").number(), 100);
  EXPECT_TRUE(*at(result, "metrics.generator.stalled").if_bool());
  EXPECT_TRUE(*at(result, "metrics.generator.saturated").if_bool());
  EXPECT_THAT(notes_of(result), HasSubstr("generator stalled"));
}

// --- Limits of this machine ---

TEST(LoadLimits, TooFewDescriptors_AreWarnedOfAndFailAsLocal) {
  ScriptedServer server(quick);
  const Outcome outcome =
      run({"/bin/sh", "-c", "ulimit -n 50 && exec \"$0\" \"$@\"", binary(), "load", "http",
           server.url(), "-c", "100", "-d", "500ms", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("WARNING - 100 connections"),
                                 HasSubstr("50 open descriptors"), HasSubstr("ulimit")));
  const core::Value result = load_result(outcome);
  EXPECT_EQ(text_at(result, "verdict"), "warn");
  EXPECT_GT(integer_at(result, "metrics.failures.local"), 0);
  EXPECT_EQ(request_count(result, "ok"), static_cast<std::int64_t>(server.requests()));
  EXPECT_EQ(request_count(result, "transport_error"), integer_at(result, "metrics.failures.local"));
}

TEST(LoadLimits, LowSoftLimit_IsRaised) {
  ScriptedServer server(quick);
  const Outcome outcome =
      run({"/bin/sh", "-c", "ulimit -Sn 50 && exec \"$0\" \"$@\"", binary(), "load", "http",
           server.url(), "-c", "100", "-n", "300", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(request_count(load_result(outcome), "ok"), 300);
}

TEST(LoadLimits, SourceThatIsNotOurs_IsLocal) {
  ScriptedServer server(quick);
  const Outcome outcome = scalectl(http(server.url(), {"-n", "1", "--source", "192.0.2.1"}));
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, HasSubstr(" local: bind to --source: "));
}

// --- Shown while it runs ---

TEST(LoadProgress, OnATerminal_IsAPanelAndThenTheResult) {
  ScriptedServer server(quick);
  const Outcome outcome = scalectl_on_terminal(http(server.url(), {"-R", "100", "-d", "2500ms"}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, AllOf(ContainsRegex("load \\[=+ +\\] +[0-9]+ %"), HasSubstr("in flight"),
                                 HasSubstr("p99")));
}

TEST(LoadProgress, Quiet_SaysNothingOfAPass) {
  ScriptedServer server(quick);
  const Outcome outcome = scalectl(http(server.url(), {"-n", "5", "-c", "1", "--quiet"}));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
}

}  // namespace
}  // namespace scalectl::test
