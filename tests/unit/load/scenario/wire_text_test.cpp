#include "load/scenario/wire_text.hpp"

#include <gmock/gmock.h>

namespace scalectl::load::scenario {
namespace {

TEST(WireText, Escaped_KeepsWhatAUrlMeans) {
  EXPECT_EQ(escaped("/a/b?c=d&e=%20#f"), "/a/b?c=d&e=%20#f");
  EXPECT_EQ(escaped("a b"), "/a%20b");
  EXPECT_EQ(escaped("/x HTTP/1.1\r\nEvil: 1"), "/x%20HTTP/1.1%0D%0AEvil:%201");
  EXPECT_EQ(escaped("/\"ü\""), "/%22%C3%BC%22");
  EXPECT_EQ(escaped(""), "/");
}

TEST(WireText, IsLine_RefusesBreaks) {
  EXPECT_TRUE(is_line("Name: value"));
  EXPECT_FALSE(is_line("Name: a\r\nOther: b"));
  EXPECT_FALSE(is_line("a\nb"));
  EXPECT_FALSE(is_line(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace scalectl::load::scenario
