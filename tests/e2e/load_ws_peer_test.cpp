// load ws against WebSocket servers that are not ours: Debian's python3-websockets and node-ws.
#include <gmock/gmock.h>

#include "support/foreign.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The ports of the servers.
constexpr std::size_t kPlain = 0;
constexpr std::size_t kDeflate = 1;
constexpr std::size_t kInsists = 2;  // on no takeover, and on windows of 10 bits

constexpr std::int64_t kSockets = 3;
constexpr std::int64_t kMessage = 3000;

class LoadWsPeer : public testing::TestWithParam<const char*> {
 protected:
  core::Value run(std::size_t port, const std::string& path, std::vector<std::string> more) const {
    more.insert(more.begin(), {"load", "ws", server_.url(port, path), "--format", "json"});
    const Outcome outcome = scalectl(more);
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty());
    return result;
  }

  /// Every message comes back as it was said; the Result.
  core::Value echo(std::size_t port, const std::string& path, std::vector<std::string> more) const {
    more.insert(more.end(), {"-c", "3", "-d", "250ms", "--expect", "echo", "--send",
                             R"({"text":"größer 漢字 🎲"})", "--message-size", "3000"});
    const core::Value result = run(port, path, more);
    const auto count = [&](const std::string& name) {
      return integer_at(result, "metrics.messages." + name);
    };
    EXPECT_GT(count("sent"), kSockets);
    EXPECT_EQ(count("delivered"), count("sent"));
    EXPECT_EQ(count("foreign") + count("duplicated") + count("reordered"), 0);
    EXPECT_EQ(integer_at(result, "metrics.closes.1000"), kSockets);
    return result;
  }

  /// As echo(), compressed on the wire in both directions.
  void compressed_echo(std::size_t port, const std::vector<std::string>& more) const {
    std::vector<std::string> options{"--deflate"};
    options.insert(options.end(), more.begin(), more.end());
    const core::Value result = echo(port, "/echo", options);
    EXPECT_EQ(integer_at(result, "metrics.connections.compressed"), kSockets);
    const std::int64_t messages = integer_at(result, "metrics.messages.sent");
    EXPECT_LT(integer_at(result, "metrics.bytes_in"), messages * kMessage / 5);
    EXPECT_LT(integer_at(result, "metrics.bytes_out"), messages * kMessage / 5);
  }

  ForeignServer server_{GetParam()};
};

TEST_P(LoadWsPeer, Echo_PlainAndInFragmentsWithPings) {
  const core::Value result = echo(kPlain, "/echo", {});
  EXPECT_GT(integer_at(result, "metrics.bytes_in"),
            integer_at(result, "metrics.messages.sent") * kMessage);
  echo(kPlain, "/fragments", {});
  const core::Value declined = echo(kPlain, "/echo", {"--deflate"});
  EXPECT_EQ(integer_at(declined, "metrics.connections.compressed"), 0);
  EXPECT_THAT(text_at(declined, "notes.0"), HasSubstr("did not take up permessage-deflate on 3"));
}

TEST_P(LoadWsPeer, Deflate_WithAndWithoutTakeover_AndSmallerWindows) {
  compressed_echo(kDeflate, {});
  compressed_echo(kDeflate, {"--deflate-no-takeover"});
  compressed_echo(kDeflate, {"--deflate-bits", "9"});
  compressed_echo(kInsists, {});
  echo(kDeflate, "/fragments", {"--deflate"});
}

TEST_P(LoadWsPeer, Closes_AreCountedWithTheirReasons) {
  const core::Value closed = run(kPlain, "/close", {"-c", "6", "-d", "250ms"});
  const std::vector<int> codes{1000, 1001, 1008, 1009, 1011, 4000};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::string row = "tables.closes." + std::to_string(i);
    EXPECT_EQ(integer_at(closed, row + ".code"), codes[i]);
    EXPECT_EQ(integer_at(closed, row + ".count"), 1);
    EXPECT_EQ(text_at(closed, row + ".by"), "server");
    EXPECT_EQ(text_at(closed, row + ".reason"), "because of " + std::to_string(codes[i]));
    EXPECT_EQ(integer_at(closed, "metrics.closes." + std::to_string(codes[i])), 1);
  }
  EXPECT_EQ(integer_at(closed, "metrics.connections.disconnects"), 6);
  const core::Value dropped = run(kPlain, "/drop", {"-c", "2", "-d", "250ms"});
  EXPECT_EQ(integer_at(dropped, "metrics.closes.1006"), 2);
}

TEST_P(LoadWsPeer, WhoSaysTooMuch_IsToldSoBeforeTheConnectionEnds) {
  const core::Value result =
      run(kPlain, "/long", {"-c", "1", "-d", "250ms", "--max-message", "1MB"});
  EXPECT_EQ(integer_at(result, "metrics.closes.1009"), 1);
  EXPECT_TRUE(
      eventually([&] { return server_.said().find("closed with 1") != std::string::npos; }));
  EXPECT_THAT(server_.said(), HasSubstr("closed with 1009\n"));
}

INSTANTIATE_TEST_SUITE_P(Debians, LoadWsPeer, testing::Values("ws_server.py", "ws_server.js"),
                         [](const auto& script) {
                           return std::string(script.param).ends_with("py") ? "Python3Websockets"
                                                                            : "NodeWs";
                         });

}  // namespace
}  // namespace scalectl::test
