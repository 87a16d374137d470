#include "catalog/front_matter.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::catalog {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

File file(const std::string& text) { return {.path = "sql/x.sql", .text = text}; }

const std::vector<Rule> kRules{
    {.key = "tick", .required = true}, {.key = "summary"}, {.key = "param", .repeated = true}};

/// The Error of reading `text` and holding its first section against kRules.
core::Error error_in(const std::string& text, std::size_t section = 0) {
  return error_of([&] {
    const File f = file(text);
    check(f, parse_sections(f).at(section), kRules);
  });
}

TEST(ParseSections, FrontMatter_IsKeysValuesAndLines) {
  const auto sections = parse_sections(file("-- tick: stamina\n-- every:   5m  \n\nUPDATE x;\n"));
  ASSERT_EQ(sections.size(), 1U);
  const Section& section = sections[0];
  EXPECT_EQ(section.head, "");
  ASSERT_EQ(section.fields.size(), 2U);
  EXPECT_EQ(section.fields[0].key, "tick");
  EXPECT_EQ(section.fields[1].value, "5m");
  EXPECT_EQ(section.fields[1].line, 2);
  EXPECT_EQ(section.body_line, 3);
  EXPECT_EQ(section.body, "\nUPDATE x;\n\n");
}

TEST(ParseSections, ValueWithAColon_IsWhole) {
  EXPECT_EQ(parse_sections(file("-- query: SELECT :\"t\"::text\n"))[0].get("query"),
            "SELECT :\"t\"::text");
}

TEST(ParseSections, IndentedComment_ContinuesTheValue) {
  EXPECT_EQ(parse_sections(file("-- why: one\n--   two\n-- tick: x\n"))[0].get("why"), "one\ntwo");
}

TEST(ParseSections, AfterAnEmptyLine_CommentsAreSql) {
  const Section section = parse_sections(file("-- tick: x\n\n-- not a key\nSELECT 1;"))[0];
  EXPECT_EQ(section.fields.size(), 1U);
  EXPECT_EQ(section.body, "\n-- not a key\nSELECT 1;\n");
}

TEST(ParseSections, WindowsLineEnds_AreNoPartOfAValue) {
  EXPECT_EQ(parse_sections(file("-- tick: x\r\n-- every: 5m\r\n\r\n"))[0].get("every"), "5m");
}

TEST(ParseSections, EachSection_HasHeadLineFieldsAndBody) {
  const auto sections =
      parse_sections(file("-- pack: p\n\n-- @index a\n-- why: w\n\nA;\n-- @rows\nB;\n"));
  ASSERT_EQ(sections.size(), 3U);
  EXPECT_EQ(sections[1].head, "index a");
  EXPECT_EQ(sections[1].line, 3);
  EXPECT_EQ(sections[1].get("why"), "w");
  EXPECT_EQ(sections[1].body_line, 5);
  EXPECT_EQ(sections[1].body, "\nA;\n");
  EXPECT_EQ(sections[2].head, "rows");
  EXPECT_EQ(sections[2].line, 7);
  EXPECT_EQ(sections[2].body, "B;\n\n");
}

TEST(ParseSections, CommentThatIsNoKey_NamesFileAndLine) {
  for (const std::string line : {"-- Stamina", "--", "-- two words: x", "-- : x"}) {
    const core::Error error = error_in("-- tick: x\n" + line + "\n");
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "sql/x.sql:2: expected \"-- key: value\", found \"" + line + "\"");
  }
}

TEST(Check, UnknownKey_NamesTheClosest) {
  const core::Error error = error_in("-- tick: x\n-- sumary: y\n");
  EXPECT_EQ(error.message(), "sql/x.sql:2: unknown key \"sumary\"");
  EXPECT_EQ(error.hint(), "did you mean \"summary\"?");
}

TEST(Check, UnknownKeyLikeNoOther_ListsThem) {
  EXPECT_EQ(error_in("-- tick: x\n-- colour: y\n").hint(), "expected one of: tick, summary, param");
}

TEST(Check, EmptyValue_IsRefused) {
  EXPECT_EQ(error_in("-- tick: x\n-- summary:\n").message(),
            "sql/x.sql:2: \"summary\" has no value");
}

TEST(Check, KeyTwice_IsRefusedAtTheSecond) {
  EXPECT_EQ(error_in("-- tick: x\n-- param: a\n-- tick: y\n").message(),
            "sql/x.sql:3: \"tick\" stands here twice");
}

TEST(Check, RepeatedKey_MayStandSeveralTimes) {
  const File f = file("-- tick: x\n-- param: a\n-- param: b\n");
  EXPECT_NO_THROW(check(f, parse_sections(f)[0], kRules));
}

TEST(Check, MissingKey_NamesItAndTheSection) {
  EXPECT_EQ(error_in("-- summary: y\n").message(),
            "sql/x.sql:1: expected \"-- tick: …\" in the front matter");
  EXPECT_EQ(error_in("-- tick: x\n\n-- @rows\nSELECT 1;\n", 1).message(),
            "sql/x.sql:3: expected \"-- tick: …\" in the front matter of @rows");
}

TEST(Section, FindOfAMissingKey_IsNothing) {
  EXPECT_EQ(parse_sections(file("-- tick: x\n"))[0].find("every"), std::nullopt);
}

TEST(FileError, WithoutAHint_PointsAtTheExamples) {
  EXPECT_THAT(file_error(file(""), 7, "no").what(), HasSubstr("sql/x.sql:7: no — hint: the files"));
}

}  // namespace
}  // namespace scalectl::catalog
