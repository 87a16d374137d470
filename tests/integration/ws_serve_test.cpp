// The reference server's WebSockets, frame by frame: handshake, protocol, echo, rooms, the switches
// that lose and repeat on purpose, and the counts of it all.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "gateway/reference.hpp"
#include "net/http_server.hpp"
#include "support/raw_socket.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

using std::chrono::milliseconds;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct Setup {
  net::ServerOptions server;
  gateway::RoomOptions rooms;
};

/// gateway::Reference on a free port of 127.0.0.1.
class Server {
 public:
  explicit Server(Setup setup = {})
      : reference_(setup.server.threads, setup.rooms),
        server_(on_free_port(std::move(setup.server)), reference_) {
    reference_.watch(server_);
    server_.start();
  }

  int port() const { return server_.port(); }
  net::HttpServer* operator->() { return &server_; }
  net::WsCounters counts() const { return server_.ws_counters(); }
  gateway::RoomCounters rooms() const { return reference_.room_counters(); }
  /// Waits until every WebSocket is closed; the codes that they were closed with.
  std::map<int, std::uint64_t> closed() const {
    EXPECT_TRUE(comes_true([&] { return counts().open() == 0; }));
    return counts().closed;
  }

 private:
  static net::ServerOptions on_free_port(net::ServerOptions options) {
    options.port = 0;
    return options;
  }
  gateway::Reference reference_;
  net::HttpServer server_;
};

std::vector<std::string> numbers(int first, int last) {
  std::vector<std::string> made;
  for (int i = first; i <= last; ++i) made.push_back(std::to_string(i));
  return made;
}

void say_all(RawSocket& socket, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) socket.say(text);
}

class WsServe : public testing::Test {
 protected:
  Server server_;
};

// --- Handshake ---

TEST_F(WsServe, Handshake_IsByTheBook) {
  RawClient client(server_.port());
  const RawResponse answer = client.ask(ws_request(
      "/ws/echo",
      "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\n"));
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.header("upgrade"), "websocket");
  EXPECT_EQ(answer.header("connection"), "Upgrade");
  EXPECT_EQ(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  for (const char* name : {"sec-websocket-extensions", "sec-websocket-protocol", "content-length",
                           "content-type", "transfer-encoding"}) {
    EXPECT_EQ(answer.headers.count(name), 0U) << name;
  }
}

TEST_F(WsServe, Handshake_TokensAndCase) {
  RawClient client(server_.port());
  EXPECT_EQ(client
                .ask("GET /ws/room/a?b HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, "
                     "UPGRADE\r\nupgrade: h2c, WebSocket\r\nsec-websocket-version: 13\r\n"
                     "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .status,
            101);
}

TEST_F(WsServe, Handshake_Refusals) {
  const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::vector<std::pair<std::string, int>> cases{
      {"", 426},
      {"Connection: Upgrade\r\n" + version + key, 426},
      {"Upgrade: websocket\r\n" + version + key, 426},
      {"Connection: Upgrade\r\nUpgrade: h2c\r\n" + version + key, 426},
      {upgrade + key, 400},
      {upgrade + key + "Sec-WebSocket-Version: thirteen\r\n", 400},
      {upgrade + key + "Sec-WebSocket-Version: 8\r\n", 426},
      {upgrade + key + "Sec-WebSocket-Version: 14\r\n", 426},
      {upgrade + version, 400},
      {upgrade + version + "Sec-WebSocket-Key: \r\n", 400},
      {upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n", 400},
      {upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQAA\r\n", 400},
      {upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25*ZQ==\r\n", 400},
      {upgrade + version + key + key, 400},
  };
  RawClient client(server_.port());
  for (const auto& [headers, status] : cases) {
    const RawResponse answer =
        client.ask("GET /ws/echo HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
    EXPECT_EQ(answer.status, status) << headers;
    EXPECT_EQ(answer.header("sec-websocket-version"), status == 426 ? "13" : "") << headers;
    EXPECT_EQ(answer.header("upgrade"), status == 426 ? "websocket" : "") << headers;
  }
  EXPECT_EQ(client.ask(get("/api/health")).status, 200) << "the connection lives on";
  EXPECT_EQ(server_.counts().opened, 0U);
}

TEST_F(WsServe, Handshake_OtherMethodsPathsAndVersions) {
  RawClient client(server_.port());
  std::string request = ws_request("/ws/echo");
  EXPECT_EQ(client.ask("POST" + request.substr(3)).status, 405);
  EXPECT_EQ(client.ask(ws_request("/ws/room/")).status, 404);
  EXPECT_EQ(client.ask(ws_request("/ws/room/" + std::string(129, 'x'))).status, 404);
  EXPECT_EQ(client.ask(ws_request("/ws")).status, 404);
  EXPECT_EQ(client.ask(request.replace(request.find("1.1"), 3, "1.0")).status, 400);
}

TEST(WsServeSetup, Subprotocol_IsTakenWhereItIsOffered) {
  Server server({.rooms = {.subprotocol = "game.v2"}});
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"Sec-WebSocket-Protocol: game.v2\r\n", "game.v2"},
      {"Sec-WebSocket-Protocol: chat, game.v2\r\n", "game.v2"},
      {"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: game.v2\r\n", "game.v2"},
      {"Sec-WebSocket-Protocol: GAME.V2\r\n", ""},
      {"Sec-WebSocket-Protocol: chat\r\n", ""},
  };
  for (const auto& [headers, taken] : cases) {
    RawClient client(server.port());
    const RawResponse answer = client.ask(ws_request("/ws/echo", headers));
    EXPECT_EQ(answer.status, 101) << headers;
    EXPECT_EQ(answer.header("sec-websocket-protocol"), taken) << headers;
  }
}

// --- Echo and protocol ---

TEST_F(WsServe, Echo_TextAsTextAndBinaryAsBinary_OfAllSizes) {
  RawSocket socket(server_.port(), "/ws/echo");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 1024U * 1024U}) {
    for (const int opcode : {kText, kBinary}) {
      const std::string payload(size, opcode == kText ? 't' : '\xff');
      socket.send({.opcode = opcode, .payload = payload});
      const RawFrame frame = socket.receive();
      EXPECT_EQ(frame.opcode, opcode) << size;
      EXPECT_TRUE(frame.fin && frame.reserved == 0) << size;
      EXPECT_TRUE(frame.payload == payload) << size;
    }
  }
  EXPECT_EQ(server_.counts().messages, 14U);
  EXPECT_EQ(server_.counts().deliveries, 14U);
}

TEST_F(WsServe, MessagesRightBehindTheHandshake_AreNotLost) {
  RawClient client(server_.port());
  const RawResponse answer =
      client.ask(ws_request("/ws/echo") + RawFrame{.payload = "first"}.bytes() +
                 RawFrame{.payload = "second"}.bytes());
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(client.take(15),
            "\x81\x05"
            "first\x81\x06second");
}

TEST_F(WsServe, OneBytePerWrite) {
  RawSocket socket(server_.port(), "/ws/echo");
  socket.client().trickle(RawFrame{.payload = "hello"}.bytes() +
                          RawFrame{.payload = std::string(200, 'x')}.bytes());
  EXPECT_THAT(socket.hear(2), ElementsAre("hello", std::string(200, 'x')));
}

TEST_F(WsServe, Fragments_WithPingsInBetween) {
  RawSocket socket(server_.port(), "/ws/echo");
  socket.send({.fin = false, .payload = "on\xc3"});  // a character may be split
  socket.send({.opcode = kPing, .payload = "p1"});
  socket.send({.fin = false, .opcode = kContinuation, .payload = "\xa9 "});
  socket.send({.opcode = kPing, .payload = ""});
  socket.send({.opcode = kContinuation, .payload = "two"});
  std::vector<RawFrame> frames;
  for (int i = 0; i < 3; ++i) frames.push_back(socket.receive());
  std::stable_sort(frames.begin(), frames.end(),
                   [](const auto& a, const auto& b) { return a.opcode > b.opcode; });
  EXPECT_EQ(frames[0].opcode, kPong);
  EXPECT_EQ(frames[0].payload, "p1");
  EXPECT_EQ(frames[1].opcode, kPong);
  EXPECT_EQ(frames[1].payload, "");
  EXPECT_EQ(frames[2].opcode, kText);
  EXPECT_EQ(frames[2].payload, "on\xc3\xa9 two");
}

TEST_F(WsServe, WhatBreaksTheProtocol_IsClosedWithTheRightCode) {
  struct Case {
    const char* what;
    std::vector<RawFrame> frames;
    int code;
  };
  const std::vector<Case> cases{
      {"unmasked", {{.payload = "x", .masked = false}}, 1002},
      {"unmasked ping", {{.opcode = kPing, .masked = false}}, 1002},
      {"reserved bit", {{.payload = "x", .reserved = 4}}, 1002},
      {"reserved opcode", {{.opcode = 3, .payload = "x"}}, 1002},
      {"reserved control opcode", {{.opcode = 11}}, 1002},
      {"message within fragments", {{.fin = false, .payload = "a"}, {.payload = "b"}}, 1002},
      {"continuation of nothing", {{.opcode = kContinuation, .payload = "a"}}, 1002},
      {"fragmented ping", {{.fin = false, .opcode = kPing}}, 1002},
      {"long ping", {{.opcode = kPing, .payload = std::string(126, 'x')}}, 1002},
      {"close of one byte", {{.opcode = kClose, .payload = "x"}}, 1002},
      {"close with 1005", {{.opcode = kClose, .payload = close_payload(1005)}}, 1002},
      {"close with 999", {{.opcode = kClose, .payload = close_payload(999)}}, 1002},
      {"bad UTF-8", {{.payload = "a\xff"}}, 1007},
      {"surrogate", {{.payload = "\xed\xa0\x80"}}, 1007},
      {"unfinished character", {{.payload = "a\xc3"}}, 1007},
      {"bad UTF-8 in a reason", {{.opcode = kClose, .payload = close_payload(1000, "\xff")}}, 1007},
      {"too large", {{.opcode = kBinary, .payload = std::string(1024 * 1024 + 1, 'x')}}, 1009},
      {"too large in parts",
       {{.fin = false, .opcode = kBinary, .payload = std::string(700'000, 'x')},
        {.opcode = kContinuation, .payload = std::string(700'000, 'x')}},
       1009},
  };
  std::map<int, std::uint64_t> codes;
  for (const Case& each : cases) {
    RawSocket socket(server_.port(), "/ws/echo");
    for (const RawFrame& frame : each.frames) socket.send(frame);
    EXPECT_EQ(socket.closed_with(), each.code) << each.what;
    ++codes[each.code];
  }
  EXPECT_EQ(server_.closed(), codes);
  EXPECT_EQ(server_.counts().messages, 0U);
}

TEST_F(WsServe, Close_IsAnsweredWithTheSameCode) {
  for (const int code : {1000, 1001, 1011, 3000, 4999}) {
    RawSocket socket(server_.port(), "/ws/echo");
    socket.say("last words");
    socket.close(code);
    EXPECT_THAT(socket.hear(1), ElementsAre("last words"));
    EXPECT_EQ(socket.closed_with(), code);
  }
  RawSocket socket(server_.port(), "/ws/echo");
  socket.send({.opcode = kClose});
  EXPECT_EQ(socket.closed_with(), 1005);
  EXPECT_THAT(server_.closed(), ElementsAre(Pair(1000, 1), Pair(1001, 1), Pair(1005, 1),
                                            Pair(1011, 1), Pair(3000, 1), Pair(4999, 1)));
}

TEST_F(WsServe, EndWithoutAClose_Is1006) {
  {
    RawSocket half(server_.port(), "/ws/echo");
    half.client().finish();
    EXPECT_TRUE(half.client().closed());
    RawSocket gone(server_.port(), "/ws/room/a");
  }
  EXPECT_THAT(server_.closed(), ElementsAre(Pair(1006, 2)));
}

TEST_F(WsServe, Echo_IsNotReadFasterThanItIsListenedTo) {
  RawSocket socket(server_.port(), "/ws/echo");
  const std::string part(100'000, 'p');
  constexpr int kParts = 200;  // 20 MB: more than the sockets and the queue hold
  std::jthread speaker([&] {
    for (int i = 0; i < kParts; ++i) socket.send({.opcode = kBinary, .payload = part});
  });
  for (int i = 0; i < kParts; ++i) ASSERT_TRUE(socket.receive().payload == part) << i;
  EXPECT_EQ(server_.counts().overflowed, 0U);
}

TEST(WsServeSetup, SilentClients_ArePinged_AndDropped) {
  Server server({.server = {.idle_timeout = milliseconds(200)}});
  RawSocket dead(server.port(), "/ws/room/a");
  RawSocket alive(server.port(), "/ws/room/a");
  for (int i = 0; i < 4; ++i) {
    const RawFrame ping = alive.receive();
    EXPECT_EQ(ping.opcode, kPing);
    alive.send({.opcode = kPong, .payload = ping.payload});
  }
  EXPECT_EQ(dead.receive().opcode, kPing);
  EXPECT_TRUE(dead.client().closed());
  EXPECT_THAT(server.counts().closed, ElementsAre(Pair(1006, 1)));
}

// --- Rooms ---

TEST(WsServeSetup, Room_ReachesEveryone_InOneOrder_OverTwoThreads) {
  Server server({.server = {.threads = 2}});
  constexpr int kClients = 12;
  constexpr int kSays = 40;
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (int i = 0; i < kClients; ++i) {
    sockets.push_back(std::make_unique<RawSocket>(server.port(), "/ws/room/plaza"));
  }
  RawSocket elsewhere(server.port(), "/ws/room/market");
  {
    std::vector<std::jthread> speakers;
    for (int i = 0; i < kClients; ++i) {
      speakers.emplace_back([&socket = *sockets[static_cast<std::size_t>(i)], i] {
        for (int n = 0; n < kSays; ++n) socket.say(std::to_string(i) + ":" + std::to_string(n));
      });
    }
  }
  std::vector<std::vector<std::string>> heard;
  for (const auto& socket : sockets) heard.push_back(socket->hear(kClients * kSays));
  EXPECT_THAT(heard, Each(heard.front()));
  std::vector<int> next(kClients);
  for (const std::string& text : heard.front()) {
    const int speaker = std::stoi(text);
    EXPECT_EQ(std::stoi(text.substr(text.find(':') + 1)),
              next.at(static_cast<std::size_t>(speaker))++);
  }
  elsewhere.say("alone");
  EXPECT_THAT(elsewhere.hear(1), ElementsAre("alone"));
  EXPECT_EQ(server.counts().messages, kClients * kSays + 1U);
  EXPECT_EQ(server.counts().deliveries, kClients * kClients * kSays + 1U);
  EXPECT_EQ(server.counts().undelivered, 0U);
}

TEST_F(WsServe, Room_BeginsWithTheHandshake_AndEndsWithTheClose) {
  RawSocket first(server_.port(), "/ws/room/a");
  first.say("before");
  EXPECT_THAT(first.hear(1), ElementsAre("before"));
  RawSocket second(server_.port(), "/ws/room/a");
  first.send({.opcode = kBinary, .payload = "both"});
  EXPECT_EQ(second.receive().payload, "both");
  second.close(1000);
  EXPECT_EQ(second.closed_with(), 1000);
  first.say("after");
  EXPECT_EQ(first.receive().opcode, kBinary);
  EXPECT_THAT(first.hear(1), ElementsAre("after"));
  EXPECT_EQ(server_.counts().deliveries, 4U);
}

TEST(WsServeSetup, Room_WhoDoesNotRead_IsClosedWith1013_AndHoldsNobodyUp) {
  Server server({.server = {.ws = {.max_queue = 64 * 1024}}});
  RawSocket speaker(server.port(), "/ws/room/a");
  RawSocket deaf(server.port(), "/ws/room/a");
  const std::string text(50'000, 'x');
  std::uint64_t said = 0;
  // The sockets' own buffers come first; they hold some megabytes.
  while (server.counts().overflowed == 0 && said < 2000) {
    speaker.say(text);
    ++said;
    ASSERT_TRUE(speaker.receive().payload == text);
  }
  EXPECT_EQ(server.counts().overflowed, 1U);
  std::uint64_t heard = 0;
  RawFrame frame;
  while ((frame = deaf.receive()).opcode == kText) ++heard;
  EXPECT_EQ(frame.code(), 1013);
  deaf.close(1013);
  EXPECT_TRUE(deaf.client().closed());
  speaker.close(1000);
  EXPECT_EQ(speaker.closed_with(), 1000);
  EXPECT_THAT(server.closed(), ElementsAre(Pair(1000, 1), Pair(1013, 1)));
  const net::WsCounters counts = server.counts();
  EXPECT_EQ(counts.messages, said);
  EXPECT_EQ(counts.deliveries - counts.undelivered, said + heard);
  EXPECT_GE(counts.undelivered, 1U);
}

TEST(WsServeSetup, Room_WhoNeverReads_IsDropped) {
  Server server({.server = {.idle_timeout = milliseconds(1000), .ws = {.max_queue = 64 * 1024}}});
  RawSocket speaker(server.port(), "/ws/room/a");
  RawSocket deaf(server.port(), "/ws/room/a");
  const std::string text(50'000, 'x');
  // Pings come in between.
  while (server.counts().closed.empty()) {
    speaker.say(text);
    RawFrame frame;
    while ((frame = speaker.receive()).opcode != kText) {
      speaker.send({.opcode = kPong, .payload = frame.payload});
    }
  }
  EXPECT_THAT(server.counts().closed, ElementsAre(Pair(1006, 1)));
  EXPECT_EQ(server.counts().overflowed, 1U);
}

// --- Switches ---

TEST(WsServeSetup, Drop_EveryNth_ReachesNobody) {
  Server server({.rooms = {.disorder = {.drop = 3}}});
  RawSocket speaker(server.port(), "/ws/room/a");
  RawSocket listener(server.port(), "/ws/room/a");
  RawSocket echo(server.port(), "/ws/echo");
  say_all(speaker, numbers(1, 10));
  for (RawSocket* socket : {&speaker, &listener}) {
    EXPECT_THAT(socket->hear(7), ElementsAre("1", "2", "4", "5", "7", "8", "10"));
  }
  say_all(echo, numbers(1, 4));
  EXPECT_THAT(echo.hear(3), ElementsAre("1", "2", "4"));
  EXPECT_EQ(server.rooms().dropped, 4U);
  EXPECT_EQ(server.counts().messages, 14U);
  EXPECT_EQ(server.counts().deliveries, 17U);
}

TEST(WsServeSetup, Duplicate_EveryNth_IsDeliveredTwice) {
  Server server({.rooms = {.disorder = {.duplicate = 2}}});
  RawSocket speaker(server.port(), "/ws/room/a");
  RawSocket listener(server.port(), "/ws/room/a");
  say_all(speaker, numbers(1, 5));
  for (RawSocket* socket : {&speaker, &listener}) {
    EXPECT_THAT(socket->hear(7), ElementsAre("1", "2", "2", "3", "4", "4", "5"));
  }
  EXPECT_EQ(server.rooms().duplicated, 2U);
  EXPECT_EQ(server.counts().deliveries, 14U);
}

TEST(WsServeSetup, Reorder_EveryNth_IsDeliveredAfterItsSuccessor) {
  Server server({.rooms = {.disorder = {.reorder = 3}}});
  RawSocket speaker(server.port(), "/ws/room/a");
  RawSocket listener(server.port(), "/ws/room/a");
  say_all(speaker, numbers(1, 9));
  for (RawSocket* socket : {&speaker, &listener}) {
    EXPECT_THAT(socket->hear(8), ElementsAre("1", "2", "4", "3", "5", "7", "6", "8"));
  }
  EXPECT_EQ(server.rooms().reordered, 2U);
  EXPECT_EQ(server.rooms().withheld, 1U);
}

TEST(WsServeSetup, DropDuplicateAndReorder_Together) {
  Server server({.rooms = {.disorder = {.drop = 4, .duplicate = 6, .reorder = 3}}});
  RawSocket socket(server.port(), "/ws/echo");
  say_all(socket, numbers(1, 13));
  // 3 is held; 4 is dropped; 6 is held, to come twice; 8 is dropped; 9 is held; 12 is dropped.
  EXPECT_THAT(socket.hear(11),
              ElementsAre("1", "2", "5", "3", "7", "6", "6", "10", "9", "11", "13"));
  const gateway::RoomCounters rooms = server.rooms();
  EXPECT_EQ(rooms.dropped, 3U);
  EXPECT_EQ(rooms.duplicated, 1U);
  EXPECT_EQ(rooms.reordered, 3U);
  EXPECT_EQ(rooms.withheld, 0U);
}

TEST(WsServeSetup, Delay_HoldsEveryNthConnectionsMessages_InOrder) {
  Server server({.server = {.ws = {.delay = milliseconds(150), .delay_every = 2}}});
  RawSocket prompt(server.port(), "/ws/room/a");
  RawSocket late(server.port(), "/ws/room/a");
  const auto begin = std::chrono::steady_clock::now();
  say_all(prompt, numbers(1, 20));
  EXPECT_EQ(prompt.hear(20), numbers(1, 20));
  EXPECT_EQ(late.hear(20), numbers(1, 20));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(150));
  EXPECT_EQ(server.counts().delayed, 20U);
  EXPECT_EQ(server.counts().deliveries, 40U);
  EXPECT_EQ(server.counts().undelivered, 0U);
}

TEST(WsServeSetup, Delay_WhatStillWaitsAtTheClose_IsUndelivered) {
  Server server({.server = {.ws = {.delay = std::chrono::seconds(600)}}});
  RawSocket socket(server.port(), "/ws/echo");
  socket.say("never");
  socket.close(1000);
  EXPECT_EQ(socket.closed_with(), 1000);
  server->stop(milliseconds(0));
  EXPECT_EQ(server.counts().deliveries, 1U);
  EXPECT_EQ(server.counts().undelivered, 1U);
}

TEST(WsServeSetup, CloseAfter_ClosesWith1001_OnceTheLastIsDelivered) {
  for (const milliseconds delay : {milliseconds(0), milliseconds(20)}) {
    Server server({.server = {.ws = {.delay = delay}}, .rooms = {.close_after = 3}});
    for (const char* path : {"/ws/echo", "/ws/room/a"}) {
      RawSocket socket(server.port(), path);
      say_all(socket, numbers(1, 5));
      EXPECT_THAT(socket.hear(3), ElementsAre("1", "2", "3")) << path;
      EXPECT_EQ(socket.closed_with(), 1001) << path;
    }
    EXPECT_THAT(server.closed(), ElementsAre(Pair(1001, 2)));
    EXPECT_EQ(server.counts().messages - server.counts().ignored, 6U);
    EXPECT_EQ(server.counts().deliveries, 6U);
    EXPECT_EQ(server.counts().undelivered, 0U);
  }
}

TEST(WsServeSetup, AcceptDelay_IsPaidByEachConnectionInTurn) {
  Server server({.server = {.accept_delay = milliseconds(40)}});
  const auto begin = std::chrono::steady_clock::now();
  RawSocket first(server.port(), "/ws/echo");
  RawSocket second(server.port(), "/ws/echo");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(80));
  EXPECT_EQ(server.counts().opened, 2U);
}

TEST(WsServeSetup, MaxMessage_IsTheLargestThatPasses) {
  Server server({.server = {.ws = {.max_message = 10}}});
  RawSocket socket(server.port(), "/ws/echo");
  socket.say("0123456789");
  EXPECT_THAT(socket.hear(1), ElementsAre("0123456789"));
  socket.say("01234567890");
  EXPECT_EQ(socket.closed_with(), 1009);
}

// --- The end, and the counts ---

TEST(WsServeSetup, Stop_ClosesWith1001_AndWaitsForTheAnswer) {
  Server server({.server = {.threads = 2}});
  RawSocket echo(server.port(), "/ws/echo");
  RawSocket room(server.port(), "/ws/room/a");
  std::uint64_t cut = 99;
  std::jthread stopper([&] { cut = server->stop(std::chrono::seconds(20)); });
  EXPECT_EQ(echo.closed_with(), 1001);
  EXPECT_EQ(room.closed_with(), 1001);
  stopper.join();
  EXPECT_EQ(cut, 0U);
  EXPECT_THAT(server.counts().closed, ElementsAre(Pair(1001, 2)));
}

TEST_F(WsServe, Stop_CutsOffWhoDoesNotAnswer) {
  RawSocket socket(server_.port(), "/ws/echo");
  EXPECT_EQ(server_->stop(milliseconds(50)), 1U);
  EXPECT_EQ(socket.closed_with(), 1001);
  EXPECT_THAT(server_.counts().closed, ElementsAre(Pair(1001, 1)));
}

TEST(WsServeSetup, Metrics_ShowTheCounts) {
  Server server({.rooms = {.disorder = {.drop = 5, .duplicate = 3, .reorder = 4}}});
  RawSocket socket(server.port(), "/ws/room/a");
  RawSocket open(server.port(), "/ws/echo");
  say_all(socket, numbers(1, 6));
  EXPECT_EQ(socket.hear(7), (std::vector<std::string>{"1", "2", "3", "3", "6", "6", "4"}));
  socket.close(4000);
  EXPECT_EQ(socket.closed_with(), 4000);
  ASSERT_TRUE(comes_true([&] { return server.counts().open() == 1; }));
  RawClient client(server.port());
  const std::string text = client.ask(get("/metrics")).body;
  for (const char* line :
       {"requests_total{route=\"/ws/room/{name}\",method=\"GET\",status=\"101\"} 1",
        "requests_total{route=\"/ws/echo\",method=\"GET\",status=\"101\"} 1",
        "websockets_opened_total 2", "websockets_open 1", "websockets_overflowed_total 0",
        "websockets_closed_total{code=\"4000\"} 1", "ws_messages_total 6", "ws_ignored_total 0",
        "ws_dropped_total 1", "ws_duplicated_total 2", "ws_reordered_total 1", "ws_withheld 0",
        "ws_deliveries_total 7", "ws_delayed_total 0", "ws_undelivered_total 0"}) {
    EXPECT_THAT(text, HasSubstr("\nscalectl_serve_" + std::string(line) + "\n"));
  }
}

}  // namespace
}  // namespace scalectl::test
