// What scalectl load refuses: the exit code, and a message that names the place.
#include <gmock/gmock.h>

#include "support/certificates.hpp"
#include "support/e2e.hpp"
#include "support/load_result.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> http(const std::string& url, std::vector<std::string> more) {
  more.insert(more.begin(), {"load", "http", url});
  return more;
}

constexpr const char* kNobody = "http://127.0.0.1:1/";

struct Slip {
  std::string name;
  std::string url;
  std::vector<std::string> options;
  std::vector<std::string> says;
};

void PrintTo(const Slip& slip, std::ostream* out) { *out << slip.name; }

class LoadSlip : public testing::TestWithParam<Slip> {};

TEST_P(LoadSlip, IsRefusedWithItsPlace) {
  const Slip& slip = GetParam();
  const Outcome outcome = scalectl(http(slip.url, slip.options));
  EXPECT_TRUE(is_refusal(outcome, 2));
  for (const std::string& part : slip.says) EXPECT_THAT(outcome.err, HasSubstr(part));
}

const std::vector<Slip> kSlips{
    {"Scheme", "ftp://h/", {}, {"\"ftp\"", "column 1"}},
    {"WebSocketScheme", "ws://h/", {}, {"\"ws\"", "that is for load ws"}},
    {"NoHost", "http:///x", {}, {"no host", "column 8"}},
    {"SpaceInTheUrl", "http://h/a b", {}, {"column 11"}},
    {"Port", "http://h:70000/", {}, {"\"70000\"", "column 10"}},
    {"PortOfWords", "http://h:http/", {}, {"\"http\"", "column 10"}},
    {"PasswordInTheUrl", "http://u:p@h/", {}, {"column 11", "Authorization"}},
    {"Bracket", "http://[::1/", {}, {"column 8"}},
    {"Rate", kNobody, {"-R", "fast"}, {"--rate", "\"fast\"", "column 1"}},
    {"RateOfNothing", kNobody, {"-R", "0"}, {"--rate", "\"0\""}},
    {"RateWithJunk", kNobody, {"-R", "10/sx"}, {"--rate", "\"10/sx\""}},
    {"Stage", kNobody, {"--stages", "1s:10,2s"}, {"--stages", "2s"}},
    {"StageDuration", kNobody, {"--stages", "1s:10,2q:30"}, {"--stages", "2q"}},
    {"Threshold", kNobody, {"--threshold", "response.p99"}, {"\"response.p99\"", "column"}},
    {"ThresholdMetric", kNobody, {"--threshold", "respons.p99<1ms"}, {"respons", "response"}},
    {"Header", kNobody, {"-H", "no colon"}, {"-H \"no colon\""}},
    {"HeaderName", kNobody, {"-H", "a b: c"}, {"\"a b\""}},
    {"HeaderWithLines", kNobody, {"-H", "a: b\r\nc: d"}, {"control character"}},
    {"HeaderOfOurs", kNobody, {"-H", "Content-Length: 5"}, {"Content-Length"}},
    {"Shard", kNobody, {"-R", "10", "--shard", "3/3"}, {"--shard", "3/3"}},
    {"ShardOfWords", kNobody, {"-R", "10", "--shard", "one"}, {"--shard", "\"one\""}},
    {"Source", kNobody, {"--source", "127.0.0.300"}, {"--source \"127.0.0.300\""}},
    {"SourceRange", kNobody, {"--source", "127.0.0.9-3"}, {"127.0.0.9-3", "ends before"}},
    {"Method", kNobody, {"-m", "GE T"}, {"--method \"GE T\""}},
    {"NoConnections", kNobody, {"-c", "0"}, {"--connections 0"}},
    {"NoThreads", kNobody, {"-t", "0"}, {"--threads 0"}},
    {"MoreThreadsThanConnections",
     kNobody,
     {"-c", "2", "-t", "3"},
     {"--threads 3", "--connections 2"}},
    {"NegativeRequests", kNobody, {"-n", "-5"}, {"--requests"}},
    {"NoRequests", kNobody, {"-n", "0"}, {"--requests"}},
    {"NoDuration", kNobody, {"-d", "0"}, {"--duration"}},
    {"DurationOfText", kNobody, {"-d", "soon"}, {"soon"}},
    {"NoTimeout", kNobody, {"--timeout", "0"}, {"--timeout"}},
    {"StartInThePast",
     kNobody,
     {"-R", "1", "--start-at", "2020-01-01T00:00:00Z"},
     {"--start-at", "past"}},
    {"StartOfWords", kNobody, {"-R", "1", "--start-at", "yesterdayish"}, {"--start-at"}},
    {"RateAndStages", kNobody, {"-R", "1", "--stages", "1s:1"}, {"--stages and --rate"}},
    {"StagesAndDuration", kNobody, {"--stages", "1s:1", "-d", "1s"}, {"--stages and --duration"}},
    {"StagesAndRequests", kNobody, {"--stages", "1s:1", "-n", "1"}, {"--stages and --requests"}},
    {"TwoEnds", kNobody, {"-R", "1", "-d", "1s", "-n", "1"}, {"--duration and --requests"}},
    {"ShardOfAClosedLoop", kNobody, {"--shard", "0/2"}, {"--shard", "--rate"}},
    {"PipelineAtARate", kNobody, {"-R", "1", "--pipeline", "2"}, {"--pipeline", "closed loop"}},
    {"PipelineAndFollow",
     kNobody,
     {"--follow", "1", "--pipeline", "2"},
     {"--follow and --pipeline"}},
    {"TwoBodies", kNobody, {"--body", "x", "--body-file", "y"}, {"--body and --body-file"}},
    {"MissingBodyFile", kNobody, {"--body-file", "/does/not/exist"}, {"/does/not/exist"}},
    {"TlsForHttp", kNobody, {"-k"}, {"TLS", "https"}},
    {"MissingCa",
     "https://127.0.0.1:1/",
     {"--cacert", "/does/not/exist"},
     {"--cacert /does/not/exist"}},
    {"KeyWithoutCertificate", "https://127.0.0.1:1/", {"--key", "/x"}, {"--key without --cert"}},
    {"AbortWithoutThreshold", kNobody, {"--abort-on-fail"}, {"--abort-on-fail"}},
    {"UnixAndSource", kNobody, {"--unix", "/s", "--source", "127.0.0.2"}, {"--unix and --source"}},
    {"MaxHeader", kNobody, {"--max-header", "1"}, {"--max-header"}},
};

INSTANTIATE_TEST_SUITE_P(Every, LoadSlip, testing::ValuesIn(kSlips),
                         [](const auto& each) { return each.param.name; });

TEST(LoadServer, HostThatDoesNotResolve_IsExit3OfClassDns) {
  const Outcome outcome = scalectl(http("http://no-such-host.invalid/", {"-d", "1s"}));
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(" dns: "), HasSubstr("no-such-host.invalid")));
}

TEST(LoadServer, ThatRefuses_IsExit3OfClassRefused) {
  std::string url;
  {
    ScriptedServer gone([](const Asked&) { return Reply{}; });
    url = gone.url();
  }
  const Outcome outcome = scalectl(http(url, {"-d", "1s"}));
  EXPECT_TRUE(is_refusal(outcome, 3));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(" refused: "), HasSubstr(url)));
}

TEST(LoadServer, WithoutItsUnixSocket_IsExit3) {
  EXPECT_TRUE(is_refusal(scalectl(http("http://h/", {"--unix", "/does/not/exist"})), 3));
}

struct Trouble {
  std::string name;
  Reply reply;
  std::string failure;  ///< class
};

void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }

class LoadTrouble : public testing::TestWithParam<Trouble> {};

TEST_P(LoadTrouble, FailsWithItsClassInTheResult) {
  ScriptedServer server([](const Asked&) { return GetParam().reply; });
  const Outcome outcome =
      scalectl(http(server.url(), {"-c", "2", "-n", "6", "--max-body", "1000", "--max-header",
                                   "1000", "--timeout", "300ms", "--format", "json"}));
  EXPECT_EQ(outcome.code, 1);
  const core::Value result = load_result(outcome);
  EXPECT_EQ(text_at(result, "verdict"), "fail");
  EXPECT_EQ(request_count(result, "sent"), 6);
  EXPECT_EQ(request_count(result, "ok"), 0);
  EXPECT_EQ(integer_at(result, "metrics.failures." + GetParam().failure), 6);
  EXPECT_EQ(text_at(result, "tables.failures.0.class"), GetParam().failure);
  EXPECT_NE(text_at(result, "tables.failures.0.example"), "");
  EXPECT_EQ(server.requests(), 6);
}

INSTANTIATE_TEST_SUITE_P(
    Every, LoadTrouble,
    testing::Values(
        Trouble{"Closes", {.after = After::kClose}, "closed"},
        Trouble{"Resets", {.after = After::kReset}, "reset"},
        Trouble{"SpeaksGarbage", {.bytes = "+OK POP3 ready\r\n"}, "protocol"},
        Trouble{"EndlessHeaders",
                {.bytes = "HTTP/1.1 200 OK\r\nX: " + std::string(2'000, 'x')},
                "protocol"},
        Trouble{"LargeBody", {.bytes = answer(200, "", std::string(1'001, 'x'))}, "protocol"},
        Trouble{"Silence", {}, "timeout"}),
    [](const auto& each) { return each.param.name; });

class LoadCertificate : public testing::Test {
 protected:
  Outcome ask(const CertificateWish& wish, std::vector<std::string> options,
              std::string client_ca = "") {
    const CertificateFiles files = authority_.sign(wish);
    ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; },
                          {.tls = TlsFiles{files.certificate, files.key, std::move(client_ca)}});
    options.insert(options.end(), {"-c", "5", "-n", "5", "--format", "json"});
    return scalectl(http(server.url(), options));
  }
  std::vector<std::string> trusting() const { return {"--cacert", authority_.certificate()}; }
  Authority authority_;
};

testing::AssertionResult is_tls_refusal(const Outcome& outcome, const std::string& why) {
  if (outcome.err.find(" tls: ") == std::string::npos ||
      outcome.err.find(why) == std::string::npos) {
    return testing::AssertionFailure() << outcome.err;
  }
  return is_refusal(outcome, 3);
}

TEST_F(LoadCertificate, OfNobodyWeTrust_IsRefused) {
  EXPECT_TRUE(is_tls_refusal(ask({}, {}), "certificate"));
}

TEST_F(LoadCertificate, Expired_IsRefused) {
  EXPECT_TRUE(is_tls_refusal(ask({.from_s = -7200, .to_s = -3600}, trusting()), "expired"));
}

TEST_F(LoadCertificate, NotYetValid_IsRefused) {
  EXPECT_TRUE(is_tls_refusal(ask({.from_s = 3600, .to_s = 7200}, trusting()), "not yet valid"));
}

TEST_F(LoadCertificate, ForAnotherName_IsRefused) {
  EXPECT_TRUE(is_tls_refusal(
      ask({.name = "example.org", .alternative = "DNS:example.org,IP:127.0.0.9"}, trusting()),
      "mismatch"));
}

TEST_F(LoadCertificate, ForTheNameAskedFor_IsAccepted) {
  auto options = trusting();
  options.insert(options.end(), {"--sni", "example.org"});
  EXPECT_EQ(ask({.name = "example.org", .alternative = "DNS:example.org"}, options).code, 0);
  options.back() = "example.com";
  EXPECT_TRUE(is_tls_refusal(
      ask({.name = "example.org", .alternative = "DNS:example.org"}, options), "mismatch"));
}

TEST_F(LoadCertificate, Insecure_AcceptsAny) {
  for (const CertificateWish& wish :
       {CertificateWish{}, CertificateWish{.from_s = -7200, .to_s = -3600},
        CertificateWish{.alternative = "DNS:example.org"}}) {
    const Outcome outcome = ask(wish, {"-k"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(request_count(load_result(outcome), "ok"), 5);
  }
}

TEST_F(LoadCertificate, OfAnAuthorityWeTrust_IsAccepted) {
  const Outcome outcome = ask({}, trusting());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(integer_at(load_result(outcome), "metrics.latency_ms.tls.count"), 5);
}

TEST_F(LoadCertificate, OfTheClient_IsShown) {
  const CertificateFiles client = authority_.sign({.name = "client"});
  auto options = trusting();
  options.insert(options.end(), {"--cert", client.certificate, "--key", client.key});
  EXPECT_EQ(ask({}, options, authority_.certificate()).code, 0);
  // Without one the server ends the connection; in TLS 1.3 only after our side of the handshake.
  const Outcome without = ask({}, trusting(), authority_.certificate());
  EXPECT_THAT(without.code, testing::AnyOf(1, 3)) << without.out;
  EXPECT_NE(without.code == 3 ? without.err.find(" tls: ") : without.out.find("\"tls\":5"),
            std::string::npos)
      << without.out << without.err;
}

TEST_F(LoadCertificate, PlainServer_IsNoTls) {
  ScriptedServer server([](const Asked&) { return Reply{.bytes = answer(200)}; },
                        {.greeting = Reply{.bytes = "220 mail.example.org ESMTP\r\n"}});
  EXPECT_TRUE(is_tls_refusal(
      scalectl(http("https://127.0.0.1:" + std::to_string(server.port()), {"-k", "-n", "1"})),
      "TLS"));
}

}  // namespace
}  // namespace scalectl::test
