#include "net/address.hpp"

#include <gmock/gmock.h>

#include <cerrno>

#include "support/thrown.hpp"

namespace scalectl::net {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> sources(const std::string& text) {
  std::vector<std::string> names;
  for (const Address& address : parse_sources(text)) names.push_back(address.text());
  return names;
}

TEST(Sources, ListsAndRanges_AreAllTheirAddresses) {
  EXPECT_THAT(sources("10.0.0.2"), ElementsAre("10.0.0.2:0"));
  EXPECT_THAT(sources("10.0.0.2,::1"), ElementsAre("10.0.0.2:0", "[::1]:0"));
  EXPECT_THAT(sources("127.0.0.9-11"), ElementsAre("127.0.0.9:0", "127.0.0.10:0", "127.0.0.11:0"));
  EXPECT_THAT(sources("127.0.0.5-5,10.0.0.1"), ElementsAre("127.0.0.5:0", "10.0.0.1:0"));
  EXPECT_EQ(parse_sources("127.0.0.0-255").size(), 256);
}

TEST(Sources, Mistakes_AreQuoted) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "\"\" is not an IP address"},
      {"localhost", "\"localhost\" is not an IP address"},
      {"127.0.0.256", "\"127.0.0.256\" is not"},
      {"127.0.0.1,", "\"\" is not"},
      {"127.0.0.9-3", "\"127.0.0.9-3\" ends before it begins"},
      {"127.0.0.9-", "\"\" is not a number from 0 to 255"},
      {"127.0.0.9-300", "\"300\" is not a number from 0 to 255"},
      {"127.0.0.9-1x", "\"1x\" is not a number"},
      {"::1-5", "only IPv4 addresses have ranges"},
  };
  for (const auto& [text, message] : cases) {
    const core::Error error = error_of([&text = text] { parse_sources(text); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_THAT(error.message(), HasSubstr(message)) << text;
  }
}

TEST(Sources, MoreThanTheMost_AreRefused) {
  std::string text = "127.0.0.0-255";
  for (int i = 1; i < 17; ++i)
    text += ",127.0." + std::to_string(i) + ".0-255";  // 17 * 256 > 4,096
  EXPECT_THAT(error_of([&] { parse_sources(text); }).message(), HasSubstr("4352 addresses"));
}

TEST(UnixAddress, ItsPath_IsItsText) {
  EXPECT_EQ(unix_address("/tmp/x").text(), "/tmp/x");
  EXPECT_EQ(unix_address(std::string(107, 'p')).text(), std::string(107, 'p'));
  EXPECT_EQ(error_of([] { unix_address(""); }).kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error_of([] { unix_address(std::string(108, 'p')); }).kind(), core::ErrorKind::kUsage);
}

TEST(Resolve, NumbersOfTheOtherFamily_AreNotFound) {
  EXPECT_EQ(std::get<std::vector<Address>>(resolve("127.0.0.1", 80, IpVersion::kV4)).front().text(),
            "127.0.0.1:80");
  EXPECT_EQ(std::get<Failure>(resolve("127.0.0.1", 80, IpVersion::kV6)).kind, FailureClass::kDns);
}

TEST(FailureClasses, OfErrors_AreWhoseFaultItIs) {
  const std::pair<int, FailureClass> cases[] = {
      {ECONNREFUSED, FailureClass::kRefused}, {ENOENT, FailureClass::kRefused},
      {ECONNRESET, FailureClass::kReset},     {EPIPE, FailureClass::kReset},
      {ETIMEDOUT, FailureClass::kTimeout},    {EMFILE, FailureClass::kLocal},
      {ENFILE, FailureClass::kLocal},         {EADDRNOTAVAIL, FailureClass::kLocal},
      {ENOBUFS, FailureClass::kLocal},        {ENOMEM, FailureClass::kLocal},
  };
  for (const auto& [error, kind] : cases)
    EXPECT_EQ(failure_of("connect", error).kind, kind) << error;
  EXPECT_EQ(failure_of("connect", ECONNREFUSED).detail, "connect: Connection refused");
}

TEST(FailureClasses, Names_AreDistinct) {
  std::vector<std::string_view> names;
  for (int i = 0; i < kFailureClasses; ++i) names.push_back(name_of(static_cast<FailureClass>(i)));
  EXPECT_THAT(names, ElementsAre("refused", "reset", "closed", "timeout", "tls", "protocol", "dns",
                                 "local"));
}

}  // namespace
}  // namespace scalectl::net
