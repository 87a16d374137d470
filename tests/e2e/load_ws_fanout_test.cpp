// load ws and serve through the binary, in the large: what reaches a thousand listeners and how
// late, and five thousand sockets at a SIGINT. These need the machine for themselves.
#include <gmock/gmock.h>

#include <csignal>

#include "support/load_run.hpp"
#include "support/raw_client.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string room(BackgroundServer& server) {
  return "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws/room/plaza";
}

/// Ends the server; its counts of WebSockets.
core::Value counts_of(BackgroundServer& server) {
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  return server.result();
}

testing::AssertionResult latencies_are_those_injected() {
  constexpr std::int64_t kListeners = 1000;
  constexpr std::int64_t kEveryone = kListeners + 1;  // the speaker hears itself
  constexpr std::int64_t kSaid = 1010;
  constexpr std::int64_t kDropped = 1;
  BackgroundServer server({"--ws-drop", "1000", "--ws-delay", "100ms", "--ws-delay-every", "10"});
  const Outcome outcome =
      scalectl({"load", "ws", room(server), "-c", "1001", "--speakers", "1", "--send", "hello",
                "-R", "101/s", "-d", "10s", "--expect", "room", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  const auto count = [&](const std::string& name) {
    return integer_at(result, "metrics.messages." + name);
  };
  EXPECT_EQ(count("sent"), kSaid);
  EXPECT_EQ(count("expected"), kSaid * kEveryone);
  EXPECT_EQ(count("lost"), kDropped * kEveryone);
  EXPECT_EQ(count("delivered"), (kSaid - kDropped) * kEveryone);
  EXPECT_EQ(count("unfinished") + count("away") + count("duplicated") + count("reordered"), 0);
  EXPECT_EQ(integer_at(result, "metrics.latency_ms.fanout.count"), (kSaid - kDropped) * kListeners);
  const core::Value truth = counts_of(server);
  EXPECT_EQ(integer_at(truth, "metrics.websockets.dropped"), kDropped);
  EXPECT_EQ(integer_at(truth, "metrics.websockets.delayed"), (kSaid - kDropped) * kListeners / 10);
  EXPECT_EQ(integer_at(truth, "metrics.websockets.delivered"), count("delivered"));
  // A tenth of the deliveries is late: the 90th percentile is the last of those that are not.
  const double p90 = at(result, "metrics.latency_ms.fanout.p90").number();
  const double p95 = at(result, "metrics.latency_ms.fanout.p95").number();
  if (p90 < 100 && p95 >= 100 && p95 < 150) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "p90 " << p90 << " ms, p95 " << p95 << " ms";
}

TEST(LoadWsFanout, ThousandListeners_EveryTenthLate_EveryThousandthMessageDropped) {
  EXPECT_TRUE(within_three(latencies_are_those_injected));
}

TEST(LoadWsFanout, SigintDuringFiveThousandOpenSockets_ClosesThemAndTheCountsReconcile) {
  constexpr std::int64_t kSockets = 5000;
  BackgroundServer server({});
  const int port = server.port();
  Running load({"load", "ws", room(server), "-c", "5000", "--speakers", "1", "--send", "hello",
                "--every", "200ms", "-d", "10m", "--expect", "room", "--format", "json"});
  RawClient watcher(port);
  EXPECT_TRUE(eventually([&] {
    const std::string metrics = watcher.ask(get("/metrics")).body;
    return metrics.find("scalectl_serve_websockets_open 5000\n") != std::string::npos &&
           metrics.find("scalectl_serve_ws_messages_total 0\n") == std::string::npos;
  }));
  load.signal(SIGINT);
  const Outcome outcome = load.wait();
  EXPECT_EQ(outcome.code, 130);
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  const auto count = [&](const std::string& name) { return integer_at(result, "metrics." + name); };
  EXPECT_EQ(count("closes.1000"), kSockets);
  EXPECT_EQ(count("connections.opened"), kSockets);
  EXPECT_EQ(count("connections.disconnects"), 0);
  EXPECT_GT(count("messages.sent"), 0);
  EXPECT_EQ(count("messages.expected"), count("messages.sent") * kSockets);
  EXPECT_EQ(count("messages.delivered"), count("messages.expected"));
  EXPECT_THAT(text_at(result, "notes.0"), HasSubstr("interrupted"));
  const core::Value truth = counts_of(server);
  EXPECT_EQ(integer_at(truth, "metrics.websockets.closed.1000"), kSockets);
  EXPECT_EQ(integer_at(truth, "metrics.websockets.messages_in"), count("messages.sent"));
  EXPECT_EQ(integer_at(truth, "metrics.websockets.delivered"), count("messages.delivered"));
}

}  // namespace
}  // namespace scalectl::test
