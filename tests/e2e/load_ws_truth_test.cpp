// load ws against servers that do wrong, from the handshake on: what it says of them.
#include <gmock/gmock.h>

#include "net/ws_deflate.hpp"
#include "net/ws_handshake.hpp"
#include "support/command.hpp"
#include "support/json.hpp"
#include "support/raw_socket.hpp"
#include "support/running.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kSockets = 2;

std::string key_of(const Asked& asked) {
  const std::string name = "Sec-WebSocket-Key: ";
  const std::size_t at = asked.head.find(name) + name.size();
  return asked.head.substr(at, asked.head.find("\r\n", at) - at);
}

/// The handshake's answer as it should be; `more` header lines end with CRLF.
std::string upgrade(const Asked& asked, const std::string& more = "") {
  return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Accept: " +
         net::ws_accept(key_of(asked)) + "\r\n" + more + "\r\n";
}

struct Wrong {
  std::string name;
  std::function<Reply(const Asked&)> script;
  std::string kind;  ///< class of failure, or the close code
  std::string says;  ///< its example, or the reason
  std::vector<std::string> options = {};
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class LoadWsTruth : public testing::TestWithParam<Wrong> {
 protected:
  core::Value run(int code) {
    std::vector<std::string> arguments{
        "load", "ws", "ws" + server_.url().substr(4), "-c", "2", "-d", "150ms", "--format", "json"};
    arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
    const Outcome outcome = scalectl(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty());
    return result;
  }
  ScriptedServer server_{GetParam().script};
};

// --- The upgrade ---

class LoadWsUpgrade : public LoadWsTruth {};

TEST_P(LoadWsUpgrade, Fails_WithItsClassAndWhy) {
  const core::Value result = run(1);
  EXPECT_EQ(text_at(result, "verdict"), "fail");
  EXPECT_EQ(integer_at(result, "metrics.connections.opened"), 0);
  EXPECT_EQ(integer_at(result, "metrics.connections.failed"), kSockets);
  EXPECT_EQ(integer_at(result, "metrics.failures." + GetParam().kind), kSockets);
  EXPECT_THAT(text_at(result, "tables.failures.0.example"), HasSubstr(GetParam().says));
}

Reply refusal(int status) { return {.bytes = answer(status, "Connection: close\r\n")}; }

const Wrong kUpgrades[] = {
    {"Status403", [](const Asked&) { return refusal(403); }, "protocol",
     "upgrade refused: status 403"},
    {"Status200", [](const Asked&) { return refusal(200); }, "protocol",
     "upgrade refused: status 200"},
    {"WrongAcceptKey",
     [](const Asked&) {
       Asked other;
       other.head = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
       return Reply{.bytes = upgrade(other)};
     },
     "protocol", "upgrade refused: wrong Sec-WebSocket-Accept"},
    {"SubprotocolNotAskedFor",
     [](const Asked& asked) {
       return Reply{.bytes = upgrade(asked, "Sec-WebSocket-Protocol: game.v3\r\n")};
     },
     "protocol",
     "upgrade refused: a subprotocol that nobody asked for: game.v3",
     {"--subprotocol", "game.v2"}},
    {"SubprotocolNotTaken",
     [](const Asked& asked) { return Reply{.bytes = upgrade(asked)}; },
     "protocol",
     "upgrade refused: none of the subprotocols was taken",
     {"--subprotocol", "game.v2"}},
    {"ExtensionNotAskedFor",
     [](const Asked& asked) {
       return Reply{.bytes = upgrade(asked, "Sec-WebSocket-Extensions: permessage-deflate\r\n")};
     },
     "protocol", "upgrade refused: an extension that nobody asked for: permessage-deflate"},
    {"LargerWindowThanAskedFor",
     [](const Asked& asked) {
       return Reply{.bytes = upgrade(asked,
                                     "Sec-WebSocket-Extensions: permessage-deflate; "
                                     "server_max_window_bits=11\r\n")};
     },
     "protocol",
     "upgrade refused: permessage-deflate with a server's window of 11 bits, not 10",
     {"--deflate", "--deflate-bits", "10"}},
    {"NoHttp", [](const Asked&) { return Reply{.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}; }, "protocol",
     "upgrade refused: not HTTP"},
    {"ClosedBeforeIt", [](const Asked&) { return Reply{.after = After::kClose}; }, "closed",
     "closed the connection before the upgrade"},
    {"NeverAnswered",
     [](const Asked&) { return Reply{}; },
     "timeout",
     "no upgrade in time",
     {"--connect-timeout", "200ms"}},
};

INSTANTIATE_TEST_SUITE_P(Each, LoadWsUpgrade, testing::ValuesIn(kUpgrades),
                         [](const auto& wrong) { return wrong.param.name; });

// --- The frames ---

class LoadWsFrames : public LoadWsTruth {};

TEST_P(LoadWsFrames, EndWithTheRightCode) {
  const core::Value result = run(0);
  EXPECT_EQ(integer_at(result, "metrics.connections.opened"), kSockets);
  EXPECT_EQ(integer_at(result, "metrics.connections.disconnects"), kSockets);
  EXPECT_EQ(integer_at(result, "metrics.closes." + GetParam().kind), kSockets);
  EXPECT_EQ(text_at(result, "tables.closes.0.by"), GetParam().kind == "1006" ? "server" : "client");
  EXPECT_EQ(text_at(result, "tables.closes.0.reason"), GetParam().says);
  EXPECT_EQ(integer_at(result, "metrics.messages.foreign"), 0);
}

/// Says `frames` right behind its answer, as a server does: without masks, but where one is to be.
auto saying(std::vector<RawFrame> frames, bool masked = false, After after = After::kKeep) {
  return [frames = std::move(frames), masked, after](const Asked& asked) {
    Reply reply{.bytes = upgrade(asked), .after = after};
    for (RawFrame frame : frames) {
      frame.masked = masked;
      reply.bytes += frame.bytes();
    }
    return reply;
  };
}

Reply bomb(const Asked& asked) {
  net::WsCompressor compressor({});
  RawFrame frame{.payload = std::string(compressor.compress(std::string(3'000'000, 'x'))),
                 .masked = false,
                 .reserved = 4};
  return {.bytes =
              upgrade(asked, "Sec-WebSocket-Extensions: permessage-deflate\r\n") + frame.bytes()};
}

const Wrong kFrames[] = {
    {"Masked", saying({{.payload = "hello"}}, true), "1002", ""},
    {"MessageWithinFragments", saying({{.fin = false, .payload = "a"}, {.payload = "b"}}), "1002",
     ""},
    {"ContinuationOfNothing", saying({{.opcode = kContinuation, .payload = "a"}}), "1002", ""},
    {"BadUtf8", saying({{.payload = "a\xff"}}), "1007", ""},
    {"TooLong",
     saying({{.payload = std::string(1'000'001, 'x')}}),
     "1009",
     "",
     {"--max-message", "1MB"}},
    {"Bomb", bomb, "1009", "", {"--deflate", "--max-message", "1MB"}},
    {"NoCloseFrame", saying({}, false, After::kClose), "1006", "the server closed the connection"},
    {"Reset", saying({}, false, After::kReset), "1006", "read: Connection reset by peer"},
};

INSTANTIATE_TEST_SUITE_P(Each, LoadWsFrames, testing::ValuesIn(kFrames),
                         [](const auto& wrong) { return wrong.param.name; });

// --- The run as a whole ---

/// load ws against a server with `script`; throws where it does not come to its end.
Outcome ended(const ScriptedServer::Script& script, std::vector<std::string> options) {
  const ScriptedServer server(script);
  options.insert(options.begin(), {"load", "ws", "ws" + server.url().substr(4)});
  return Running(options).wait(std::chrono::seconds(30));
}

TEST(LoadWsRunOf, EveryUpgradeRefused_IsOverAtOnce) {
  const Outcome outcome = ended([](const Asked&) { return Reply{.bytes = answer(503)}; },
                                {"-c", "4", "-t", "2", "-d", "1h"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("no WebSocket was opened"));
}

TEST(LoadWsRunOf, ServerThatClosesAtOnce_WhoReconnectsLetsTheOthersOpen) {
  const auto close_at_once = [](const Asked& asked) {
    return Reply{.bytes = upgrade(asked) + RawFrame{.opcode = kClose, .masked = false}.bytes(),
                 .after = After::kClose};
  };
  const Outcome outcome = ended(close_at_once, {"-c", "300", "-d", "200ms", "--reconnect",
                                                "--reconnect-jitter", "10ms", "--format", "json"});
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_GE(integer_at(result, "metrics.connections.opened"), 300);
  EXPECT_GT(integer_at(result, "metrics.connections.reopened"), 0);
}

TEST(LoadWsRunOf, ServerThatSwallowsEverything_IsSaidToHaveAnsweredNothing) {
  const Outcome outcome =
      ended([](const Asked& asked) { return Reply{.bytes = upgrade(asked)}; },
            {"-c", "1", "-d", "100ms", "--send", "hello", "--expect", "echo", "--drain", "100ms"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("no message came back"));
}

}  // namespace
}  // namespace scalectl::test
