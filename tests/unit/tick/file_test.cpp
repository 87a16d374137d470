#include "tick/file.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "support/command.hpp"
#include "support/thrown.hpp"
#include "tick/run.hpp"

namespace scalectl::tick {
namespace {

using test::error_of;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::StartsWith;
using testing::UnorderedElementsAre;

Definition of(const std::string& text, const std::string& path = "./my_tick.sql") {
  return parse_file({.path = path, .text = text});
}
core::Error error_in(const std::string& text, const std::string& path = "./my_tick.sql") {
  return error_of([&] { of(text, path); });
}

TEST(TickFile, PathsAreToldFromNames) {
  for (const char* path : {"./stamina", "my_tick.sql", "/etc/t", "a/b", "t.v2.sql"}) {
    EXPECT_TRUE(names_a_file(path)) << path;
  }
  for (const char* name : {"stamina", "status-effects", "my.tick", "sql"}) {
    EXPECT_FALSE(names_a_file(name)) << name;
  }
}

TEST(TickFile, NothingButAStatement_TakesTheDefaults) {
  const Definition tick = of("UPDATE heroes SET mana = mana + 1 WHERE mana < 9;\n");
  EXPECT_EQ(tick.name, "my_tick");
  EXPECT_EQ(tick.every.count(), 300);
  EXPECT_EQ(tick.warn_after.count(), 5);
  EXPECT_EQ(tick.log, "Tick my_tick: {rows} rows in {elapsed}s");
  EXPECT_EQ(tick.family, "");
  EXPECT_THAT(tick.parameters, IsEmpty());
  EXPECT_THAT(tick.tables(), IsEmpty());
  EXPECT_FALSE(tick.rows);
  check(tick, {});
}

TEST(TickFile, NameIsTheFilesWithoutItsVersion) {
  EXPECT_EQ(of("SELECT 1", "/a.v3/mana.v12.sql").name, "mana");
  EXPECT_EQ(of("SELECT 1", "b/mana.vx.sql").name, "mana.vx");
  EXPECT_EQ(of("SELECT 1", "b/mana").name, "mana");
  EXPECT_THAT(error_in("SELECT 1", "b/.sql").message(), HasSubstr("no name"));
}

TEST(TickFile, CommentsThatAreNoFrontMatter_AreComments) {
  const Definition tick = of(
      "\xEF\xBB\xBF-- Everybody rests.\n-- note: at night only; really\r\nUPDATE a SET b = 1;\r\n");
  EXPECT_EQ(tick.name, "my_tick");
  EXPECT_EQ(tick.set.line(), 1);
}

TEST(TickFile, FrontMatter_IsReadAsInTheCatalog) {
  const std::string head =
      "-- tick: mana\n-- summary: s\n-- every: 1m\n-- warn-after: 2s\n-- log: {rows}\n"
      "-- param: step int = 1 \"how much\"\n";
  const Definition tick = of(head + "\nUPDATE :\"heroes\" SET mana = mana + :step WHERE mana < 9;");
  EXPECT_EQ(tick.name, "mana");
  EXPECT_EQ(tick.every.count(), 60);
  EXPECT_EQ(tick.parameters.size(), 1u);
  EXPECT_THAT(error_in("-- every: 1m\n\nUPDATE a SET b = 1").message(),
              StartsWith("./my_tick.sql:1: expected \"-- tick: …\""));
}

TEST(TickFile, OtherThanOneStatement_IsRefusedAtItsLine) {
  const core::Error two = error_in("BEGIN;\nUPDATE a SET b = 1;\nCOMMIT;");
  EXPECT_EQ(two.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(two.message(), "./my_tick.sql:2: expected one SQL statement, found 3");
  EXPECT_THAT(two.hint(), HasSubstr("without BEGIN and COMMIT"));
  EXPECT_EQ(error_in("-- nothing\n;\n").message(),
            "./my_tick.sql:1: expected one SQL statement, found 0");
}

TEST(TickFile, ValueWithoutADeclaration_SaysHowToDeclareIt) {
  const core::Error error = error_in("\nUPDATE a SET b = :step WHERE c");
  EXPECT_EQ(error.message(), "./my_tick.sql:2: :step is not a parameter");
  EXPECT_THAT(error.hint(), HasSubstr("-- param: step int = 1"));
}

TEST(TickFile, BytesThatAreNoText_AreRefused) {
  EXPECT_THAT(error_in(std::string("SELECT \0 1", 10)).message(), HasSubstr("this is no text"));
}

TEST(TickFile, InAnSqlDir_NeedsNothingButItsStatement) {
  const test::TemporaryDirectory directory;
  directory.write("ticks/mana.v1.sql", "UPDATE heroes SET mana = mana + 1 WHERE mana < 9");
  const catalog::Catalog catalog(directory.path());
  EXPECT_EQ(load(catalog, "mana").name, "mana");
  EXPECT_THAT(load(catalog, "mana").tables(), IsEmpty());
}

TEST(Settings, AreNamesAndValues) {
  EXPECT_THAT(parse_settings({"a=1", "b=x=y", "c="}),
              UnorderedElementsAre(Pair("a", "1"), Pair("b", "x=y"), Pair("c", "")));
  EXPECT_THAT(error_of([] { parse_settings({"bonus"}); }).message(), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(error_of([] { parse_settings({"=1"}); }).message(), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(error_of([] { parse_settings({"a=1", "a=2"}); }).message(), HasSubstr("twice"));
}

}  // namespace
}  // namespace scalectl::tick
