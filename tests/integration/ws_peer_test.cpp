// The WebSockets of the binary's `serve`: against clients that are not ours, and by its options.
#include <gmock/gmock.h>

#include <csignal>

#include "core/text.hpp"
#include "support/certificates.hpp"
#include "support/e2e.hpp"
#include "support/foreign.hpp"
#include "support/raw_socket.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Of the scripts: 3 echoes of 9 messages, two of which offer permessage-deflate; 6 clients that
// offer it too and say 20 each to all 6.
constexpr std::int64_t kEchoed = 27;
constexpr std::int64_t kSaid = 120;
constexpr std::int64_t kHeard = 720;
constexpr std::int64_t kSockets = 9;
constexpr std::int64_t kOffering = 8;

/// Runs the client against a server with `options`, and holds the server's counts against what the
/// client did.
void expect_peace(const std::string& script, const std::string& scheme, bool deflate,
                  std::vector<std::string> options, const std::vector<std::string>& more = {}) {
  options.insert(options.end(), {"--threads", "2"});
  if (deflate) options.emplace_back("--ws-deflate");
  BackgroundServer server(options);
  std::vector<std::string> argv = foreign(script);
  argv.insert(argv.end(), {scheme + "://127.0.0.1:" + std::to_string(server.port()),
                           deflate ? "deflate" : "none"});
  argv.insert(argv.end(), more.begin(), more.end());
  const Outcome outcome = run(argv, kNodePath);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "ok\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  const core::Value result = server.result();
  EXPECT_THAT(violations(result), IsEmpty());
  const auto count = [&](const std::string& name) {
    return integer_at(result, "metrics.websockets." + name);
  };
  EXPECT_EQ(count("opened"), kSockets);
  EXPECT_EQ(count("compressed"), deflate ? kOffering : 0);
  EXPECT_EQ(count("messages_in"), kEchoed + kSaid);
  EXPECT_EQ(count("deliveries"), kEchoed + kHeard);
  EXPECT_EQ(count("delivered"), kEchoed + kHeard);
  EXPECT_EQ(count("closed.1000"), kSockets);
}

class WsPeer : public testing::TestWithParam<const char*> {};

TEST_P(WsPeer, EchoAndRoom) { expect_peace(GetParam(), "ws", false, {}); }

TEST_P(WsPeer, EchoAndRoom_Compressed) { expect_peace(GetParam(), "ws", true, {}); }

TEST_P(WsPeer, EchoAndRoom_CompressedOverTls) {
  Authority authority;
  const CertificateFiles files = authority.sign();
  expect_peace(GetParam(), "wss", true, {"--tls-cert", files.certificate, "--tls-key", files.key},
               {authority.certificate()});
}

INSTANTIATE_TEST_SUITE_P(Debians, WsPeer, testing::Values("ws_client.py", "ws_client.js"),
                         [](const auto& script) {
                           return std::string(script.param).ends_with("py") ? "Python3Websockets"
                                                                            : "NodeWs";
                         });

TEST(WsSwitches, AreCountedInTheResult) {
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

TEST(WsSwitches, ThatCannotBe_AreRefused) {
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
