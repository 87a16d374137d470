// The WebSockets of the binary's `serve`: against a client that is not ours, and by its options.
#include <gmock/gmock.h>

#include <csignal>

#include "core/text.hpp"
#include "support/certificates.hpp"
#include "support/e2e.hpp"
#include "support/raw_socket.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
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

TEST(WsPeer, SwitchesOfTheCommandLine_AreCountedInTheResult) {
  BackgroundServer server({"--accept-delay", "1ms", "--ws-delay", "5ms", "--ws-delay-every", "2",
                           "--ws-drop", "4", "--ws-duplicate", "3", "--ws-reorder", "5",
                           "--ws-close-after", "7", "--ws-max-message", "1KiB", "--ws-subprotocol",
                           "game.v2"});
  const int port = server.port();
  {
    RawSocket large(port, "/ws/echo");
    large.say(std::string(1025, 'x'));
    EXPECT_EQ(large.closed_with(), 1009);
    RawSocket socket(port, "/ws/room/a");  // the second: delayed
    for (const char* text : {"1", "2", "3", "4", "5", "6", "7"}) socket.say(text);
    EXPECT_THAT(socket.hear(8), ElementsAre("1", "2", "3", "3", "6", "6", "5", "7"));
    EXPECT_EQ(socket.closed_with(), 1001);
    RawClient offering(port);
    EXPECT_EQ(offering.ask(ws_request("/ws/echo", "Sec-WebSocket-Protocol: game.v2\r\n"))
                  .header("sec-websocket-protocol"),
              "game.v2");
    offering.send(RawFrame{.opcode = kClose, .payload = close_payload(1000)}.bytes());
    offering.receive_all();
  }
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  const core::Value result = server.result();
  EXPECT_THAT(violations(result), IsEmpty());
  const std::vector<std::pair<std::string, std::int64_t>> counts{
      {"opened", 3},   {"messages_in", 7}, {"dropped", 1},     {"duplicated", 2}, {"reordered", 1},
      {"withheld", 0}, {"deliveries", 8},  {"delayed", 8},     {"delivered", 8},  {"overflowed", 0},
      {"ignored", 0},  {"closed.1009", 1}, {"closed.1001", 1}, {"closed.1000", 1}};
  for (const auto& [name, count] : counts) {
    EXPECT_EQ(integer_at(result, "metrics.websockets." + name), count) << name;
  }
  EXPECT_EQ(integer_at(result, "params.websockets.drop"), 4);
}

TEST(WsPeer, SwitchesThatCannotBe_AreRefused) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"--ws-drop", "0"}, "--ws-drop 0"},
      {{"--ws-duplicate", "-1"}, "--ws-duplicate"},
      {{"--ws-reorder", "often"}, "--ws-reorder"},
      {{"--ws-close-after", "0"}, "--ws-close-after 0"},
      {{"--ws-delay", "soon"}, "--ws-delay"},
      {{"--ws-delay-every", "2"}, "--ws-delay-every needs --ws-delay"},
      {{"--ws-max-message", "much"}, "--ws-max-message"},
      {{"--ws-subprotocol", "a b"}, "--ws-subprotocol a b is no token"},
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
