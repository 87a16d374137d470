// The WebSockets of the binary's `serve` against a client that is not ours.
#include <gmock/gmock.h>

#include <csignal>

#include "support/certificates.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::IsEmpty;

// Debian's own interpreter, whatever else is in PATH: it is the one that finds Debian's modules.
constexpr const char* kPython = "/usr/bin/python3";
constexpr const char* kScript = SCALECTL_SOURCE_DIR "/tests/support/ws_client.py";
// Of the script: 9 echoes; 6 clients that say 20 each to all 6.
constexpr std::int64_t kEchoes = 9;
constexpr std::int64_t kSaid = 120;
constexpr std::int64_t kHeard = 720;
constexpr std::int64_t kSockets = 8;

void expect_counts(const core::Value& result) {
  EXPECT_THAT(violations(result), IsEmpty());
  const auto count = [&](const std::string& name) {
    return integer_at(result, "metrics.websockets." + name);
  };
  EXPECT_EQ(count("opened"), kSockets);
  EXPECT_EQ(count("messages_in"), kEchoes + kSaid);
  EXPECT_EQ(count("deliveries"), kEchoes + kHeard);
  EXPECT_EQ(count("delivered"), kEchoes + kHeard);
  EXPECT_EQ(count("closed.1000"), kSockets);
}

TEST(WsPeer, PythonsWebsockets_EchoAndRoom) {
  BackgroundServer server({"--threads", "2"});
  const Outcome outcome =
      run({kPython, kScript, "ws://127.0.0.1:" + std::to_string(server.port())});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "ok\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  expect_counts(server.result());
}

TEST(WsPeer, PythonsWebsockets_OverTls) {
  Authority authority;
  const CertificateFiles files = authority.sign();
  BackgroundServer server(
      {"--threads", "2", "--tls-cert", files.certificate, "--tls-key", files.key});
  const Outcome outcome = run({kPython, kScript, "wss://127.0.0.1:" + std::to_string(server.port()),
                               authority.certificate()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "ok\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  expect_counts(server.result());
}

}  // namespace
}  // namespace scalectl::test
