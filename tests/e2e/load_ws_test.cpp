// load ws through the binary: what it refuses, and a Result that keeps its contract.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/serving.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kNobody = "ws://127.0.0.1:1/";

Outcome ws(const std::string& url, std::vector<std::string> more) {
  more.insert(more.begin(), {"load", "ws", url});
  return scalectl(more);
}

struct WsSlip {
  std::string name;
  std::string url;
  std::vector<std::string> options;
  std::string says;
};

void PrintTo(const WsSlip& slip, std::ostream* out) { *out << slip.name; }

class LoadWsSlip : public testing::TestWithParam<WsSlip> {};

TEST_P(LoadWsSlip, IsRefusedWithItsPlace) {
  const Outcome outcome = ws(GetParam().url, GetParam().options);
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().says));
}

const WsSlip kSlips[] = {
    {"HttpScheme", "http://h/", {}, "that is for load http"},
    {"SendHowOften", kNobody, {"--send", "x"}, "how often"},
    {"ExpectWithoutSend", kNobody, {"--expect", "echo"}, "nothing is sent"},
    {"EveryAndRate", kNobody, {"--send", "x", "--every", "1s", "-R", "5/s"}, "--every and --rate"},
    {"TooManySpeakers",
     kNobody,
     {"--send", "x", "--every", "1s", "--speakers", "20"},
     "--speakers 20"},
    {"ExpectEverybody", kNobody, {"--send", "x", "--every", "1s", "--expect", "all"}, "\"all\""},
    {"TlsForWs", kNobody, {"-k"}, "wss"},
    {"SubprotocolOfTwoWords", kNobody, {"--subprotocol", "a b"}, "\"a b\""},
    {"HeaderOfAnExtension", kNobody, {"-H", "Sec-WebSocket-Extensions: x"}, "give --deflate"},
    {"DeflateBits", kNobody, {"--deflate", "--deflate-bits", "16"}, "--deflate-bits 16"},
    {"DeflateBitsAlone", kNobody, {"--deflate-bits", "9"}, "without --deflate"},
    {"NoTakeoverAlone", kNobody, {"--deflate-no-takeover"}, "without --deflate"},
    {"HeaderOfTheUpgrade", kNobody, {"-H", "Upgrade: x"}, "Upgrade is set by scalectl"},
    {"NoDuration", kNobody, {"-d", "0"}, "--duration"},
    {"NoConnections", kNobody, {"-c", "0"}, "--connections 0"},
    {"Rate", kNobody, {"--send", "x", "-R", "10x"}, "--rate"},
    {"HugeMessage",
     kNobody,
     {"--send", "x", "--every", "1s", "--message-size", "1TB"},
     "--message-size 1TB"},
    {"MessageNobodyTakes",
     kNobody,
     {"--send", "x", "--expect", "echo", "--message-size", "2MB", "--max-message", "1MB"},
     "--message-size 2MB with --max-message 1MB"},
    {"ReadRate", kNobody, {"--read-rate", "0"}, "--read-rate"},
};

INSTANTIATE_TEST_SUITE_P(Every, LoadWsSlip, testing::ValuesIn(kSlips),
                         [](const auto& each) { return each.param.name; });

TEST(LoadWsServer, NobodyThere_IsExit3OfClassRefused) {
  const Outcome outcome = ws(kNobody, {"-d", "1s"});
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, HasSubstr(" refused: "));
}

class LoadWsRun : public testing::Test {
 protected:
  std::string url(const std::string& path) {
    return "ws://127.0.0.1:" + std::to_string(server_.port()) + path;
  }
  BackgroundServer server_{{}};
};

TEST_F(LoadWsRun, Room_ResultKeepsItsContractAndItsThresholdDecides) {
  const Outcome outcome =
      ws(url("/ws/room/a"),
         {"-c", "10", "--speakers", "2", "--send", "hello", "-R", "100/s", "-d", "1s", "--expect",
          "room", "--threshold", "lost==0", "duplicated>0", "--format", "json"});
  EXPECT_EQ(outcome.code, 1);
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_EQ(integer_at(result, "metrics.messages.sent"), 100);
  EXPECT_EQ(integer_at(result, "metrics.messages.expected"), 1000);
  EXPECT_EQ(integer_at(result, "metrics.messages.delivered"), 1000);
  EXPECT_EQ(integer_at(result, "metrics.latency_ms.fanout.count"), 900);
  EXPECT_EQ(integer_at(result, "metrics.closes.1000"), 10);
  // Deliveries a second are those of the second, not of the wait for silence after it.
  EXPECT_LT(1000 / at(result, "metrics.throughput_rps").number(),
            at(result, "elapsed_s").number() - 0.45);
}

TEST_F(LoadWsRun, NobodyExpected_NothingIsSaidOfWhatWasLost) {
  const Outcome outcome = ws(url("/ws/echo"), {"-c", "2", "--send", "hello", "-R", "100/s", "-d",
                                               "200ms", "--threshold", "lost==0"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("no data"));
  EXPECT_THAT(outcome.out, HasSubstr("delivered"));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("expected")));
  EXPECT_THAT(outcome.out, testing::Not(HasSubstr("unfinished")));
}

TEST_F(LoadWsRun, UpgradeRefused_FailsAndShowsTheStatus) {
  const Outcome outcome = ws(url("/api/health"), {"-c", "2", "-d", "100ms"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("upgrade refused: status 200"));
}

}  // namespace
}  // namespace scalectl::test
