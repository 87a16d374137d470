// Reading migration files; what the server makes of them is tested on a server.
#include "schema/migrations.hpp"

#include <gmock/gmock.h>

#include "catalog/checksum.hpp"
#include "support/command.hpp"
#include "support/thrown.hpp"

namespace scalectl::schema {
namespace {

using test::error_of;
using testing::ElementsAre;

std::string head(const std::string& name) {
  return "-- migration: " + name + "\n-- summary: s\n-- table: a\n-- table: b\n\n";
}

/// A family called "mine" in a --sql-dir of one test's own.
class Family : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    return directory_.write("schema/mine/" + name, text);
  }
  std::vector<Migration> load() const {
    return schema::load(catalog::Catalog(directory_.path()), "mine");
  }
  std::string refusal() const {
    const core::Error error = error_of([&] { load(); });
    EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
    return error.message();
  }

 private:
  test::TemporaryDirectory directory_;
};

TEST_F(Family, Migration_IsReadInFull) {
  const std::string text = head("first") + "CREATE TABLE a ();\n";
  write("001_first.sql", text);
  const auto migrations = load();
  ASSERT_EQ(migrations.size(), 1U);
  EXPECT_EQ(migrations[0].version, 1);
  EXPECT_EQ(migrations[0].name, "first");
  EXPECT_EQ(migrations[0].summary, "s");
  EXPECT_THAT(migrations[0].tables, ElementsAre("a", "b"));
  const auto as_is = [](const std::string& name) { return name; };
  EXPECT_EQ(migrations[0].sql.bind(as_is, as_is).sql, "\nCREATE TABLE a ();\n\n");
  EXPECT_EQ(migrations[0].checksum, catalog::sha256(text));
}

TEST_F(Family, OptionalMigration_SaysWhatItMakesAnewAndHowItIsKeptUp) {
  write("001_first.sql",
        "-- migration: first\n-- summary: s\n-- optional: folded\n-- replaces: a\n-- replaces: b\n"
        "-- function: fold(int, text)\n-- function: refold()\n-- upkeep: refold\n\nSELECT 1;\n");
  const Migration first = load().at(0);
  EXPECT_EQ(first.optional, "folded");
  EXPECT_THAT(first.replaces, ElementsAre("a", "b"));
  ASSERT_EQ(first.functions.size(), 2U);
  EXPECT_EQ(first.functions[0].name, "fold");
  EXPECT_EQ(first.functions[0].types, "(int, text)");
  EXPECT_EQ(first.upkeep, "refold");
}

TEST_F(Family, UpkeepWithoutItsFunction_IsRefused) {
  const std::string path = write("001_first.sql", "-- migration: first\n-- summary: s\n"
                                                  "-- function: fold()\n-- upkeep: refold\n\n");
  EXPECT_EQ(refusal(), path + ":1: \"upkeep: refold\" without \"function: refold(…)\"");
}

TEST_F(Family, FunctionWithoutTypes_IsRefusedAtItsLine) {
  const std::string path =
      write("001_first.sql", "-- migration: first\n-- summary: s\n-- function: fold\n\n");
  EXPECT_EQ(refusal(), path + ":3: expected \"-- function: name(types)\"");
}

TEST_F(Family, Migrations_AreInOrder) {
  write("002_then.sql", head("then"));
  write("001_first.sql", head("first"));
  write("003_last_of_all.sql", head("last_of_all"));
  std::vector<std::string> names;
  for (const Migration& migration : load()) names.push_back(migration.name);
  EXPECT_THAT(names, ElementsAre("first", "then", "last_of_all"));
}

TEST_F(Family, FileNamedOtherwise_IsRefused) {
  for (const std::string name : {"first.sql", "001_other.sql", "001-first.sql", "x01_first.sql",
                                 "001x_first.sql", "000_first.sql", "_first.sql", "-1_first.sql"}) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.write("schema/mine/" + name, head("first"));
    const core::Error error =
        error_of([&] { schema::load(catalog::Catalog(directory.path()), "mine"); });
    EXPECT_EQ(error.message(), path + ":1: expected a file named NNN_first.sql") << name;
  }
}

TEST_F(Family, GapInTheNumbers_IsRefused) {
  write("001_first.sql", head("first"));
  const std::string path = write("003_third.sql", head("third"));
  EXPECT_EQ(refusal(), path + ":1: expected migration number 2");
}

TEST_F(Family, NumberTwice_IsRefused) {
  write("001_a.sql", head("a"));
  const std::string path = write("001_b.sql", head("b"));
  EXPECT_EQ(refusal(), path + ":1: expected migration number 2");
}

TEST_F(Family, MissingKey_IsNamed) {
  const std::string path = write("001_first.sql", "-- migration: first\n\nSELECT 1;\n");
  EXPECT_EQ(refusal(), path + ":1: expected \"-- summary: …\" in the front matter");
}

TEST_F(Family, UnknownKey_IsRefusedAtItsLine) {
  const std::string path =
      write("001_first.sql", "-- migration: first\n-- summary: s\n-- tables: a\n\n");
  EXPECT_EQ(refusal(), path + ":3: unknown key \"tables\"");
}

TEST_F(Family, Section_IsRefusedAtItsLine) {
  const std::string path = write("001_first.sql", head("first") + "-- @rows\nSELECT 1;\n");
  EXPECT_EQ(refusal(), path + ":6: a migration has no sections");
}

TEST(CheckOptions, OptionalMigrationThatThereIsNot_IsRefused) {
  const catalog::Catalog catalog;
  check(catalog, {.family = "workflow", .optional = {"partitioned"}});
  const core::Error none =
      error_of([&] { check(catalog, {.family = "game", .optional = {"partitioned"}}); });
  EXPECT_EQ(none.message(), "reference schema game cannot be partitioned");
  const core::Error other =
      error_of([&] { check(catalog, {.family = "workflow", .optional = {"folded"}}); });
  EXPECT_EQ(other.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(other.hint(), "it can be: partitioned");
}

TEST(LoadMigrations, UnknownFamily_NamesTheClosest) {
  const core::Error error = error_of([] { load(catalog::Catalog(), "gaem"); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "there is no reference schema \"gaem\"");
  EXPECT_EQ(error.hint(), "did you mean \"game\"?");
}

TEST(LoadMigrations, Game_StatesTheTablesItCreates) {
  const auto migrations = load(catalog::Catalog(), "game");
  ASSERT_FALSE(migrations.empty());
  EXPECT_THAT(migrations[0].tables,
              ElementsAre("locations", "items", "players", "inventory", "active_combats",
                          "dropped_items", "status_effects"));
  EXPECT_THAT(migrations.at(1).tables, ElementsAre("wandering_enemies"));
}

}  // namespace
}  // namespace scalectl::schema
