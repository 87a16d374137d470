#include "load/plan.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::load {
namespace {

using test::error_of;
using testing::HasSubstr;

const net::Url kUrl = net::parse_url("http://h:8000/a?b=c");

TEST(HttpWire, OfAGet_HasNoMoreThanItNeeds) {
  EXPECT_EQ(HttpRequest{}.wire(kUrl, kUrl.target),
            "GET /a?b=c HTTP/1.1\r\n"
            "Host: h:8000\r\n"
            "User-Agent: scalectl\r\n"
            "Accept: */*\r\n"
            "\r\n");
}

TEST(HttpWire, HeadersOfOurs_GiveWayToTheUsers) {
  HttpRequest request;
  request.headers = {"HOST: other", "user-agent: mine", "Accept: text/html", "X: 1"};
  request.keep_alive = false;
  EXPECT_EQ(request.wire(kUrl, "/"),
            "GET / HTTP/1.1\r\n"
            "Connection: close\r\n"
            "HOST: other\r\n"
            "user-agent: mine\r\n"
            "Accept: text/html\r\n"
            "X: 1\r\n"
            "\r\n");
}

TEST(HttpWire, ABody_HasItsLength) {
  HttpRequest request;
  request.method = "POST";
  EXPECT_THAT(request.wire(kUrl, "/"), HasSubstr("\r\nContent-Length: 0\r\n\r\n"));
  request.body = std::string("a\0\r\n", 4);
  EXPECT_TRUE(request.wire(kUrl, "/").ends_with("\r\nContent-Length: 4\r\n\r\n" + *request.body));
  request.method = "DELETE";
  request.body.reset();
  EXPECT_EQ(request.wire(kUrl, "/").find("Content-Length"), std::string::npos);
}

HttpPlan closed_plan() { return {.url = kUrl, .duration = core::kSecond}; }

HttpPlan open_plan() {
  HttpPlan plan{.url = kUrl};
  plan.schedule = Schedule::constant(parse_rate("10/s"), core::kSecond);
  return plan;
}

/// What check() says about `plan` once `change` is made.
template <typename Change>
std::string refusal(HttpPlan plan, const Change& change) {
  EXPECT_NO_THROW(check(plan));
  change(plan);
  const core::Error error = error_of([&] { check(plan); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_NE(error.hint(), "") << error.message();
  return error.message();
}

TEST(HttpPlanCheck, Contradictions_AreNamed) {
  const auto closed = [](const auto& change) { return refusal(closed_plan(), change); };
  const auto open = [](const auto& change) { return refusal(open_plan(), change); };
  EXPECT_THAT(closed([](HttpPlan& p) { p.connections = 0; }), HasSubstr("--connections 0"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.connections = 1'000'001; }), HasSubstr("1 to 1,000,000"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.threads = 11; }),
              HasSubstr("--threads 11 for --connections 10"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.pipeline = 0; }), HasSubstr("--pipeline 0"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.request.follow = -1; }), HasSubstr("--follow -1"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.request.method = "GET /"; }), HasSubstr("--method"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.request.method = ""; }), HasSubstr("--method"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.request.method = "CONNECT"; }), HasSubstr("tunnel"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.timeout = 0; }), HasSubstr("--timeout"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.connect_timeout = 0; }), HasSubstr("--connect-timeout"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.abort_on_fail = true; }), HasSubstr("--abort-on-fail"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.shard = Shard{0, 2}; }), HasSubstr("--shard"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.pipeline = 2, p.request.follow = 1; }),
              HasSubstr("--follow"));
  EXPECT_THAT(closed([](HttpPlan& p) { p.pipeline = 2, p.request.keep_alive = false; }),
              HasSubstr("--no-keep-alive"));
  EXPECT_THAT(
      closed([](HttpPlan& p) { p.unix_path = "/s", p.sources = net::parse_sources("127.0.0.2"); }),
      HasSubstr("--unix"));
  EXPECT_THAT(open([](HttpPlan& p) { p.pipeline = 2; }), HasSubstr("--pipeline"));
  EXPECT_THAT(open([](HttpPlan& p) { p.schedule = Schedule::constant(parse_rate("1/s")); }),
              HasSubstr("without an end"));
}

TEST(HttpPlanCheck, Headers_AreNamedByWhatIsWrong) {
  const auto header = [](const std::string& text) {
    return refusal(closed_plan(), [&](HttpPlan& p) { p.request.headers = {text}; });
  };
  EXPECT_THAT(header("nothing"), HasSubstr("-H \"nothing\" is not \"Name: value\""));
  EXPECT_THAT(header(": x"), HasSubstr("is not \"Name: value\""));
  EXPECT_THAT(header("a b: x"), HasSubstr("\"a b\" is not the name of a header"));
  EXPECT_THAT(header("a: x\ny: z"), HasSubstr("control character in \"a\""));
  EXPECT_THAT(header(std::string("a: \0", 4)), HasSubstr("control character"));
  for (const char* ours :
       {"Content-Length: 1", "transfer-encoding: chunked", "Connection: close"}) {
    EXPECT_THAT(header(ours), HasSubstr("is set by scalectl")) << ours;
  }
}

TEST(HttpPlanCheck, WhatIsOdd_IsNotRefused) {
  HttpPlan plan = open_plan();
  plan.shard = Shard{1, 4};
  plan.request.headers = {"X-Empty:", "X-Tab: a\tb", "X-Utf8: \xc3\xa9"};
  plan.request.method = "PROPFIND";
  plan.drain = 0;
  EXPECT_NO_THROW(check(plan));
}

}  // namespace
}  // namespace scalectl::load
