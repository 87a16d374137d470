// Truth case 7: the protocol zoo. What a server may say, and what it must not, each also with one
// byte in each write.
#include "support/load_run.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using core::kMillisecond;
using core::kSecond;
using net::FailureClass;

struct Animal {
  std::string name;
  std::string bytes;
  After after = After::kKeep;
  std::optional<FailureClass> failure{};  ///< nothing where it is an answer
  int status = 200;
  std::string method = "GET";
  std::string said{};  ///< a part of the failure's example
};

void PrintTo(const Animal& animal, std::ostream* out) { *out << animal.name; }

const std::string kBig(65'000, 'x');

std::vector<Animal> zoo() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  return {
      {"Plain", ok + "Content-Length: 2\r\n\r\nok"},
      {"EmptyBody", ok + "Content-Length: 0\r\n\r\n"},
      {"Continue", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok"},
      {"EarlyHints",
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok"},
      {"TwoInterim", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + ok +
                         "Content-Length: 2\r\n\r\nok"},
      {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", After::kKeep, {}, 204},
      {"NoContentWithLength",
       "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n",
       After::kKeep,
       {},
       204},
      {"NotModifiedWithLength",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
       After::kKeep,
       {},
       304},
      {"Head", ok + "Content-Length: 1000\r\n\r\n", After::kKeep, {}, 200, "HEAD"},
      {"HeadOfMoreThanTheLimit",
       ok + "Content-Length: 100000000000\r\n\r\n",
       After::kKeep,
       {},
       200,
       "HEAD"},
      {"HeadChunked", ok + "Transfer-Encoding: chunked\r\n\r\n", After::kKeep, {}, 200, "HEAD"},
      {"Chunked", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
      {"ChunkedWithExtensionsAndTrailers",
       ok + "Transfer-Encoding: chunked\r\nTrailer: Check\r\n\r\n"
            "5;a=b\r\nhello\r\n1;c=\"d;e\"\r\n!\r\n0;last\r\nCheck: sum\r\n\r\n"},
      {"BodyToTheEnd", ok + "\r\nall that comes", After::kClose},
      {"Http10", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", After::kClose},
      {"Http10BodyToTheEnd", "HTTP/1.0 200 OK\r\n\r\nall that comes", After::kClose},
      {"Http10KeptAlive",
       "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"},
      {"HalfClose", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok", After::kHalfClose},
      {"LargeHeaders", ok + "X-Big: " + kBig + "\r\nContent-Length: 2\r\n\r\nok"},
      {"ServerError", "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", After::kKeep, {}, 503},

      {"ShortBody", ok + "Content-Length: 10\r\n\r\nonly", After::kClose, FailureClass::kClosed, 0,
       "GET", "inside its answer"},
      {"ShortChunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", After::kClose,
       FailureClass::kClosed},
      {"NoLastChunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", After::kClose,
       FailureClass::kClosed},
      {"ShortHeader", "HTTP/1.1 200 OK\r\nContent-", After::kClose, FailureClass::kClosed},
      {"Nothing", "", After::kClose, FailureClass::kClosed, 0, "GET", "without an answer"},
      {"OnlyContinue", "HTTP/1.1 100 Continue\r\n\r\n", After::kClose, FailureClass::kClosed},
      {"ResetInPlaceOfAnAnswer", "", After::kReset, FailureClass::kReset},
      {"Garbage", "what is this?\r\n\r\n", After::kKeep, FailureClass::kProtocol},
      {"AnotherProtocol", "SSH-2.0-OpenSSH_9.2p1\r\n", After::kKeep, FailureClass::kProtocol},
      {"BadStatus", "HTTP/1.1 abc OK\r\n\r\n", After::kKeep, FailureClass::kProtocol},
      {"BadChunk", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", After::kKeep,
       FailureClass::kProtocol},
      {"BadLength", ok + "Content-Length: -5\r\n\r\n", After::kKeep, FailureClass::kProtocol},
      {"TwoLengths", ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk", After::kKeep,
       FailureClass::kProtocol},
      {"EndlessHeaders", ok + "X-Big: " + kBig + kBig, After::kKeep, FailureClass::kProtocol, 0,
       "GET", "header"},
      {"BodyOverTheLimit", ok + "Content-Length: 10001\r\n\r\n", After::kKeep,
       FailureClass::kProtocol, 0, "GET", "body"},
      {"ChunksOverTheLimit",
       ok + "Transfer-Encoding: chunked\r\n\r\n2712\r\n" + std::string(10'002, 'x'), After::kKeep,
       FailureClass::kProtocol, 0, "GET", "body"},
  };
}

/// Three requests, one after another.
Ran three_of(const Animal& animal, bool trickle) {
  ScriptedServer server([&](const Asked&) {
    return Reply{.bytes = animal.bytes, .trickle = trickle, .after = animal.after};
  });
  load::HttpPlan plan = plan_for(server);
  plan.request.method = animal.method;
  plan.count = 3;
  plan.timeout = 5 * kSecond;
  plan.limits = {.header_bytes = 100'000, .body_bytes = 10'000};
  const Ran ran = run(plan);
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(ran.counts().sent, 3);
  EXPECT_EQ(ran.counts().timeout, 0);
  return ran;
}

class LoadProtocol : public testing::TestWithParam<Animal> {};

TEST_P(LoadProtocol, IsTakenForWhatItIs) {
  const Animal& animal = GetParam();
  for (const bool trickle : {false, true}) {
    SCOPED_TRACE(trickle ? "byte by byte" : "at once");
    const Ran ran = three_of(animal, trickle);
    if (animal.failure) {
      EXPECT_EQ(ran.counts().transport_error, 3);
      const auto& entry = ran.outcome.tally.failures[static_cast<std::size_t>(*animal.failure)];
      EXPECT_EQ(entry.count, 3) << net::name_of(*animal.failure);
      EXPECT_THAT(entry.example, testing::HasSubstr(animal.said));
      EXPECT_EQ(ran.latencies().response.count(), 0);
    } else {
      EXPECT_EQ(ran.outcome.tally.statuses, (std::map<int, std::uint64_t>{{animal.status, 3}}));
      EXPECT_EQ(ran.counts().transport_error, 0);
      EXPECT_EQ(ran.latencies().service.count(), 3);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, LoadProtocol, testing::ValuesIn(zoo()),
                         [](const auto& each) { return each.param.name; });

// A reset may overtake what was written before it: the body's end never comes, in either class.
TEST(LoadProtocolTrouble, ResetInsideABody_IsAFailure) {
  const Ran ran = three_of({.name = "",
                            .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nonly",
                            .after = After::kReset},
                           false);
  EXPECT_EQ(ran.counts().transport_error, 3);
  EXPECT_EQ(ran.failures(FailureClass::kReset), 3);
}

TEST(LoadProtocolTrouble, BytesBehindAnAnswer_AreNoAnswerToTheNextRequest) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200) + answer(200)}; });
  load::HttpPlan plan = plan_for(server);
  plan.count = 6;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().sent, 6);
  EXPECT_LE(ran.counts().ok, server.requests()) << "an answer too many was taken for one";
  EXPECT_EQ(ran.failures(FailureClass::kProtocol) + ran.failures(FailureClass::kClosed) +
                ran.failures(FailureClass::kReset),
            ran.counts().transport_error);
  EXPECT_GT(ran.failures(FailureClass::kProtocol), 0);
}

// They end the connection before the run has begun: that belongs into none of its seconds.
TEST(LoadProtocolTrouble, BytesBeforeTheRun_AddNoSecondToIt) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(201)}; },
                        {.greeting = Reply{.bytes = answer(200)}});
  load::HttpPlan plan = plan_for(server);
  plan.schedule = load::Schedule::constant(load::parse_rate("10/s"), kSecond);
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().sent, 10);
  for (const load::SeriesRow& row : ran.outcome.series) EXPECT_LE(row.second, 2);
}

// One header byte each 20 ms, for ever: only the timeout ends it, and it is what was measured.
TEST(LoadTimeout, SlowLoris_EndsAtTheTimeoutAndRecordsIt) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = "HTTP/1.1 200 OK\r\nX: 1", .more = "2", .more_delay = 100ms};
  });
  load::HttpPlan plan = plan_for(server);
  plan.connections = 2;
  plan.count = 4;
  plan.timeout = 300 * kMillisecond;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().sent, 4);
  EXPECT_EQ(ran.counts().timeout, 4);
  EXPECT_EQ(ran.failures(FailureClass::kTimeout), 4);
  EXPECT_EQ(ran.latencies().response.count(), 4);
  EXPECT_GE(ran.latencies().response.min(), 300 * kMillisecond);
  EXPECT_GE(ran.latencies().service.min(), 300 * kMillisecond);
}

TEST(LoadTimeout, InAnOpenRun_CountsFromThePlannedInstant) {
  ScriptedServer server([](const Asked&) { return Reply{}; });
  load::HttpPlan plan = plan_for(server);
  plan.schedule = load::Schedule::constant(load::parse_rate("10/s"), std::nullopt, 3);
  plan.timeout = 200 * kMillisecond;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().timeout, 3);
  // At 0, 100 and 200 ms, over one connection: done at 200, 400 and 600 ms.
  ASSERT_EQ(ran.samples.size(), 3);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(ran.samples[k].outcome, "timeout");
    EXPECT_GE(ran.samples[k].service_ms, 200);
    EXPECT_GE(ran.samples[k].response_ms, 200 + 100 * static_cast<double>(k));
  }
}

}  // namespace
}  // namespace scalectl::test
