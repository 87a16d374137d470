#include "catalog/sql_text.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::catalog {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::IsEmpty;

const File kFile{.path = "sql/x.sql", .text = ""};

SqlText text_of(const std::string& sql) { return {kFile, sql, 1}; }

/// `sql` with identifiers in brackets and values cast to nothing.
BoundSql bound(const std::string& sql) {
  return text_of(sql).bind([](const std::string& name) { return "[" + name + "]"; },
                           [](const std::string&) { return ""; });
}

TEST(SqlText, Placeholders_AreFoundOnceEachInOrder) {
  const SqlText text = text_of("UPDATE :\"players\" SET a = :b, c = :a WHERE :b > 0 OR :\"items\"");
  EXPECT_THAT(text.identifiers(), ElementsAre("players", "items"));
  EXPECT_THAT(text.values(), ElementsAre("b", "a"));
}

TEST(SqlText, Bind_NumbersEachValueOnce) {
  const BoundSql sql = bound("UPDATE :\"players\" SET a = :b, c = :a WHERE d = :b");
  EXPECT_EQ(sql.sql, "UPDATE [players] SET a = $1, c = $2 WHERE d = $1");
  EXPECT_THAT(sql.parameters, ElementsAre("b", "a"));
}

TEST(SqlText, Bind_CastsEachValueToItsType) {
  const BoundSql sql = text_of("SELECT :age, :n").bind({}, [](const std::string& name) {
    return name == "age" ? "interval" : "";
  });
  EXPECT_EQ(sql.sql, "SELECT $1::interval, $2");
}

// Source of the cases: PostgreSQL's documentation, "Lexical Structure".
TEST(SqlText, WhatOnlyLooksLikeAPlaceholder_StaysAsItIs) {
  for (const std::string sql : {
           "SELECT ':a :\"b\"'",
           "SELECT 'it''s :a'",
           "SELECT E'it\\'s :a'",
           "SELECT e'\\\\' || ':a'",
           "SELECT '\\' || ':a'",
           "SELECT \"odd :a name\"",
           "SELECT 1 -- :a and :\"b\"\n",
           "SELECT 1 -- :a at the end",
           "SELECT 1 /* :a /* :b */ :c */ + 2",
           "SELECT $$ :a ' $$",
           "SELECT $tag$ :a $$ :b $tag$",
           "SELECT now()::date, 1::int",
           "SELECT x := 1",
           "SELECT a[1 : 2]",
           "SELECT ': '",
       }) {
    const BoundSql result = bound(sql);
    EXPECT_EQ(result.sql, sql);
    EXPECT_THAT(result.parameters, IsEmpty()) << sql;
  }
}

TEST(SqlText, PlaceholderRightAfterThem_IsFound) {
  const std::pair<const char*, const char*> cases[] = {{"SELECT 'x':a", "SELECT 'x'$1"},
                                                       {"SELECT E'\\'':a", "SELECT E'\\''$1"},
                                                       {"SELECT '\\':a", "SELECT '\\'$1"},
                                                       {"SELECT /* c */:a", "SELECT /* c */$1"},
                                                       {"-- c\n:a", "-- c\n$1"},
                                                       {"SELECT $$x$$:a", "SELECT $$x$$$1"},
                                                       {"SELECT $1:a", "SELECT $1$1"},
                                                       {"SELECT a$b$:a", "SELECT a$b$$1"},
                                                       {"SELECT :a::int", "SELECT $1::int"},
                                                       {"SELECT (:a)", "SELECT ($1)"}};
  for (const auto& [sql, expected] : cases) EXPECT_EQ(bound(sql).sql, expected) << sql;
}

TEST(SqlText, QuotedValue_IsRefusedAtItsLine) {
  const core::Error error = error_of([] { SqlText(kFile, "SELECT\n 1,\n :'a'", 10); });
  EXPECT_EQ(error.message(), "sql/x.sql:12: values are bound, not quoted into the text");
  EXPECT_EQ(error.hint(), "write :name instead of :'name'");
}

TEST(SqlText, BrokenIdentifier_IsRefusedAtItsLine) {
  for (const char* sql : {"SELECT\n:\"", "SELECT\n:\"\""}) {
    EXPECT_EQ(error_of([&] { SqlText(kFile, sql, 1); }).message(),
              "sql/x.sql:2: expected :\"name\" with a closing quote");
  }
}

std::vector<std::string> split(const std::string& sql) {
  std::vector<std::string> texts;
  for (const SqlText& text : split_statements(kFile, sql, 1)) {
    texts.push_back(text.bind([](const std::string& name) { return name; }, {}).sql);
  }
  return texts;
}

TEST(SplitStatements, SemicolonsSeparate) {
  EXPECT_THAT(split("SELECT 1;\n SELECT 2 ; SELECT 3"),
              ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
}

TEST(SplitStatements, SemicolonsInsideQuotesAndComments_DoNot) {
  EXPECT_THAT(split("SELECT ';', \";\", $$;$$ /* ; */ -- ;\n;"),
              ElementsAre("SELECT ';', \";\", $$;$$ /* ; */ -- ;"));
}

TEST(SplitStatements, BlankPieces_AreNoStatements) {
  EXPECT_THAT(split(" ;; -- only a comment\n; /* and */ \n"), IsEmpty());
  EXPECT_THAT(split(""), IsEmpty());
}

TEST(SplitStatements, EachStatement_KnowsItsLine) {
  const auto statements = split_statements(kFile, "\n\nSELECT 1;\n\nSELECT\n 2;", 10);
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].line(), 12);
  EXPECT_EQ(statements[1].line(), 14);
}

}  // namespace
}  // namespace scalectl::catalog
