// Bodies that do not fit into a socket's buffer, over plain and TLS connections.
#include "support/certificates.hpp"
#include "support/load_run.hpp"

namespace scalectl::test {
namespace {

using namespace std::chrono_literals;
using core::kSecond;

std::string large_body(std::size_t size = 3'000'000) {
  std::string body(size, ' ');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  return body;
}

load::HttpPlan post(const ScriptedServer& server, const std::string& body) {
  load::HttpPlan plan = plan_for(server);
  plan.request.method = "POST";
  plan.request.body = body;
  plan.tls.insecure = true;
  plan.connections = 2;
  plan.count = 6;
  plan.timeout = 20 * kSecond;
  return plan;
}

class LoadBody : public testing::TestWithParam<bool> {
 protected:
  ServerOptions options() {
    if (!GetParam()) return {};
    const CertificateFiles files = authority_.sign();
    return {.tls = TlsFiles{files.certificate, files.key}};
  }
  Authority authority_;
};

TEST_P(LoadBody, Large_ArrivesWhole) {
  const std::string body = large_body();
  ScriptedServer server(
      [&](const Asked& asked) { return Reply{.bytes = answer(asked.body == body ? 200 : 400)}; },
      options());
  const Ran ran = run(post(server, body));
  EXPECT_EQ(ran.counts().ok, 6);
  EXPECT_EQ(server.requests(), 6);
  EXPECT_GE(ran.outcome.tally.bytes_out, 6 * body.size());
}

TEST_P(LoadBody, LargeAnswer_IsCountedWhole) {
  const std::string body = large_body();
  ScriptedServer server([&](const Asked&) { return Reply{.bytes = answer(200, "", body)}; },
                        options());
  const Ran ran = run(post(server, "?"));
  EXPECT_EQ(ran.counts().ok, 6);
  EXPECT_EQ(ran.outcome.tally.bytes_in, 6 * answer(200, "", body).size());
}

// The server has read the headers only: its answer counts, the rest of the body is not waited for.
TEST_P(LoadBody, AnswerBeforeTheBodyIsRead_Counts) {
  ServerOptions early = options();
  early.reads_body = false;
  ScriptedServer server(
      [](const Asked&) {
        return Reply{.bytes = answer(413, "Connection: close\r\n"),
                     .more = " ",
                     .more_delay = 100ms,
                     .after = After::kClose};
      },
      early);
  const Ran ran = run(post(server, large_body()));
  EXPECT_EQ(ran.counts().sent, 6);
  EXPECT_EQ(ran.counts().http_error, 6);
  EXPECT_EQ(server.requests(), 6);
}

INSTANTIATE_TEST_SUITE_P(Over, LoadBody, testing::Bool(),
                         [](const auto& each) { return each.param ? "Tls" : "Plain"; });

// As before, but the server says that it keeps the connection, and never reads the rest: the
// request that follows the redirect must not stand behind it.
TEST(LoadBodyRedirect, BeforeTheBodyIsRead_DoesNotMixRequests) {
  ScriptedServer server(
      [&](const Asked& asked) {
        const std::string next = asked.target() == "/" ? "/a" : asked.target() == "/a" ? "/b" : "";
        if (next.empty()) return Reply{.bytes = answer(200)};
        return Reply{.bytes = answer(307, "Location: " + next + "\r\n")};
      },
      {.reads_body = false});
  load::HttpPlan plan = post(server, large_body(12'000'000));  // more than the sockets hold
  plan.request.follow = 2;
  plan.count = 2;
  plan.timeout = 3 * kSecond;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().sent, 2);
  EXPECT_EQ(ran.counts().ok, 2);
  EXPECT_EQ(ran.counts().redirects, 4);
  EXPECT_EQ(ran.counts().timeout, 0);
}

TEST(LoadTls, HandshakeHasATimeOfItsOwn) {
  Authority authority;
  const CertificateFiles files = authority.sign();
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; },
                        {.tls = TlsFiles{files.certificate, files.key}, .handshake_delay = 400ms});
  load::HttpPlan plan = plan_for(server);
  plan.tls.ca_file = authority.certificate();
  plan.connections = 3;
  plan.count = 30;
  const Ran ran = run(plan);
  EXPECT_EQ(ran.counts().ok, 30);
  EXPECT_EQ(server.requests(), 30);
  EXPECT_EQ(ran.latencies().connect.count(), 3);
  EXPECT_EQ(ran.latencies().tls.count(), 3);
  EXPECT_GE(ran.latencies().tls.min(), 400 * core::kMillisecond);
  // Neither is part of a request's time: it was done before the run began.
  EXPECT_LT(ran.latencies().service.quantile(0.5), 400 * core::kMillisecond);
}

}  // namespace
}  // namespace scalectl::test
