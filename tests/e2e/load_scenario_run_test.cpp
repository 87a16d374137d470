// load run through the binary: what it prints, and how it ends.
#include <gmock/gmock.h>
#include <signal.h>

#include "process/files.hpp"
#include "support/command.hpp"
#include "support/json.hpp"
#include "support/raw_client.hpp"
#include "support/running.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A scenario of one population in a file.
class File {
 public:
  explicit File(const std::string& population, const std::string& more = "")
      : path_(directory_.path() + "/test.json") {
    process::write_file(path_, R"({"summary": "test", )" + more +
                                   R"("populations": [{"name": "p", )" + population + "}]}");
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryDirectory directory_;
  std::string path_;
};

std::string target(BackgroundServer& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

TEST(LoadRun, ThatShips_PassesAgainstServe) {
  BackgroundServer server({});
  const Outcome outcome =
      scalectl({"load", "run", "smoke", "--target", target(server), "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
  const core::Value result = json(outcome.out);
  EXPECT_EQ(text_at(result, "command"), "load run");
  EXPECT_EQ(text_at(result, "name"), "smoke");
  EXPECT_EQ(text_at(result, "verdict"), "pass");
  EXPECT_EQ(at(result, "metrics.iterations.ok").number(),
            at(result, "metrics.iterations.scheduled").number());
}

TEST(LoadRun, AMissedThreshold_IsExit1) {
  BackgroundServer server({});
  const File file(
      R"("load": {"users": 2, "iterations": 2}, "flow": [{"http": "GET /delay/20"}])",
      R"("thresholds": [{"threshold": "response.max<10ms", "step": "GET /delay/20"}], )");
  const Outcome outcome = scalectl({"load", "run", file.path(), "--target", target(server)});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("FAIL  GET /delay/20: response.max<10ms"));
  EXPECT_EQ(scalectl({"load", "run", file.path(), "--target", target(server), "--threshold",
                      "iterations==4", "--set", "x=1"})
                .code,
            2)
      << "there is no variable x";
}

TEST(LoadRun, AFailedCheck_IsAWarningAndAThresholdOnItFails) {
  BackgroundServer server({});
  const File file(R"("load": {"users": 1, "iterations": 3}, "flow": [{"http": {"url": "/api/health",
      "extract": {"a": {"pointer": "/nothing/here"}}, "check": ["${status} == 201"]}}])");
  const Outcome outcome = scalectl({"load", "run", file.path(), "--target", target(server)});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("load run test: warn"), HasSubstr("a is found"),
                                 HasSubstr("${status} == 201")));
  EXPECT_EQ(scalectl({"load", "run", file.path(), "--target", target(server), "--threshold",
                      "failed_checks==0"})
                .code,
            1);
}

TEST(LoadRun, NoServer_IsExit3) {
  const File file(R"("load": {"users": 1, "iterations": 1}, "flow": [{"http": "GET /"}])");
  const Outcome outcome = scalectl({"load", "run", file.path(), "--target", "http://127.0.0.1:1"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("cannot reach http://127.0.0.1:1/"));
}

TEST(LoadRun, AFailedSetup_IsExit5) {
  BackgroundServer server({});
  const File file(R"("load": {"users": 1, "iterations": 1}, "flow": [{"http": "GET /"}])",
                  R"("setup": [{"http": "GET /status/503"}], )");
  const Outcome outcome = scalectl({"load", "run", file.path(), "--target", target(server)});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("setup: GET /status/503: status 503"));
}

TEST(LoadRun, Slips_AreUsage) {
  EXPECT_THAT(scalectl({"load", "run", "smok"}).err, HasSubstr("did you mean \"smoke\"?"));
  EXPECT_EQ(scalectl({"load", "run", "smok"}).code, 2);
  EXPECT_EQ(scalectl({"load", "run", "./no/such.json"}).code, 2);
  EXPECT_EQ(scalectl({"load", "run", "smoke", "--threads", "0"}).code, 2);
  EXPECT_EQ(scalectl({"load", "run", "smoke", "--shard", "2/2"}).code, 2);
  EXPECT_EQ(scalectl({"load", "run", "smoke", "--set", "room"}).code, 2);
  EXPECT_EQ(scalectl({"load", "run", "smoke", "--target", "gopher://x"}).code, 2);
}

TEST(LoadRun, Interrupted_WritesWhatItHas) {
  BackgroundServer server({});
  const File file(R"("load": {"users": 3, "for": "1h"}, "flow": [{"join": "plaza"},
      {"loop": {"for": "1h", "do": [{"send": "x"}, {"expect": {}}, {"think": "1ms"}]}}])",
                  R"("drain": "200ms", )");
  Running running({"load", "run", file.path(), "--target", target(server), "--format", "json"});
  RawClient watcher(server.port());
  eventually([&] {
    return watcher.ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
               .body.find("scalectl_serve_websockets_open 3\n") != std::string::npos;
  });
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_EQ(at(result, "metrics.iterations.unfinished").number(), 3);
  EXPECT_EQ(at(result, "metrics.closes.1000").number(), 3) << "everybody says goodbye";
}

TEST(LoadRun, InShards_EachRunsItsShare) {
  BackgroundServer server({});
  const File file(
      R"("load": {"rate": "100/s", "for": "300ms"}, "flow": [{"http": "GET /api/health"}])");
  double sum = 0;
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    const Outcome outcome = scalectl({"load", "run", file.path(), "--target", target(server),
                                      "--shard", shard, "--format", "json"});
    EXPECT_EQ(at(json(outcome.out), "metrics.iterations.ok").number(), 10);
    sum += at(json(outcome.out), "metrics.requests.ok").number();
  }
  EXPECT_EQ(sum, 30);
}

}  // namespace
}  // namespace scalectl::test
