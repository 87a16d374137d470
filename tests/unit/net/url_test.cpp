#include "net/url.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::net {
namespace {

using test::error_of;
using testing::HasSubstr;

struct Parsed {
  const char* text;
  bool tls;
  const char* host;
  int port;
  const char* target;
  const char* authority;
};

TEST(Url, Parts_AreTakenApart) {
  const Parsed cases[] = {
      {"http://h", false, "h", 80, "/", "h"},
      {"http://h/", false, "h", 80, "/", "h"},
      {"HTTP://h:80/a", false, "h", 80, "/a", "h"},
      {"https://h", true, "h", 443, "/", "h"},
      {"https://h:443", true, "h", 443, "/", "h"},
      {"https://h:80", true, "h", 80, "/", "h:80"},
      {"http://h:443", false, "h", 443, "/", "h:443"},
      {"h:8000/a/b?c=d&e", false, "h", 8000, "/a/b?c=d&e", "h:8000"},
      {"localhost", false, "localhost", 80, "/", "localhost"},
      {"http://h?q=1", false, "h", 80, "/?q=1", "h"},
      {"http://h/a#part", false, "h", 80, "/a", "h"},
      {"http://h#part", false, "h", 80, "/", "h"},
      {"http://[::1]/", false, "::1", 80, "/", "[::1]"},
      {"http://[fe80::1]:8080/x", false, "fe80::1", 8080, "/x", "[fe80::1]:8080"},
      {"http://127.0.0.1:65535", false, "127.0.0.1", 65535, "/", "127.0.0.1:65535"},
      {"http://h/a?u=http://other:1/", false, "h", 80, "/a?u=http://other:1/", "h"},
  };
  for (const Parsed& expected : cases) {
    SCOPED_TRACE(expected.text);
    const Url url = parse_url(expected.text);
    EXPECT_EQ(url.tls, expected.tls);
    EXPECT_EQ(url.host, expected.host);
    EXPECT_EQ(url.port, expected.port);
    EXPECT_EQ(url.target, expected.target);
    EXPECT_EQ(url.authority(), expected.authority);
    EXPECT_EQ(parse_url(url.text()).text(), url.text());
  }
}

TEST(Url, Mistakes_AreNamedWithTheirColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no host at column 1"},
      {"http://", "no host at column 8"},
      {"http://:80/", "no host at column 8"},
      {"ftp://h/", "\"ftp\" is neither http nor https at column 1"},
      {"http://h:/", "\"\" is not a port from 1 to 65535 at column 10"},
      {"http://h:0/", "\"0\" is not a port"},
      {"http://h:65536/", "\"65536\" is not a port"},
      {"http://h:-1/", "\"-1\" is not a port"},
      {"http://h:80a/", "\"80a\" is not a port"},
      {"http://[::1/", "\"[\" without \"]\" at column 8"},
      {"http://[::1]80/", "that is no port at column 13"},
      {"http://a b/", "a character that must be written as %XX at column 9"},
      {"http://h/\r\nX: y", "%XX at column 10"},
      {"http://h/\xc3\xa9", "%XX at column 10"},
      {"http://u:p@h/", "do not belong into a URL at column 11"},
  };
  for (const auto& [text, message] : cases) {
    const core::Error error = error_of([&text = text] { parse_url(text); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_THAT(error.message(), HasSubstr(message)) << text;
    EXPECT_NE(error.hint(), "") << text;
  }
}

TEST(Url, APassword_IsNotRepeated) {
  for (const char* text : {"http://ann:secret@host/", "ann:secret@host", "http://secret@host:x/"}) {
    try {
      parse_url(text);
      FAIL() << text;
    } catch (const core::Error& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("secret"))) << text;
      EXPECT_THAT(error.what(), testing::HasSubstr("…@host")) << text;
    }
  }
}

TEST(RedirectTarget, OnTheSameServer_IsItsPath) {
  const Url url = parse_url("http://h:8000/a/b?q=1");
  const std::pair<const char*, const char*> cases[] = {
      {"/c", "/c"},
      {"/c?d=e", "/c?d=e"},
      {"c", "/a/c"},
      {"c/d", "/a/c/d"},
      {"?r=2", "/a/b?r=2"},
      {"http://h:8000/x?y", "/x?y"},
      {"http://h:8000", "/"},
      {"HTTP://H:8000/x", "/x"},
      {"//h:8000/x", "/x"},
      {"/c#part", "/c"},
      {"/c?back=http://other/", "/c?back=http://other/"},
  };
  for (const auto& [location, target] : cases) {
    EXPECT_EQ(redirect_target(url, location), std::optional<std::string>(target)) << location;
  }
}

TEST(RedirectTarget, OnAnother_IsNone) {
  const Url url = parse_url("http://h:8000/a");
  for (const char* location : {"", "https://h:8000/a", "http://h:8001/a", "http://other:8000/a",
                               "//other/a", "ftp://h:8000/a", "/a b", "mailto://x@y"}) {
    EXPECT_EQ(redirect_target(url, location), std::nullopt) << location;
  }
}

}  // namespace
}  // namespace scalectl::net
