#include "core/json_document.hpp"

#include <gmock/gmock.h>

#include <tuple>

#include "core/json.hpp"
#include "support/thrown.hpp"

namespace scalectl::core {
namespace {

using test::error_of;
using testing::HasSubstr;

Place at(int line, int column) { return {.line = line, .column = column}; }

TEST(JsonDocument, EveryValueAndNameKnowsItsPlace) {
  const JsonNode root = parse_json_document(
      "// first: {\n"
      "{ \"a\" : 1, /* \"b\": */ \"é\": \"x\\\"y\", \"c\": [ -1.5e3, true,\n"
      "   null , {} ] }",
      "f");
  EXPECT_EQ(root.place, at(2, 1));
  const auto& members = *root.if_object();
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].place, at(2, 3));
  EXPECT_EQ(members[0].value.place, at(2, 9));
  EXPECT_EQ(members[1].place, at(2, 23));
  EXPECT_EQ(members[1].value.place, at(2, 28));
  EXPECT_EQ(*members[1].value.if_text(), "x\"y");
  const auto& list = *members[2].value.if_list();
  EXPECT_EQ(members[2].value.place, at(2, 41));
  EXPECT_EQ(list[0].place, at(2, 43));
  EXPECT_EQ(list[1].place, at(2, 51));
  EXPECT_EQ(list[2].place, at(3, 4));
  EXPECT_EQ(list[3].place, at(3, 11));
}

TEST(JsonDocument, ValueIsWhatParseJsonGives) {
  const char* text =
      R"({"z":[1,-2,2.5,18446744073709551615,"é\n",true,null,[],{}],"a":{"b":[[{}]]}})";
  EXPECT_EQ(to_json(parse_json_document(text, "f").value()), to_json(parse_json(text, "f")));
}

TEST(JsonDocument, Find_LooksIntoObjects) {
  const JsonNode root = parse_json_document("\xEF\xBB\xBF{\"a\":{\"b\":7}}", "f");
  EXPECT_EQ(root.place, at(1, 1));
  EXPECT_EQ(*root.find("a")->find("b")->if_integer(), 7);
  EXPECT_EQ(root.find("b"), nullptr);
  EXPECT_EQ(root.find("a")->find("b")->find("c"), nullptr);
}

TEST(JsonDocument, Mistakes_AreRefusedWithTheirPlace) {
  const std::string deep(101, '[');
  const std::tuple<std::string, const char*> cases[] = {
      {"", "f:1:1: not valid JSON"},
      {"{\n  \"a\": ,\n}", "f:2:8: not valid JSON"},
      {"{\"a\": 1,}", "f:1:9: not valid JSON"},
      {"{\"a\": 1} x", "f:1:10: not valid JSON"},
      {"{\"a\": \"x\n\"}", "invalid string: control character"},
      {"{\"a\": 1,\n \"b\": 2, \"a\": 3}", "f:2:10: \"a\" is there twice"},
      {deep, "f:1:101: nested more than 100 deep"}};
  for (const auto& [text, says] : cases) {
    const Error error = error_of([&, t = text] { parse_json_document(t, "f"); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
    EXPECT_THAT(error.message(), HasSubstr(says)) << text;
  }
  EXPECT_EQ(error_of([] { parse_json_document("{\"a\":1,\"a\":1}", "f"); }).hint(),
            "the first one is in line 1, column 2");
}

}  // namespace
}  // namespace scalectl::core
