#include "load/scenario/extraction.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::load::scenario {
namespace {

using testing::HasSubstr;
using Kind = Extraction::Kind;

constexpr const char* kBody =
    R"({"id":7,"name":"ann","tags":["a","b"],"none":null,"a/b":{"~":1.5}})";
constexpr const char* kHeaders = "ETag: \"x\"\r\nSet-Cookie:a=b\r\nX-Empty:\r\netag: later\r\n";

std::optional<Variable> find(Kind kind, const std::string& what, const Received& received) {
  Extraction extraction{.kind = kind, .what = what};
  if (kind == Kind::kRegex) extraction.regex = std::make_shared<const Regex>(what);
  return extraction.find(received);
}

TEST(Extraction, Pointer_FindsTextAndJson) {
  const Received received(kBody, kHeaders, 200);
  const auto at = [&](const char* pointer) { return find(Kind::kPointer, pointer, received); };
  EXPECT_EQ(at("/name"), (Variable{"ann", false}));
  EXPECT_EQ(at("/id"), (Variable{"7", true}));
  EXPECT_EQ(at("/tags/1"), (Variable{"b", false}));
  EXPECT_EQ(at("/tags"), (Variable{"[\"a\",\"b\"]", true}));
  EXPECT_EQ(at("/none"), (Variable{"null", true}));
  EXPECT_EQ(at("/a~1b/~0"), (Variable{"1.5", true}));
  for (const char* nothing : {"/nam", "/tags/2", "/tags/01", "/tags/-", "/name/0", "/id/x"}) {
    EXPECT_EQ(at(nothing), std::nullopt) << nothing;
  }
}

TEST(Extraction, FromWhatIsNoJson_FindsNothing) {
  EXPECT_EQ(find(Kind::kPointer, "/a", Received("<html>")), std::nullopt);
  EXPECT_EQ(find(Kind::kPointer, "/a", Received("")), std::nullopt);
}

TEST(Extraction, Header_IsFoundWhateverItsCase) {
  const Received received(kBody, kHeaders, 200);
  EXPECT_EQ(find(Kind::kHeader, "etag", received)->text, "\"x\"");
  EXPECT_EQ(find(Kind::kHeader, "SET-COOKIE", received)->text, "a=b");
  EXPECT_EQ(find(Kind::kHeader, "x-empty", received)->text, "");
  EXPECT_EQ(find(Kind::kHeader, "x", received), std::nullopt);
}

TEST(Extraction, Regex_GivesItsFirstGroupOrTheMatch) {
  const Received received("id=17; id=18", "", 0);
  EXPECT_EQ(find(Kind::kRegex, "id=(\\d+)", received)->text, "17");
  EXPECT_EQ(find(Kind::kRegex, "\\d+$", received)->text, "18");
  EXPECT_EQ(find(Kind::kRegex, "no=(\\d+)", received), std::nullopt);
  EXPECT_EQ(find(Kind::kRegex, "id=17(x)?", received), std::nullopt);
}

TEST(Extraction, StatusAndBody_AreThere) {
  EXPECT_EQ(find(Kind::kStatus, "", Received("b", "", 404)), (Variable{"404", true}));
  EXPECT_EQ(find(Kind::kStatus, "", Received("a message")), std::nullopt);
  EXPECT_EQ(find(Kind::kBody, "", Received("text")), (Variable{"text", false}));
}

TEST(Extraction, Default_StandsInForNothing) {
  Extraction extraction{.kind = Kind::kPointer, .what = "/x", .otherwise = Variable{"0", true}};
  EXPECT_EQ(extraction.find(Received(kBody)), (Variable{"0", true}));
  extraction.what = "/id";
  EXPECT_EQ(extraction.find(Received(kBody))->text, "7");
}

TEST(ScenarioRegex, ThatDoesNotCompile_IsRefused) {
  const core::Error error = test::error_of([] { Regex("a(b"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("\"a(b\" is no regular expression: missing ): a(b"));
}

}  // namespace
}  // namespace scalectl::load::scenario
