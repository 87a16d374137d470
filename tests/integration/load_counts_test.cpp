// Truth case 4: the server's count of requests equals the client's, exactly, whatever becomes of
// the connections. Nothing is ever sent twice.
#include "support/certificates.hpp"
#include "support/load_run.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using core::kMillisecond;
using core::kSecond;
using net::FailureClass;

load::HttpPlan closed_loop(const ScriptedServer& server, std::uint64_t count) {
  load::HttpPlan plan = plan_for(server);
  plan.connections = 7;
  plan.threads = 3;
  plan.count = count;
  return plan;
}

TEST(LoadCounts, KeepAlive_AreTheServers) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; });
  const Ran ran = run(closed_loop(server, 2'000));  // 3 threads do not divide it
  EXPECT_EQ(ran.counts().sent, 2'000);
  EXPECT_EQ(ran.counts().ok, 2'000);
  EXPECT_EQ(server.requests(), 2'000);
  EXPECT_EQ(server.connections(), 8) << "seven, and the one that looked whether it is there";
  EXPECT_EQ(ran.outcome.tally.connections_opened, 7);
}

TEST(LoadCounts, FewerRequestsThanThreads_AreTheServers) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; });
  EXPECT_EQ(run(closed_loop(server, 2)).counts().ok, 2);
  EXPECT_EQ(server.requests(), 2);
}

TEST(LoadCounts, ServerThatClosesEachTime_AreTheServers) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200, "Connection: close\r\n"), .after = After::kClose};
  });
  const Ran ran = run(closed_loop(server, 500));
  EXPECT_EQ(ran.counts().ok, 500);
  EXPECT_EQ(server.requests(), 500);
  EXPECT_GE(ran.outcome.tally.connections_opened, 500);
}

// A server may keep the connection though it was asked not to; the client must not use it again.
TEST(LoadCounts, NoKeepAlive_UsesAConnectionOnceWhateverTheServerSays) {
  ScriptedServer server([](const Asked& asked) {
    EXPECT_TRUE(asked.has("Connection: close\r\n"));
    EXPECT_EQ(asked.of_connection, 0);
    return Reply{.bytes = answer(200)};
  });
  load::HttpPlan plan = closed_loop(server, 200);
  plan.request.keep_alive = false;
  EXPECT_EQ(run(plan).counts().ok, 200);
  EXPECT_EQ(server.requests(), 200);
}

TEST(LoadCounts, ResetOfEveryHundredth_IsAFailureOfThatRequest) {
  ScriptedServer server([](const Asked& asked) {
    if (asked.number % 100 == 99) return Reply{.after = After::kReset};
    return Reply{.bytes = answer(200)};
  });
  const Ran ran = run(closed_loop(server, 1'500));
  EXPECT_EQ(server.requests(), 1'500);
  EXPECT_EQ(ran.counts().sent, 1'500);
  EXPECT_EQ(ran.counts().ok, 1'485);
  EXPECT_EQ(ran.counts().transport_error, 15);
  EXPECT_EQ(ran.failures(FailureClass::kReset), 15);
  EXPECT_EQ(ran.latencies().response.count(), 1'485);
}

// The server reads every eleventh request of a connection and closes without an answer: a client
// that retries in silence would have no errors, and more requests at the server.
TEST(LoadCounts, CloseInPlaceOfAnAnswer_IsNotRetried) {
  std::atomic<std::uint64_t> refused = 0;
  ScriptedServer server([&](const Asked& asked) {
    if (asked.of_connection < 10) return Reply{.bytes = answer(200)};
    ++refused;
    return Reply{.after = After::kClose};
  });
  const Ran ran = run(closed_loop(server, 400));
  EXPECT_EQ(server.requests(), 400);
  EXPECT_EQ(ran.counts().sent, 400);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(ran.counts().transport_error, refused);
  EXPECT_EQ(ran.counts().ok, 400 - refused);
  EXPECT_EQ(ran.failures(FailureClass::kClosed), refused);
}

// The server closes after the tenth answer without saying so; the next request may or may not have
// been on its way. Whatever it read it answered, so the rest of what was sent failed.
TEST(LoadCounts, IdleCloseThatRacesASend_IsNotRetried) {
  ScriptedServer server([](const Asked& asked) {
    return Reply{.bytes = answer(200),
                 .after = asked.of_connection == 9 ? After::kClose : After::kKeep};
  });
  const Ran ran = run(closed_loop(server, 400));
  EXPECT_EQ(ran.counts().sent, 400);
  EXPECT_EQ(ran.counts().ok, server.requests());
  EXPECT_EQ(ran.counts().transport_error, 400 - server.requests());
  EXPECT_EQ(ran.failures(FailureClass::kClosed) + ran.failures(FailureClass::kReset),
            ran.counts().transport_error);
}

// Where the close comes long before the next arrival, nothing fails: the connection is opened anew.
TEST(LoadCounts, IdleCloseBetweenArrivals_CostsNoRequest) {
  ScriptedServer server(
      [](const Asked&) { return Reply{.bytes = answer(200), .after = After::kClose}; });
  load::HttpPlan plan = plan_for(server);
  plan.schedule = load::Schedule::constant(load::parse_rate("10/s"), kSecond);
  EXPECT_TRUE(within_three([&]() -> testing::AssertionResult {
    const std::uint64_t before = server.requests();
    const Ran ran = run(plan);
    EXPECT_EQ(ran.counts().sent, 10);
    EXPECT_EQ(server.requests() - before, ran.counts().ok);
    if (ran.counts().ok == 10) return testing::AssertionSuccess();
    return testing::AssertionFailure() << ran.counts().ok << " of 10";
  }));
}

TEST(LoadCounts, RedirectsFollowed_AreRequestsBesideThoseSent) {
  for (const bool close : {false, true}) {
    ScriptedServer server([&](const Asked& asked) {
      std::string headers = close ? "Connection: close\r\n" : "";
      const After after = close ? After::kClose : After::kKeep;
      if (asked.target() == "/end") return Reply{.bytes = answer(200, headers), .after = after};
      headers += asked.target() == "/" ? "Location: /two\r\n" : "Location: /end\r\n";
      return Reply{.bytes = answer(302, headers), .after = after};
    });
    load::HttpPlan plan = closed_loop(server, 100);
    plan.request.follow = 2;
    const Ran ran = run(plan);
    EXPECT_EQ(ran.counts().sent, 100);
    EXPECT_EQ(ran.counts().redirects, 200);
    EXPECT_EQ(ran.counts().ok, 100);
    EXPECT_EQ(ran.outcome.tally.statuses, (std::map<int, std::uint64_t>{{200, 100}}));
    EXPECT_EQ(server.requests(), 300) << (close ? "closing" : "kept");
  }
}

TEST(LoadCounts, RedirectsNotFollowed_AreAnswers) {
  ScriptedServer server(
      [](const Asked&) { return Reply{.bytes = answer(302, "Location: /two\r\n")}; });
  load::HttpPlan plan = closed_loop(server, 50);
  EXPECT_EQ(run(plan).outcome.tally.statuses, (std::map<int, std::uint64_t>{{302, 50}}));
  EXPECT_EQ(server.requests(), 50);
  plan.request.follow = 3;  // a circle: the fourth answer counts
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().redirects, 150);
  EXPECT_EQ(ran.counts().ok, 50);
  EXPECT_EQ(server.requests(), 250);
}

TEST(LoadCounts, RedirectToAnotherServer_IsNotFollowed) {
  ScriptedServer server(
      [](const Asked&) { return Reply{.bytes = answer(301, "Location: http://192.0.2.1/\r\n")}; });
  load::HttpPlan plan = closed_loop(server, 10);
  plan.request.follow = 5;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().redirects, 0);
  EXPECT_EQ(ran.counts().ok, 10);
}

TEST(LoadCounts, Pipelined_AreTheServers) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; });
  load::HttpPlan plan = closed_loop(server, 1'001);
  plan.connections = 4;
  plan.pipeline = 8;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().ok, 1'001);
  EXPECT_EQ(server.requests(), 1'001);
}

// The requests behind an answer that closes the connection are lost: failures, each of them, and
// never taken for those of the next connection.
TEST(LoadCounts, PipelinedBehindAClose_FailAndAreNotSentAgain) {
  ScriptedServer server([](const Asked& asked) {
    if (asked.of_connection < 4) return Reply{.bytes = answer(200)};
    return Reply{.bytes = answer(200, "Connection: close\r\n"), .after = After::kClose};
  });
  load::HttpPlan plan = plan_for(server);
  plan.pipeline = 8;
  plan.count = 160;
  plan.timeout = 2 * kSecond;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().sent, 160);
  EXPECT_EQ(ran.counts().timeout, 0);
  // At most five of each connection are answered; a reset may take an answer along.
  EXPECT_LE(ran.counts().ok, server.requests());
  EXPECT_GT(ran.counts().ok, 0);
  EXPECT_EQ(ran.counts().transport_error, 160 - ran.counts().ok);
}

TEST(LoadCounts, ServerThatStopsListening_LosesNoArrival) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200, "Connection: close\r\n"), .after = After::kClose};
  });
  load::HttpPlan plan = plan_for(server);
  plan.connections = 5;
  plan.threads = 2;
  plan.schedule = load::Schedule::constant(load::parse_rate("200/s"), kSecond);
  Ran ran;
  std::thread runner([&] { ran = run(plan); });
  while (server.requests() < 40) std::this_thread::sleep_for(1ms);
  server.stop_listening();
  runner.join();
  EXPECT_EQ(ran.counts().scheduled, 200);
  EXPECT_EQ(ran.counts().missed, 0);
  EXPECT_EQ(ran.counts().sent, 200);
  EXPECT_GE(ran.counts().ok, 40);
  EXPECT_EQ(ran.counts().transport_error, 200 - ran.counts().ok);
  EXPECT_GT(ran.failures(FailureClass::kRefused), 0);
  EXPECT_GT(ran.outcome.tally.connections_failed, 0);
}

TEST(LoadCounts, DrainOfZero_HasAnIdentityToo) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200), .delay = 30ms}; });
  load::HttpPlan plan = plan_for(server);
  plan.connections = 4;
  plan.duration = 200 * kMillisecond;
  plan.drain = 0;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().unfinished, 4);
  EXPECT_EQ(ran.counts().sent, ran.counts().ok + 4);
  EXPECT_TRUE(eventually([&] { return server.requests() == ran.counts().sent; }));
}

TEST(LoadCounts, ResolveEach_OpensEveryConnectionByName) {
  ScriptedServer server([](const Asked&) {
    return Reply{.bytes = answer(200, "Connection: close\r\n"), .after = After::kClose};
  });
  load::HttpPlan plan = closed_loop(server, 50);
  plan.url = net::parse_url("http://localhost:" + std::to_string(server.port()) + "/");
  plan.resolve_each = true;
  EXPECT_EQ(run(plan).counts().ok, 50);
  EXPECT_EQ(server.requests(), 50);
}

TEST(LoadCounts, Sources_AreTakenInTurn) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; });
  load::HttpPlan plan = closed_loop(server, 50);
  plan.sources = net::parse_sources("127.0.0.2-4");
  EXPECT_EQ(run(plan).counts().ok, 50);
}

TEST(LoadCounts, UnixSocket_AreTheServers) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/s";
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; },
                        {.unix_path = path});
  load::HttpPlan plan{.url = net::parse_url("http://whatever/"), .unix_path = path};
  plan.connections = 3;
  plan.count = 100;
  EXPECT_EQ(run(plan).counts().ok, 100);
  EXPECT_EQ(server.requests(), 100);
}

TEST(LoadInterrupt, WhileConnectionsAreOpened_SendsNothing) {
  Authority authority;
  const CertificateFiles files = authority.sign();
  std::stop_source stop;
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; },
                        {.tls = TlsFiles{files.certificate, files.key}, .handshake_delay = 300ms});
  load::HttpPlan plan = plan_for(server);
  plan.connections = 5;
  plan.tls.insecure = true;
  plan.duration = 10 * kSecond;
  std::thread stopper([&] {
    while (server.connections() < 3) std::this_thread::sleep_for(1ms);
    stop.request_stop();
  });
  const auto begin = Clock::now();
  const Ran ran = run(plan, stop.get_token());
  stopper.join();
  EXPECT_LT(Clock::now() - begin, 3s) << "nothing was in flight that could be drained";
  EXPECT_TRUE(ran.outcome.interrupted);
  EXPECT_EQ(ran.counts().sent, 0);
  EXPECT_EQ(server.requests(), 0);
}

TEST(LoadInterrupt, MidRun_WhatWasDueIsSentOrMissed) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200), .delay = 20ms}; });
  std::stop_source stop;
  load::HttpPlan plan = plan_for(server);
  plan.connections = 2;  // 100/s of the 300/s
  plan.schedule = load::Schedule::constant(load::parse_rate("300/s"), 60 * kSecond);
  std::thread stopper([&] {
    while (server.requests() < 50) std::this_thread::sleep_for(1ms);
    stop.request_stop();
  });
  const Ran ran = run(plan, stop.get_token());
  stopper.join();
  EXPECT_TRUE(ran.outcome.interrupted);
  EXPECT_EQ(ran.counts().sent, server.requests());
  EXPECT_EQ(ran.counts().ok, ran.counts().sent) << "what was in flight is still answered";
  EXPECT_GE(ran.counts().sent, 50);
  EXPECT_GE(ran.counts().missed, 50) << "at a third of the rate, twice as many";
  EXPECT_LT(ran.counts().scheduled, 300 * 30);
}

}  // namespace
}  // namespace scalectl::test
