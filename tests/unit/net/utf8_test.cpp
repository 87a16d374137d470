#include "net/utf8.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace scalectl::net {
namespace {

TEST(Utf8, Text) {
  for (const std::string_view text :
       {"", "plain",
        "gr\xc3\xb6\xc3\x9f"
        "er",
        "\xe6\xbc\xa2", "\xf0\x9f\x8e\xb2", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, NoText) {
  for (const std::string_view bytes :
       {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe6\xbc",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x8e", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "a\xc3"}) {
    EXPECT_FALSE(is_utf8(bytes)) << bytes;
  }
}

}  // namespace
}  // namespace scalectl::net
