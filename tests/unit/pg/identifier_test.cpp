#include "pg/identifier.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::pg {
namespace {

using core::ErrorKind;
using test::error_of;
using testing::HasSubstr;

TEST(QuoteIdentifier, QuotesInsideAreDoubled) {
  EXPECT_EQ(quote_identifier("players"), R"("players")");
  EXPECT_EQ(quote_identifier("Game Players"), R"("Game Players")");
  EXPECT_EQ(quote_identifier(R"(a"; DROP TABLE x; --)"), R"("a""; DROP TABLE x; --")");
  EXPECT_EQ(quote_identifier("\""), "\"\"\"\"");
  EXPECT_EQ(quote_identifier("Spieler\\ä"), "\"Spieler\\ä\"");
}

TEST(QuoteIdentifier, SixtyThreeBytes_AreTheMost) {
  EXPECT_EQ(quote_identifier(std::string(63, 'a')).size(), 65U);
  const core::Error error = error_of([] { quote_identifier(std::string(62, 'a') + "é"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("has 64 bytes"));
}

TEST(QuoteIdentifier, WhatPostgresCannotHold_IsRefused) {
  EXPECT_EQ(error_of([] { quote_identifier(""); }).message(), "an identifier is empty");
  EXPECT_EQ(error_of([] { quote_identifier(std::string_view("a\0b", 3)); }).message(),
            "an identifier holds a NUL byte");
}

TEST(QuoteLiteral, QuotesInsideAreDoubled) {
  EXPECT_EQ(quote_literal("5s"), "'5s'");
  EXPECT_EQ(quote_literal(""), "''");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
}

TEST(QuoteLiteral, WithBackslashes_IsAnEscapeString) {
  EXPECT_EQ(quote_literal(R"(a\b)"), R"( E'a\\b')");
  EXPECT_EQ(quote_literal(R"(\')"), R"( E'\\''')");
}

TEST(Naming, WithoutAnything_IsTheQuotedName) {
  const Naming naming;
  EXPECT_EQ(naming.table("players"), R"("players")");
  EXPECT_EQ(naming.actual("players"), "players");
}

TEST(Naming, WithASchema_QualifiesEveryTable) {
  EXPECT_EQ(Naming("My \"Game\"", {}).table("players"), R"("My ""Game"""."players")");
}

TEST(Naming, RenamedTables_AreTheirOwnNameAndOthersStay) {
  const Naming naming("game", {"players=Game Players", "items=a=b"});
  EXPECT_EQ(naming.table("players"), R"("game"."Game Players")");
  EXPECT_EQ(naming.actual("players"), "Game Players");
  EXPECT_EQ(naming.actual("items"), "a=b");
  EXPECT_EQ(naming.table("inventory"), R"("game"."inventory")");
}

TEST(Naming, MalformedEntries_AreRefused) {
  for (const std::string entry : {"", "players", "=x", "players="}) {
    const core::Error error = error_of([&] { Naming(std::nullopt, {entry}); });
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_EQ(error.message(), "--table \"" + entry + "\" is not KNOWN=ACTUAL");
  }
}

TEST(Naming, NamesThatPostgresCannotHold_AreRefusedAtOnce) {
  const std::string endless(64, 'a');
  EXPECT_EQ(error_of([&] { Naming(endless, {}); }).kind(), ErrorKind::kUsage);
  EXPECT_EQ(error_of([&] { Naming(std::nullopt, {"players=" + endless}); }).kind(),
            ErrorKind::kUsage);
}

}  // namespace
}  // namespace scalectl::pg
