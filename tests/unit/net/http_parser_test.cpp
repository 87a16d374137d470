#include "net/http_parser.hpp"

#include <gmock/gmock.h>

namespace scalectl::net {
namespace {

using testing::HasSubstr;

struct Message {
  std::string bytes;
  int status;
  bool keep_alive;
  std::uint64_t body;
  bool head = false;
  bool to_end = false;  ///< ends with the connection
};

const std::vector<Message> kMessages{
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true, 5},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, true, 0},
    {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", 200, true, 1},
    {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, false, 1},
    {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, false, 1},
    {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, true, 1},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, true, 2},
    {"HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 404 "
     "No\r\nContent-Length: 0\r\n\r\n",
     404, true, 0},
    {"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, true, 0},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", 304, true, 0},
    {"HTTP/1.1 200 OK\r\nContent-Length: 12345678901\r\n\r\n", 200, true, 0, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, true, 0, true},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: "
     "1\r\n\r\n",
     200, true, 6},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, true, 0},
    {"HTTP/1.1 200 OK\r\n\r\nto the end", 200, false, 10, false, true},
    {"HTTP/1.1 200 OK\r\nA: 1\r\n two\r\nContent-Length: 1\r\n\r\nx", 200, true, 1},
};

void expect(const HttpParser& parser, const Message& message) {
  EXPECT_TRUE(parser.complete());
  EXPECT_FALSE(parser.failed()) << parser.error();
  EXPECT_EQ(parser.response().status, message.status);
  EXPECT_EQ(parser.response().keep_alive, message.keep_alive);
  EXPECT_EQ(parser.response().body_bytes, message.body);
}

TEST(HttpParser, EveryMessage_AtEverySplit_IsTheSame) {
  for (const Message& message : kMessages) {
    SCOPED_TRACE(message.bytes);
    for (std::size_t split = 0; split <= message.bytes.size(); ++split) {
      HttpParser parser({});
      parser.reset({.head = message.head});
      EXPECT_EQ(parser.feed(message.bytes.data(), split), split);
      if (split < message.bytes.size()) {
        EXPECT_FALSE(parser.complete()) << "at " << split;
        const std::size_t rest = message.bytes.size() - split;
        EXPECT_EQ(parser.feed(message.bytes.data() + split, rest), rest);
      }
      if (message.to_end) parser.finish();
      expect(parser, message);
      if (testing::Test::HasFailure()) FAIL() << "at " << split;
    }
  }
}

TEST(HttpParser, EveryMessage_ByteByByte_IsTheSame) {
  for (const Message& message : kMessages) {
    SCOPED_TRACE(message.bytes);
    HttpParser parser({});
    parser.reset({.head = message.head});
    for (const char& byte : message.bytes) EXPECT_EQ(parser.feed(&byte, 1), 1);
    if (message.to_end) parser.finish();
    expect(parser, message);
  }
}

TEST(HttpParser, WhatFollowsAMessage_IsNotTaken) {
  for (const Message& message : kMessages) {
    if (message.to_end) continue;
    const std::string two = message.bytes + "HTTP/1.1 500 X";
    for (std::size_t split = 0; split < message.bytes.size(); ++split) {
      HttpParser parser({});
      parser.reset({.head = message.head});
      parser.feed(two.data(), split);
      EXPECT_EQ(parser.feed(two.data() + split, two.size() - split), message.bytes.size() - split)
          << split;
      expect(parser, message);
    }
  }
}

TEST(HttpParser, AfterReset_TakesTheNext) {
  HttpParser parser({});
  for (int round = 0; round < 2; ++round) {
    for (const Message& message : kMessages) {
      parser.reset({.head = message.head});
      EXPECT_FALSE(parser.started());
      parser.feed(message.bytes.data(), message.bytes.size());
      EXPECT_TRUE(parser.started());
      if (message.to_end) parser.finish();
      expect(parser, message);
    }
  }
}

TEST(HttpParser, Location_IsKept) {
  HttpParser parser({});
  const std::string first = "HTTP/1.1 302 Found\r\nlocation:  /there \r\nContent-Length: 0\r\n\r\n";
  parser.feed(first.data(), first.size());
  EXPECT_EQ(parser.response().location, "/there");
  parser.reset({});
  const std::string second = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  parser.feed(second.data(), second.size());
  EXPECT_EQ(parser.response().location, "") << "of the one before";
}

/// The parser's error over `bytes`, wherever they are split.
std::string error_over(const std::string& bytes, const HttpLimits& limits = {}) {
  std::string error;
  for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
    HttpParser parser(limits);
    for (std::size_t at = 0; at < bytes.size() && !parser.failed(); at += step) {
      parser.feed(bytes.data() + at, std::min(step, bytes.size() - at));
    }
    EXPECT_FALSE(parser.complete()) << bytes;
    EXPECT_TRUE(parser.failed()) << step << " at a time: " << bytes.substr(0, 80);
    error = parser.error();
  }
  return error;
}

TEST(HttpParser, Content_IsKeptWhereItIsAskedFor) {
  const std::string wire =
      "HTTP/1.1 200 OK\r\nX-One:  a b \r\nSet-Cookie: id=1; Path=/\r\nSet-Cookie: t=2\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (const bool content : {true, false}) {
    HttpParser parser({});
    parser.reset({.content = content});
    for (const char byte : wire) parser.feed(&byte, 1);
    ASSERT_TRUE(parser.complete()) << parser.error();
    const HttpResponse response = parser.take_response();
    EXPECT_THAT(response.cookies, testing::ElementsAre("id=1; Path=/", "t=2"));
    EXPECT_EQ(response.body_bytes, 5U);
    EXPECT_EQ(response.body, content ? "abcde" : "");
    EXPECT_EQ(response.fields, content
                                   ? "X-One: a b\r\nSet-Cookie: id=1; Path=/\r\nSet-Cookie: t=2\r\n"
                                     "Transfer-Encoding: chunked\r\n"
                                   : "");
  }
}

TEST(HttpParser, WhatIsNoResponse_Fails) {
  for (const char* bytes :
       {"hello\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "220 mail ready\r\n", "\x16\x03\x01", "HTTP/2",
        "GET / HTTP/1.1\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n"}) {
    EXPECT_NE(error_over(bytes), "") << bytes;
  }
}

TEST(HttpParser, PastALimit_Fails) {
  const HttpLimits limits{.header_bytes = 200, .body_bytes = 10};
  EXPECT_THAT(error_over("HTTP/1.1 200 OK\r\nA: " + std::string(300, 'a'), limits),
              HasSubstr("header"));
  EXPECT_THAT(error_over("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", limits),
              HasSubstr("body"));
  EXPECT_THAT(
      error_over(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n",
          limits),
      HasSubstr("body"));
  EXPECT_THAT(error_over("HTTP/1.1 200 OK\r\n\r\n12345678901", limits), HasSubstr("body"));
}

TEST(HttpParser, EndInsideAMessage_IsNoCompleteOne) {
  for (const Message& message : kMessages) {
    if (message.to_end) continue;
    for (std::size_t cut = 0; cut < message.bytes.size(); ++cut) {
      HttpParser parser({});
      parser.reset({.head = message.head});
      parser.feed(message.bytes.data(), cut);
      parser.finish();
      EXPECT_FALSE(parser.complete()) << message.bytes.substr(0, cut);
    }
  }
}

}  // namespace
}  // namespace scalectl::net
