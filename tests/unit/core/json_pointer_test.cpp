#include "core/json_pointer.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"
#include "support/thrown.hpp"

namespace scalectl::core {
namespace {

using test::error_of;
using testing::HasSubstr;

// The example of RFC 6901, section 5.
TEST(JsonPointer, FindsWhatTheRfcSays) {
  const Value value = parse_json(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})",
      "rfc");
  const std::pair<const char*, const char*> cases[] = {{"/foo", R"(["bar","baz"])"},
                                                       {"/foo/0", "\"bar\""},
                                                       {"/", "0"},
                                                       {"/a~1b", "1"},
                                                       {"/c%d", "2"},
                                                       {"/e^f", "3"},
                                                       {"/g|h", "4"},
                                                       {"/i\\j", "5"},
                                                       {"/k\"l", "6"},
                                                       {"/ ", "7"},
                                                       {"/m~0n", "8"}};
  EXPECT_EQ(find_at(value, ""), &value);
  for (const auto& [pointer, found] : cases) {
    check_pointer(pointer);
    ASSERT_NE(find_at(value, pointer), nullptr) << pointer;
    EXPECT_EQ(to_json(*find_at(value, pointer)), found) << pointer;
  }
}

TEST(JsonPointer, ThatIsNone_IsRefused) {
  EXPECT_EQ(error_of([] { check_pointer("a/b"); }).hint(), "did you mean \"/a/b\"?");
  EXPECT_THAT(error_of([] { check_pointer("/a~2"); }).message(), HasSubstr("\"~\" in column 3"));
  EXPECT_THAT(error_of([] { check_pointer("/a~"); }).message(), HasSubstr("\"~\" in column 3"));
}

}  // namespace
}  // namespace scalectl::core
