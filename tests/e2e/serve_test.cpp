// scalectl serve as a user starts, asks and stops it.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>

#include "core/text.hpp"
#include "support/e2e.hpp"
#include "support/raw_client.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ServeCommand, AnswersUntilSigterm_AndReportsWhatItDid) {
  BackgroundServer serving({"--threads", "2"});
  const int port = serving.port();
  EXPECT_EQ(serving.line(),
            "INFO - Serving http://127.0.0.1:" + std::to_string(port) + " (2 threads)");
  std::uint64_t received = 0;
  {
    RawClient client(port);
    for (const char* path : {"/api/health", "/status/302", "/nothing", "/status/500"}) {
      received += client.ask(get(path)).bytes;
    }
    RawClient stranger(port);
    const RawResponse refusal = stranger.ask("nonsense\r\n\r\n");
    EXPECT_EQ(refusal.status, 400);
    received += refusal.bytes;
  }
  serving.signal(SIGTERM);
  EXPECT_EQ(serving.wait(), 0);
  const core::Value result = serving.result();
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_EQ(text_at(result, "command"), "serve");
  EXPECT_EQ(text_at(result, "verdict"), "pass");
  EXPECT_EQ(integer_at(result, "metrics.requests"), 4);
  for (const char* status : {"2xx", "3xx", "4xx", "5xx"}) {
    EXPECT_EQ(integer_at(result, std::string("metrics.statuses.") + status), 1) << status;
  }
  EXPECT_EQ(integer_at(result, "metrics.connections.opened"), 2);
  EXPECT_EQ(integer_at(result, "metrics.failures.bad_request"), 1);
  EXPECT_EQ(integer_at(result, "metrics.bytes_out"), static_cast<std::int64_t>(received));
}

TEST(ServeCommand, Sigint_LetsTheRequestInFlightFinish) {
  BackgroundServer serving({});
  RawClient client(serving.port());
  client.send("GET /delay/500 HTTP/1.1\r\nHost: x\r\n\r\n");
  RawClient other(serving.port());
  // The one thread has read what came before.
  ASSERT_TRUE(eventually([&] {
    return other.ask(get("/metrics")).body.find("route=\"/delay/{ms}\"") != std::string::npos;
  }));
  serving.signal(SIGINT);
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(serving.wait(), 0);
  EXPECT_EQ(integer_at(serving.result(), "metrics.connections.cut_off"), 0);
}

TEST(ServeCommand, WhatIsStillInFlightAfterTheDrain_IsCutOffWithAWarning) {
  BackgroundServer serving({"--drain", "50ms"});
  RawClient client(serving.port());
  client.send(get("/delay/60000"));
  RawClient other(serving.port());
  ASSERT_TRUE(eventually([&] {
    return other.ask(get("/metrics")).body.find("route=\"/delay/{ms}\"") != std::string::npos;
  }));
  serving.signal(SIGINT);
  EXPECT_EQ(serving.wait(), 0);
  EXPECT_EQ(text_at(serving.result(), "verdict"), "warn");
  EXPECT_EQ(integer_at(serving.result(), "metrics.connections.cut_off"), 1);
  EXPECT_THAT(text_at(serving.result(), "notes.0"), HasSubstr("1 connection was cut off"));
}

TEST(ServeCommand, For_EndsByItself) {
  const Outcome outcome = scalectl({"serve", "--port", "0", "--for", "50ms"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("requests"));
}

TEST(ServeCommand, UnixSocket) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/s";
  BackgroundServer serving({"--unix", path});
  EXPECT_EQ(serving.line(), "INFO - Serving unix:" + path + " (1 thread)");
  EXPECT_EQ(RawClient(path).ask(get("/api/health")).status, 200);
  serving.signal(SIGINT);
  EXPECT_EQ(serving.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ServeCommand, PortInUse_IsRefused) {
  BackgroundServer serving({});
  const std::string port = std::to_string(serving.port());
  const Outcome outcome = scalectl({"serve", "--port", port});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("port " + port + " of 127.0.0.1 is in use"));
}

TEST(ServeCommand, ContradictionsAndNonsense_AreRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--port", "70000"}, "--port 70000 is not a port"},
      {{"--port", "http"}, "--port"},
      {{"--bind", "nowhere"}, "\"nowhere\" is not an IP address"},
      {{"--bind", "192.0.2.1"}, "cannot listen on port"},
      {{"--threads", "0"}, "--threads 0"},
      {{"--max-connections", "0"}, "0 connections"},
      {{"--idle-timeout", "0"}, "idle timeout"},
      {{"--max-body", "much"}, "--max-body"},
      {{"--unix", "/tmp/x", "--port", "1"}, "--unix and --port contradict"},
      {{"--unix", "/"}, "is not a socket"},
      {{"--unix", "/" + std::string(200, 'x')}, "too long"},
      {{"--unix", "/absent/folder/s"}, "cannot make the socket"},
      {{"--tls-cert", "/absent"}, "both a certificate and its key"},
      {{"--tls-cert", "/absent", "--tls-key", "/absent"}, "/absent is no readable certificate"},
  };
  for (const auto& [options, words] : cases) {
    std::vector<std::string> arguments{"serve"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << core::join(options, " ");
    EXPECT_THAT(outcome.err, HasSubstr(words));
  }
}

}  // namespace
}  // namespace scalectl::test
