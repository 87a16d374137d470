// The reference server over real sockets: its routes, the protocol, its limits and its counts.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "core/text.hpp"
#include "gateway/reference.hpp"
#include "net/http_server.hpp"
#include "support/command.hpp"
#include "support/raw_client.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"

namespace scalectl::test {
namespace {

using net::ServerFault;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// gateway::Reference on a free port of 127.0.0.1, or wherever the options say.
class Server {
 public:
  explicit Server(net::ServerOptions options = {}) : Server(options, options.port = 0) {}
  Server(net::ServerOptions options, int port)
      : reference_(options.threads), server_(with_port(std::move(options), port), reference_) {
    reference_.watch(server_);
    server_.start();
  }

  int port() const { return server_.port(); }
  net::HttpServer& operator*() { return server_; }
  net::HttpServer* operator->() { return &server_; }
  std::uint64_t faults(ServerFault fault) const {
    return server_.counters().faults[static_cast<std::size_t>(fault)];
  }
  std::vector<std::string> counts() const {
    std::vector<std::string> lines;
    for (const auto& row : reference_.counts()) {
      lines.push_back(std::string(row.method) + " " + std::string(row.route) + " " +
                      std::to_string(row.status) + " " + std::to_string(row.count));
    }
    return lines;
  }

 private:
  static net::ServerOptions with_port(net::ServerOptions options, int port) {
    options.port = port;
    return options;
  }
  gateway::Reference reference_;
  net::HttpServer server_;
};

/// The server that most tests ask, and a connection to it.
class Serve : public testing::Test {
 protected:
  Server server_;
  RawClient client_{server_.port()};
};

TEST_F(Serve, Health_IsASmallBodyOfJson) {
  const RawResponse response = client_.ask(get("/api/health"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-type"), "application/json");
  EXPECT_EQ(response.header("content-length"), "16");
  EXPECT_EQ(response.body, "{\"status\":\"ok\"}\n");
  EXPECT_THAT(response.header("date"), EndsWith(" GMT"));
  EXPECT_EQ(response.header("connection"), "");
}

TEST_F(Serve, Health_TakesQueryAndAbsoluteForm) {
  EXPECT_EQ(client_.ask(get("/api/health?a=/delay/1")).status, 200);
  EXPECT_EQ(client_.ask(get("http://x/api/health?a")).status, 200);
  EXPECT_EQ(client_.ask(get("http://x")).status, 404);
}

TEST_F(Serve, Delay_AnswersNoSooner_AndHoldsNobodyElseUp) {
  const auto begin = std::chrono::steady_clock::now();
  client_.send(get("/delay/300"));
  RawClient other(server_.port());
  EXPECT_EQ(other.ask(get("/delay/0")).status, 200);
  const auto meanwhile = std::chrono::steady_clock::now() - begin;
  const RawResponse response = client_.receive();
  const auto whole = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"delay_ms\":300}\n");
  EXPECT_GE(whole, milliseconds(300));
  EXPECT_LT(meanwhile, whole);
}

TEST_F(Serve, Delay_OutOfRange_Is400) {
  for (const char* operand : {"60001", "-1", "", "1s", "1.5", "99999999999999999999", "+1"}) {
    EXPECT_EQ(client_.ask(get(std::string("/delay/") + operand)).status, 400) << operand;
  }
}

TEST_F(Serve, Status_IsTheOneAskedFor) {
  for (const int code : {200, 201, 299, 300, 301, 302, 399, 400, 404, 418, 429, 500, 503, 599}) {
    const RawResponse response = client_.ask(get("/status/" + std::to_string(code)));
    EXPECT_EQ(response.status, code);
    EXPECT_EQ(response.body, "{\"status\":" + std::to_string(code) + "}\n");
    EXPECT_EQ(response.header("location"), code / 100 == 3 ? "/api/health" : "") << code;
  }
}

TEST_F(Serve, Status_WithoutBody) {
  for (const int code : {204, 205, 304}) {
    const RawResponse response = client_.ask(get("/status/" + std::to_string(code)));
    EXPECT_EQ(response.status, code);
    EXPECT_EQ(response.header("content-length"), code == 205 ? "0" : "");
    EXPECT_EQ(response.body, "");
  }
  EXPECT_EQ(client_.ask(get("/api/health")).status, 200) << "the connection lives on";
}

TEST_F(Serve, Status_OutOfRange_Is400) {
  for (const char* operand : {"199", "600", "100", "abc", "", "200/"}) {
    EXPECT_EQ(client_.ask(get(std::string("/status/") + operand)).status, 400) << operand;
  }
}

TEST_F(Serve, Echo_GivesTheBodyAndItsTypeBack) {
  const RawResponse response = client_.ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\ncontent-TYPE: text/x-test\r\nContent-Length: "
      "5\r\n\r\nhello");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-type"), "text/x-test");
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(client_.ask(post("/echo", "")).body, "");
}

TEST_F(Serve, Echo_OfMegabytes_SurvivesPartialWrites) {
  std::string body(7'000'000, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
  std::jthread writer([&] { client_.send(post("/echo", body)); });
  EXPECT_TRUE(client_.receive().body == body);
}

TEST_F(Serve, Login_GivesATokenThatIsASession) {
  const std::string head = "Host: h\r\nContent-Length: 3\r\n\r\nann";
  const RawResponse first = client_.ask("POST /api/login HTTP/1.1\r\n" + head);
  const RawResponse second = client_.ask("POST /api/login HTTP/1.1\r\n" + head);
  EXPECT_EQ(first.status, 200);
  EXPECT_THAT(first.body, testing::MatchesRegex("\\{\"token\":\"[0-9a-f]{16}\"\\}\n"));
  EXPECT_NE(first.body, second.body);
  const std::string token = first.body.substr(10, 16);
  EXPECT_EQ(first.header("set-cookie"), "session=" + token + "; Path=/; HttpOnly");

  const auto session = [&](const std::string& header) {
    return client_.ask("GET /api/session HTTP/1.1\r\nHost: h\r\n" + header + "\r\n\r\n");
  };
  for (const std::string& header :
       {"Cookie: a=b; session=" + token, "Authorization: Bearer " + token}) {
    const RawResponse shown = session(header);
    EXPECT_EQ(shown.status, 200) << header;
    EXPECT_EQ(shown.body, first.body) << header;
  }
  for (const char* header : {"X: y", "Cookie: session=", "Cookie: xsession=0123456789abcdef",
                             "Authorization: Bearer nobody", "Cookie: session=0123456789ABCDEF"}) {
    EXPECT_EQ(session(header).status, 401) << header;
  }
  EXPECT_EQ(session("X: y").header("www-authenticate"), "Bearer");
}

TEST_F(Serve, Login_WithoutABody_Is400) {
  EXPECT_EQ(client_.ask("POST /api/login HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status,
            400);
  EXPECT_EQ(client_.ask(get("/api/login")).status, 405);
}

TEST_F(Serve, UnknownPathAndMethod) {
  EXPECT_EQ(client_.ask(get("/nothing")).status, 404);
  EXPECT_EQ(client_.ask(get("/api/health/")).status, 404);
  const RawResponse wrong = client_.ask(post("/api/health", "x"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "GET, HEAD");
  EXPECT_EQ(client_.ask(get("/echo")).header("allow"), "POST");
  EXPECT_EQ(client_.ask("BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n").status, 405);
}

TEST_F(Serve, Head_HasTheLengthAndNoBody) {
  client_.send("HEAD /api/health HTTP/1.1\r\nHost: x\r\n\r\n" + get("/status/201"));
  const RawResponse head = client_.receive(false);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "16");
  EXPECT_EQ(client_.receive().status, 201);
}

TEST_F(Serve, Pipelined_AreAnsweredInOrder) {
  std::string requests = get("/delay/50");
  for (int i = 0; i < 300; ++i) {
    requests +=
        i % 3 == 0 ? post("/echo", std::to_string(i)) : get("/status/" + std::to_string(200 + i));
  }
  client_.send(requests);
  EXPECT_EQ(client_.receive().body, "{\"delay_ms\":50}\n");
  for (int i = 0; i < 300; ++i) {
    const RawResponse response = client_.receive(i != 4 && i != 5 && i != 104);
    if (i % 3 == 0) {
      EXPECT_EQ(response.body, std::to_string(i));
    } else {
      EXPECT_EQ(response.status, 200 + i);
    }
  }
}

TEST_F(Serve, OneBytePerWrite) {
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nTrailer: t\r\n\r\n";
  client_.trickle(get("/api/health") + post("/echo", "abc") + chunked);
  EXPECT_EQ(client_.receive().status, 200);
  EXPECT_EQ(client_.receive().body, "abc");
  EXPECT_EQ(client_.receive().body, "hello!");
}

TEST_F(Serve, EmptyLinesBeforeARequest_ArePassedOver) {
  EXPECT_EQ(client_.ask("\r\n\r\n" + get("/api/health")).status, 200);
}

TEST_F(Serve, ConnectionClose_ClosesAfterTheAnswer) {
  const RawResponse response =
      client_.ask("GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("connection"), "close");
  EXPECT_TRUE(client_.closed());
}

TEST_F(Serve, Http10_ClosesUnlessAskedToKeepAlive) {
  const RawResponse kept =
      client_.ask("GET /api/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.header("connection"), "keep-alive");
  EXPECT_EQ(client_.ask("GET /api/health HTTP/1.0\r\n\r\n").header("connection"), "close");
  EXPECT_TRUE(client_.closed());
}

TEST_F(Serve, ExpectContinue_IsToldToGoOn) {
  client_.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client_.receive(false).status, 100);
  EXPECT_EQ(client_.ask("ok").body, "ok");
  const RawResponse at_once = client_.ask(
      "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(at_once.body, "no") << "who has not waited need not be told";
}

TEST_F(Serve, HalfClose_StillGetsTheAnswer) {
  client_.send(get("/delay/20") + get("/api/health"));
  client_.finish();
  EXPECT_EQ(client_.receive().status, 200);
  EXPECT_EQ(client_.receive().status, 200);
  EXPECT_TRUE(client_.closed());
}

/// What is turned away, with which status and as which fault; the connection is closed after it.
struct BadCase {
  std::string name;
  std::string request;
  int status;
  ServerFault fault;
};

class ServeBad : public testing::TestWithParam<BadCase> {};

TEST_P(ServeBad, IsRefusedAndClosed) {
  net::ServerOptions options;
  options.max_body_bytes = 1000;
  Server server(options);
  for (const bool trickled : {false, true}) {
    RawClient client(server.port());
    try {
      trickled ? client.trickle(GetParam().request) : client.send(GetParam().request);
    } catch (const std::runtime_error&) {
      EXPECT_TRUE(trickled) << "closed in the midst of a request";
    }
    const RawResponse response = client.receive();
    EXPECT_EQ(response.status, GetParam().status);
    EXPECT_EQ(response.header("connection"), "close");
    EXPECT_THAT(response.body, StartsWith("{\"error\":"));
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(server.faults(GetParam().fault), 2);
  EXPECT_EQ(server->counters().all_faults(), 2);
  EXPECT_EQ(server->counters().requests, 0);
}

std::vector<BadCase> bad_cases() {
  const std::string line = "POST /echo HTTP/1.1\r\n";
  const std::string host = line + "Host: x\r\n";
  std::string endless = get("/api/health");
  endless.resize(endless.size() - 2);
  for (int i = 0; i < 2000; ++i) endless += "Name-" + std::to_string(i) + ": value\r\n";
  using enum ServerFault;
  return {
      {"Garbage", "hello there\r\n\r\n", 400, kBadRequest},
      {"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400, kBadRequest},
      {"NoHost", line + "\r\n", 400, kBadRequest},
      {"TwoHosts", host + "Host: y\r\n\r\n", 400, kBadRequest},
      {"BadField", host + "No colon\r\n\r\n", 400, kBadRequest},
      {"BadLength", host + "Content-Length: x\r\n\r\n", 400, kBadRequest},
      {"TwoLengths", host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, kBadRequest},
      {"LengthAndChunks", host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       kBadRequest},
      {"BadChunk", host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, kBadRequest},
      {"Coding", host + "Transfer-Encoding: gzip\r\n\r\n", 501, kNotImplemented},
      {"Version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, kVersion},
      {"LongTarget", get("/" + std::string(20'000, 'a')), 431, kHeadersTooLarge},
      {"LongHeader", host + "Name: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
       kHeadersTooLarge},
      {"ManyHeaders", endless, 431, kHeadersTooLarge},
      {"LongTogether",
       "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: " + std::string(9000, 'a') +
           "\r\n\r\n",
       431, kHeadersTooLarge},
      {"LargeBody", post("/echo", std::string(1001, 'a')), 413, kBodyTooLarge},
      {"LargeExpected", host + "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413,
       kBodyTooLarge},
      {"LargeChunks",
       host + "Transfer-Encoding: chunked\r\n\r\n3E8\r\n" + std::string(1000, 'a') +
           "\r\n1\r\na\r\n",
       413, kBodyTooLarge},
      {"Expectation", host + "Expect: a miracle\r\nContent-Length: 1\r\n\r\n", 417, kExpectation},
  };
}

INSTANTIATE_TEST_SUITE_P(All, ServeBad, testing::ValuesIn(bad_cases()),
                         [](const auto& param) { return param.param.name; });

TEST_F(Serve, BodyOfTheGreatestSize_IsTaken) {
  net::ServerOptions options;
  options.max_body_bytes = 1000;
  Server server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/echo", std::string(1000, 'a'))).body.size(), 1000);
}

TEST_F(Serve, BodyOfARefusedRequest_CanStillBeSent) {
  client_.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n");
  // More than the buffers between us hold: it is read, or this would be reset.
  client_.send(std::string(20'000'000, 'a'));
  EXPECT_EQ(client_.receive().status, 413);
  client_.finish();
  EXPECT_TRUE(client_.closed());
}

TEST_F(Serve, ClosedWithinARequest_IsAFault) {
  {
    RawClient gone(server_.port());
    gone.send("GET /api/he");
  }
  EXPECT_TRUE(comes_true([&] { return server_.faults(ServerFault::kTruncated) == 1; }));
  EXPECT_TRUE(comes_true([&] { return server_->counters().open() == 1; }));
}

TEST(ServeLimits, IdleConnection_IsClosed_AndHalfARequestGets408) {
  net::ServerOptions options;
  options.idle_timeout = milliseconds(100);
  Server server(options);
  RawClient silent(server.port());
  RawClient slow(server.port());
  slow.send("GET /api/health HT");
  RawClient waiting(server.port());
  waiting.send(get("/delay/600"));
  EXPECT_TRUE(silent.closed());
  EXPECT_EQ(slow.receive().status, 408);
  EXPECT_TRUE(slow.closed());
  EXPECT_EQ(waiting.receive().status, 200) << "who waits for the server is not idle";
  EXPECT_EQ(server.faults(ServerFault::kTimeout), 1);
}

TEST(ServeLimits, HeadThatTrickles_HasOneDeadlineForAllOfIt) {
  net::ServerOptions options;
  options.idle_timeout = milliseconds(200);
  Server server(options);
  RawClient client(server.port());
  client.send("GET /");
  EXPECT_TRUE(comes_true(
      [&] {
        client.send("a");
        return server.faults(ServerFault::kTimeout) == 1;
      },
      std::chrono::seconds(20)));
  EXPECT_EQ(client.receive().status, 408);
}

TEST(ServeLimits, OneConnectionTooMany_IsToldSo) {
  net::ServerOptions options;
  options.max_connections = 2;
  options.threads = 2;
  Server server(options);
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port());
  EXPECT_EQ(first->ask(get("/api/health")).status, 200);
  EXPECT_EQ(second.ask(get("/api/health")).status, 200);
  RawClient third(server.port());
  const RawResponse refusal = third.receive();
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.header("retry-after"), "1");
  EXPECT_THAT(refusal.body, HasSubstr("all the connections it takes (2)"));
  EXPECT_EQ(server->counters().refused, 1);
  EXPECT_EQ(server->counters().opened, 2);
  first.reset();
  ASSERT_TRUE(comes_true([&] { return server->counters().open() == 1; }));
  RawClient fourth(server.port());
  EXPECT_EQ(fourth.ask(get("/api/health")).status, 200);
}

TEST(ServeCounts, EqualWhatWasSent_OverSeveralThreads) {
  net::ServerOptions options;
  options.threads = 3;
  Server server(options);
  constexpr int kClients = 24;
  constexpr int kEach = 40;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> received = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([&, i] {
        RawClient client(server.port());
        for (int k = 0; k < kEach; ++k) {
          const std::string request = i % 2 == 0   ? get("/api/health")
                                      : k % 2 == 0 ? get("/status/503")
                                                   : post("/echo", "abc");
          sent += request.size();
          received += client.ask(request).bytes;
        }
      });
    }
  }
  EXPECT_THAT(server.counts(), ElementsAre("GET /api/health 200 480", "GET /status/{code} 503 240",
                                           "POST /echo 200 240"));
  const net::ServerCounters sum = server->counters();
  EXPECT_EQ(sum.requests, kClients * kEach);
  EXPECT_EQ(sum.opened, kClients);
  EXPECT_EQ(sum.bytes_in, sent);
  EXPECT_EQ(sum.bytes_out, received);
  EXPECT_EQ(sum.all_faults(), 0);
}

TEST_F(Serve, Metrics_ShowEveryRequestBut_TheirOwn) {
  const std::size_t health = client_.ask(get("/api/health")).bytes;
  client_.ask(get("/nothing"));
  const RawResponse first = client_.ask(get("/metrics"));
  EXPECT_EQ(first.header("content-type"), "text/plain; version=0.0.4");
  const auto lines = [](const RawResponse& response) { return core::split(response.body, '\n'); };
  using testing::Contains;
  EXPECT_THAT(
      lines(first),
      Contains(
          "scalectl_serve_requests_total{route=\"/api/health\",method=\"GET\",status=\"200\"} 1"));
  EXPECT_THAT(
      lines(first),
      Contains("scalectl_serve_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1"));
  EXPECT_THAT(first.body, Not(HasSubstr("route=\"/metrics\"")));
  EXPECT_THAT(lines(first), Contains("scalectl_serve_connections_open 1"));
  EXPECT_THAT(lines(first), Contains("scalectl_serve_faults_total{reason=\"bad_request\"} 0"));
  const std::string before = get("/api/health") + get("/nothing") + get("/metrics");
  EXPECT_THAT(lines(first),
              Contains("scalectl_serve_received_bytes_total " + std::to_string(before.size())));
  EXPECT_GT(health, 0U);
  EXPECT_THAT(
      lines(client_.ask(get("/metrics"))),
      Contains(
          "scalectl_serve_requests_total{route=\"/metrics\",method=\"GET\",status=\"200\"} 1"));
}

TEST_F(Serve, Drain_FinishesWhatIsInFlight_AndClosesTheRest) {
  RawClient idle(server_.port());
  EXPECT_EQ(idle.ask(get("/api/health")).status, 200);
  client_.send(get("/delay/300"));
  ASSERT_TRUE(comes_true([&] { return server_->counters().requests == 2; }));
  std::uint64_t cut = 99;
  std::jthread stopper([&] { cut = server_->stop(std::chrono::seconds(30)); });
  EXPECT_TRUE(idle.closed());
  const RawResponse response = client_.receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("connection"), "close");
  EXPECT_TRUE(client_.closed());
  stopper.join();
  EXPECT_EQ(cut, 0U);
  EXPECT_THROW(RawClient(server_.port()), std::runtime_error) << "nobody listens any more";
}

TEST_F(Serve, Drain_HasABound) {
  client_.send(get("/delay/60000"));
  ASSERT_TRUE(comes_true([&] { return server_->counters().requests == 1; }));
  EXPECT_EQ(server_->stop(milliseconds(50)), 1U);
  EXPECT_TRUE(client_.closed());
}

TEST_F(Serve, PortInUse_IsAnErrorThatNamesIt) {
  for (const int threads : {1, 4}) {
    net::ServerOptions options;
    options.threads = threads;
    const core::Error error = error_of([&] { Server again(options, server_.port()); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(),
              "port " + std::to_string(server_.port()) + " of 127.0.0.1 is in use");
    EXPECT_THAT(error.hint(), HasSubstr("--port"));
  }
}

TEST(ServePort, SharedByThreads_IsInUseForOthersToo) {
  net::ServerOptions options;
  options.threads = 2;
  Server server(options);
  EXPECT_THAT(error_of([&] { Server again(options, server.port()); }).message(),
              HasSubstr("is in use"));
}

TEST(ServeAddress, Ipv6) {
  net::ServerOptions options;
  options.address = "::1";
  Server server(options);
  EXPECT_EQ(server->url(), "http://[::1]:" + std::to_string(server.port()));
  RawClient client(server.port(), "::1");
  EXPECT_EQ(client.ask(get("/api/health")).status, 200);
}

TEST(ServeAddress, NotAnAddress_IsAnError) {
  net::ServerOptions options;
  options.address = "localhost";
  EXPECT_THAT(error_of([&] { Server server(options); }).message(),
              HasSubstr("\"localhost\" is not an IP address"));
}

class ServeUnix : public testing::Test {
 protected:
  net::ServerOptions options(int threads = 1) const {
    net::ServerOptions made;
    made.unix_path = path_;
    made.threads = threads;
    return made;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/serve.sock";
};

TEST_F(ServeUnix, SocketIsPrivate_AndGoneAtTheEnd) {
  {
    Server server(options(3));
    EXPECT_EQ(server->url(), "unix:" + path_);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600);
    RawClient client(path_);
    EXPECT_EQ(client.ask(get("/api/health")).status, 200);
    EXPECT_THAT(error_of([&] { Server again(options()); }).message(),
                HasSubstr("another server listens"));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ServeUnix, RegularFile_IsLeftAlone) {
  directory_.write("serve.sock", "precious");
  const core::Error error = error_of([&] { Server server(options()); });
  EXPECT_EQ(error.message(), path_ + " exists and is not a socket");
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(ServeUnix, LeftOverSocket_IsReplaced) {
  {
    Server server(options());
    std::filesystem::create_hard_link(path_, path_ + ".left");
  }
  std::filesystem::rename(path_ + ".left", path_);
  Server server(options());
  EXPECT_EQ(RawClient(path_).ask(get("/api/health")).status, 200);
}

}  // namespace
}  // namespace scalectl::test
