// The client's side of the protocol, fed with a server's bytes: what it makes of them, and the
// close frame that it answers with.
#include "net/websocket.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "support/raw_socket.hpp"

namespace scalectl::net {
namespace {

using test::close_payload;
using test::kBinary;
using test::kClose;
using test::kContinuation;
using test::kPing;
using test::kPong;
using test::kText;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMost = 1000;
constexpr int kRsv1 = 4;

struct Heard : WebSocket::Sink {
  void on_message(std::string_view message, bool /*text*/) override {
    messages.emplace_back(message);
  }
  std::vector<std::string> messages;
};

/// A frame as a server sends it.
struct Frame : test::RawFrame {
  explicit Frame(RawFrame frame) : RawFrame(std::move(frame)) { masked = false; }
};

struct Client {
  explicit Client(const std::optional<WsDeflate>& deflate = {})
      : socket(WebSocket::Role::kClient, heard, kMost, deflate) {}

  bool feed(const test::RawFrame& frame) { return socket.feed(Frame(frame).bytes()); }
  /// What it wants written, as frames without their masks.
  std::vector<test::RawFrame> said() {
    std::vector<test::RawFrame> frames;
    std::string& due = socket.due();
    for (std::size_t at = 0; at < due.size();) {
      const auto first = static_cast<unsigned char>(due[at]);
      const std::size_t size = static_cast<unsigned char>(due[at + 1]) & 0x7FU;
      std::string payload = due.substr(at + 6, size);
      for (std::size_t i = 0; i < size; ++i) payload[i] ^= due[at + 2 + i % 4];
      frames.push_back({.fin = (first & 0x80) != 0,
                        .opcode = first & 0x0F,
                        .payload = payload,
                        .masked = (due[at + 1] & 0x80) != 0,
                        .reserved = first >> 4 & 7});
      at += 6 + size;
    }
    due.clear();
    return frames;
  }

  Heard heard;
  WebSocket socket;
};

TEST(WebSocketClient, FragmentsWithAPingInBetween_AreOneMessageAndAPong) {
  Client client;
  EXPECT_TRUE(client.feed({.fin = false, .payload = "on\xc3"}));  // a character may be split
  EXPECT_TRUE(client.feed({.opcode = kPing, .payload = "still there?"}));
  EXPECT_TRUE(client.feed({.fin = false, .opcode = kContinuation, .payload = "\xa9 "}));
  EXPECT_THAT(client.heard.messages, IsEmpty());
  EXPECT_TRUE(client.feed({.opcode = kContinuation, .payload = "two"}));
  EXPECT_THAT(client.heard.messages, ElementsAre("on\xc3\xa9 two"));
  const auto said = client.said();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].opcode, kPong);
  EXPECT_EQ(said[0].payload, "still there?");
  EXPECT_TRUE(said[0].masked);
}

struct Broken {
  const char* what;
  std::vector<test::RawFrame> frames;
  int code;
};

void expect_refusals(const std::vector<Broken>& cases, const std::optional<WsDeflate>& deflate) {
  for (const Broken& each : cases) {
    Client client(deflate);
    bool goes_on = true;
    for (const test::RawFrame& frame : each.frames) {
      const std::string bytes = frame.masked ? Frame(frame).bytes() : frame.bytes();
      goes_on = client.socket.feed(bytes);
    }
    EXPECT_FALSE(goes_on) << each.what;
    const auto said = client.said();
    ASSERT_EQ(said.size(), 1U) << each.what;
    EXPECT_EQ(said[0].opcode, kClose) << each.what;
    EXPECT_EQ(said[0].code(), each.code) << each.what;
    EXPECT_EQ(client.socket.own_code(), each.code) << each.what;
    EXPECT_THAT(client.heard.messages, IsEmpty()) << each.what;
  }
}

TEST(WebSocketClient, WhatBreaksTheProtocol_IsAnsweredWithTheRightCode) {
  const std::string long_text(kMost + 1, 'x');
  expect_refusals(
      {{"a message within fragments", {{.fin = false, .payload = "a"}, {.payload = "b"}}, 1002},
       {"a continuation of nothing", {{.opcode = kContinuation, .payload = "a"}}, 1002},
       {"a fragmented ping", {{.fin = false, .opcode = kPing}}, 1002},
       {"a long ping", {{.opcode = kPing, .payload = std::string(126, 'x')}}, 1002},
       {"a reserved opcode", {{.opcode = 3}}, 1002},
       {"a reserved bit", {{.payload = "x", .reserved = kRsv1}}, 1002},
       {"a close of one byte", {{.opcode = kClose, .payload = "x"}}, 1002},
       {"a close with 1005", {{.opcode = kClose, .payload = close_payload(1005)}}, 1002},
       {"a close with 1015", {{.opcode = kClose, .payload = close_payload(1015)}}, 1002},
       {"bad UTF-8", {{.payload = "a\xff"}}, 1007},
       {"an unfinished character", {{.payload = "a\xc3"}}, 1007},
       {"bad UTF-8 over fragments",
        {{.fin = false, .payload = "a\xc3"}, {.opcode = kContinuation, .payload = "("}},
        1007},
       {"too long", {{.opcode = kBinary, .payload = long_text}}, 1009},
       {"too long in parts",
        {{.fin = false, .opcode = kBinary, .payload = long_text.substr(1)},
         {.opcode = kContinuation, .payload = "x"}},
        1009}},
      {});
}

TEST(WebSocketClient, MaskedFrame_Is1002) {
  Client client;
  EXPECT_FALSE(client.socket.feed(test::RawFrame{.payload = "masked"}.bytes()));
  const auto said = client.said();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].code(), 1002);
  EXPECT_THAT(client.heard.messages, IsEmpty());
}

TEST(WebSocketClient, CloseOfThePeer_IsAnsweredAndKnownByCodeAndReason) {
  for (const int code : {1000, 1001, 1008, 1009, 1011, 1012, 1013, 1014, 4000}) {
    Client client;
    EXPECT_FALSE(client.feed({.opcode = kClose, .payload = close_payload(code, "because")}));
    EXPECT_EQ(client.socket.peer_code(), code);
    EXPECT_EQ(client.socket.peer_reason(), "because");
    EXPECT_EQ(client.said().at(0).code(), code);
  }
  Client client;
  client.feed({.opcode = kClose});
  EXPECT_EQ(client.socket.peer_code(), WebSocket::kNoStatus);
}

// --- permessage-deflate ---

/// What a server sends for `text`.
test::RawFrame compressed(WsCompressor& compressor, const std::string& text) {
  return {.payload = std::string(compressor.compress(text)), .reserved = kRsv1};
}

TEST(WebSocketDeflate, CompressedAndPlainMessages_BothArrive) {
  const WsDeflate deflate;
  WsCompressor server(deflate.server);
  Client client(deflate);
  EXPECT_TRUE(client.feed(compressed(server, "compressed")));
  EXPECT_TRUE(client.feed({.payload = "plain"}));
  EXPECT_TRUE(client.feed(compressed(server, "compressed")));
  EXPECT_TRUE(client.feed(compressed(server, "")));
  EXPECT_THAT(client.heard.messages, ElementsAre("compressed", "plain", "compressed", ""));
}

TEST(WebSocketDeflate, FragmentsOfACompressedMessage_WithAPingInBetween) {
  const WsDeflate deflate;
  WsCompressor server(deflate.server);
  Client client(deflate);
  const std::string payload(
      server.compress("gr\xc3\xb6\xc3\x9f"
                      "er"));
  EXPECT_TRUE(client.feed({.fin = false, .payload = payload.substr(0, 3), .reserved = kRsv1}));
  EXPECT_TRUE(client.feed({.opcode = kPing}));
  EXPECT_TRUE(client.feed({.opcode = kContinuation, .payload = payload.substr(3)}));
  EXPECT_THAT(client.heard.messages, ElementsAre("gr\xc3\xb6\xc3\x9f"
                                                 "er"));
}

TEST(WebSocketDeflate, WhatIsSent_IsMarkedAndExpands) {
  const WsDeflate deflate{.client = {.takeover = false, .bits = 10}};
  Client client(deflate);
  client.socket.send("hello hello hello hello");
  const auto said = client.said();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].reserved, kRsv1);
  EXPECT_LT(said[0].payload.size(), 20U);
  std::string_view message;
  EXPECT_EQ(WsExpander(deflate.client).expand(said[0].payload, 100, message),
            WsExpander::Fate::kWhole);
  EXPECT_EQ(message, "hello hello hello hello");
}

TEST(WebSocketDeflate, WhatBreaksTheProtocol_IsAnsweredWithTheRightCode) {
  const WsDeflate deflate{.server = {.takeover = false}};
  WsCompressor server(deflate.server);
  const std::string bomb(server.compress(std::string(kMost + 1, 'x')));
  EXPECT_LT(bomb.size(), 50U);
  const std::string bad(server.compress("a\xff"));
  const std::string good(server.compress("hello, hello"));
  expect_refusals(
      {{"a bomb", {{.payload = bomb, .reserved = kRsv1}}, 1009},
       {"too long, though not compressed", {{.payload = std::string(kMost + 1, 'x')}}, 1009},
       {"bad UTF-8", {{.payload = bad, .reserved = kRsv1}}, 1007},
       {"no deflate", {{.payload = "\xff\xff\xff", .reserved = kRsv1}}, 1007},
       {"another reserved bit", {{.payload = good, .reserved = 2}}, 1002},
       {"a compressed ping", {{.opcode = kPing, .payload = "x", .reserved = kRsv1}}, 1002},
       {"a mark on a later fragment",
        {{.fin = false, .payload = good.substr(0, 3), .reserved = kRsv1},
         {.opcode = kContinuation, .payload = good.substr(3), .reserved = kRsv1}},
        1002}},
      deflate);
}

TEST(WebSocketDeflate, LengthThatIsAllowed_IsThatOfTheMessage) {
  const WsDeflate deflate;
  WsCompressor server(deflate.server);
  Client client(deflate);
  EXPECT_TRUE(client.feed(compressed(server, std::string(kMost, 'x'))));
  std::string noise;  // longer when it is compressed
  for (std::uint32_t bits = 1; noise.size() < kMost; bits = bits * 1664525 + 1013904223) {
    noise += static_cast<char>(bits >> 24);
  }
  test::RawFrame frame = compressed(server, noise);
  frame.opcode = kBinary;
  EXPECT_GT(frame.payload.size(), kMost);
  EXPECT_TRUE(client.feed(frame));
  EXPECT_THAT(client.heard.messages, ElementsAre(std::string(kMost, 'x'), noise));
}

}  // namespace
}  // namespace scalectl::net
