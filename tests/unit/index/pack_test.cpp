#include "index/pack.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::index {
namespace {

using test::error_of;
using testing::HasSubstr;

const std::string kHead = "-- pack: p\n-- summary: s\n-- family: game\n\n";

/// A section for index `name` with `create` as its SQL.
std::string section(const std::string& name, const std::string& create) {
  return "-- @index " + name + "\n-- why: w\n-- query: SELECT 1\n\n" + create + "\n";
}

Pack parsed(const std::string& text) {
  return parse({.name = "p", .version = 3, .file = {.path = "sql/p.sql", .text = text}});
}

/// The message for `text` after the file's name.
std::string message_for(const std::string& text) {
  const core::Error error = error_of([&] { parsed(text); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  return error.message();
}

TEST(ParsePack, WholeFile_IsReadInFull) {
  const Pack pack =
      parsed(kHead + section("idx_a", "CREATE INDEX CONCURRENTLY idx_a ON :\"players\" (a);") +
             section("idx_b",
                     "create unique index concurrently idx_b\n"
                     "  on :\"items\" (b) WHERE c;"));
  EXPECT_EQ(pack.name, "p");
  EXPECT_EQ(pack.version, 3);
  EXPECT_EQ(pack.summary, "s");
  EXPECT_EQ(pack.family, "game");
  ASSERT_EQ(pack.indexes.size(), 2U);
  EXPECT_EQ(pack.indexes[0].name, "idx_a");
  EXPECT_EQ(pack.indexes[0].why, "w");
  EXPECT_EQ(pack.indexes[0].query, "SELECT 1");
  EXPECT_EQ(pack.indexes[0].table, "players");
  EXPECT_EQ(pack.indexes[1].name, "idx_b");
  EXPECT_EQ(pack.indexes[1].table, "items");
}

TEST(ParsePack, NameOtherThanTheFiles_IsRefused) {
  EXPECT_EQ(message_for("-- pack: q\n-- summary: s\n\n"),
            "sql/p.sql:1: expected \"-- pack: p\", found \"q\"");
}

TEST(ParsePack, MissingKey_IsNamed) {
  EXPECT_EQ(message_for("-- pack: p\n\n"),
            "sql/p.sql:1: expected \"-- summary: …\" in the front matter");
  EXPECT_EQ(message_for(kHead + "-- @index idx_a\n-- why: w\n\nSELECT 1;\n"),
            "sql/p.sql:5: expected \"-- query: …\" in the front matter of @index idx_a");
}

TEST(ParsePack, WithoutIndexes_IsRefused) {
  EXPECT_EQ(message_for(kHead), "sql/p.sql:1: expected at least one \"-- @index NAME\"");
}

TEST(ParsePack, SqlBeforeTheFirstIndex_IsRefused) {
  EXPECT_EQ(message_for(kHead + "SELECT 1;\n"),
            "sql/p.sql:4: SQL stands before the first \"-- @index NAME\"");
}

TEST(ParsePack, OtherSection_IsRefused) {
  EXPECT_EQ(message_for(kHead + "-- @rows\nSELECT 1;\n"), "sql/p.sql:5: unexpected section @rows");
}

TEST(ParsePack, NameThatNeedsQuotes_IsRefused) {
  for (const std::string& name :
       std::vector<std::string>{"Idx", "1dx", "idx a", "idx-a", std::string(64, 'a')}) {
    EXPECT_EQ(message_for(kHead + section(name, "SELECT 1;")),
              "sql/p.sql:5: \"" + name + "\" is not an index name");
  }
}

TEST(ParsePack, OtherThanOneStatement_IsRefused) {
  EXPECT_EQ(message_for(kHead + section("idx_a", "")),
            "sql/p.sql:5: expected one CREATE INDEX, found 0 statements");
  EXPECT_EQ(message_for(kHead + section("idx_a", "SELECT 1; SELECT 2;")),
            "sql/p.sql:5: expected one CREATE INDEX, found 2 statements");
}

TEST(ParsePack, OtherThanOneTable_IsRefusedAtTheStatement) {
  for (const char* create : {"CREATE INDEX CONCURRENTLY idx_a ON players (a);",
                             "CREATE INDEX CONCURRENTLY idx_a ON :\"players\" (:\"a\");",
                             "CREATE INDEX CONCURRENTLY idx_a ON :\"players\" (a) WHERE b > :b;"}) {
    EXPECT_THAT(message_for(kHead + section("idx_a", create)),
                HasSubstr("sql/p.sql:9: expected the table as :\"name\""))
        << create;
  }
}

TEST(ParsePack, OtherThanAConcurrentIndexOfThatName_IsRefusedAtTheStatement) {
  for (const char* create : {"CREATE INDEX idx_a ON :\"players\" (a);",
                             "CREATE INDEX CONCURRENTLY idx_b ON :\"players\" (a);",
                             "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_a ON :\"players\" (a);",
                             "DROP TABLE :\"players\";"}) {
    EXPECT_EQ(message_for(kHead + section("idx_a", create)),
              "sql/p.sql:9: expected CREATE [UNIQUE] INDEX CONCURRENTLY idx_a ON :\"table\" …")
        << create;
  }
}

TEST(ParsePack, SameNameTwice_IsRefused) {
  const std::string one = section("idx_a", "CREATE INDEX CONCURRENTLY idx_a ON :\"players\" (a);");
  EXPECT_EQ(message_for(kHead + one + one), "sql/p.sql:10: index idx_a stands here twice");
}

TEST(ParsePack, QueryWithParameters_NeedsSamples) {
  const std::string create = "\nCREATE INDEX CONCURRENTLY idx_a ON :\"players\" (a);\n";
  const std::string with = kHead + "-- @index idx_a\n-- why: w\n-- query: SELECT 1 WHERE 1 = :x\n";
  EXPECT_EQ(message_for(with + create),
            "sql/p.sql:7: the query has a parameter :x, and nothing gives its value");
  const Pack pack =
      parsed(with + "-- samples: SELECT a AS x FROM :\"players\"\n-- target: 5ms\n" + create);
  EXPECT_TRUE(pack.indexes[0].samples);
  EXPECT_EQ(pack.indexes[0].target_s, 0.005);
}

TEST(ParsePack, Fillfactor_IsReadAndHasLimits) {
  const std::string index = section("idx_a", "CREATE INDEX CONCURRENTLY idx_a ON :\"p\" (a);");
  const auto with = [&](const std::string& words) {
    return kHead + "-- @fillfactor " + words + "\n-- why: w\n\n" + index;
  };
  const Pack pack = parsed(with("players 50"));
  ASSERT_EQ(pack.fillfactors.size(), 1U);
  EXPECT_EQ(pack.fillfactors[0].table, "players");
  EXPECT_EQ(pack.fillfactors[0].percent, 50);
  EXPECT_THAT(pack.tables(), testing::UnorderedElementsAre("p", "players"));
  for (const char* words : {"players", "players 9", "players 101", "players 50%"}) {
    EXPECT_THAT(message_for(with(words)), HasSubstr("is no table and its fillfactor")) << words;
  }
}

TEST(BetterDesign, OfGame_IsGameHot) {
  const catalog::Catalog catalog;
  EXPECT_EQ(better_design(catalog, load(catalog, "game"))->name, "game-hot");
  EXPECT_FALSE(better_design(catalog, load(catalog, "game-hot")));
}

TEST(LoadPack, UnknownName_IsRefused) {
  EXPECT_EQ(error_of([] { load(catalog::Catalog(), "gmae"); }).hint(), "did you mean \"game\"?");
}

// Seed 000 names these two and their columns.
TEST(LoadPack, Game_HasSeed000sIndexes) {
  const Pack pack = load(catalog::Catalog(), "game");
  ASSERT_GE(pack.indexes.size(), 2U);
  EXPECT_EQ(pack.indexes[0].name, "idx_players_stamina_regen");
  EXPECT_EQ(pack.indexes[0].table, "players");
  EXPECT_EQ(pack.indexes[1].name, "idx_combat_turn_time");
  EXPECT_EQ(pack.indexes[1].table, "active_combats");
}

}  // namespace
}  // namespace scalectl::index
