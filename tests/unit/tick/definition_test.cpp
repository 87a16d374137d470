#include "tick/definition.hpp"

#include <gmock/gmock.h>

#include "core/json.hpp"
#include "core/text.hpp"
#include "support/command.hpp"
#include "support/thrown.hpp"

namespace scalectl::tick {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kHead =
    "-- tick: decay\n"
    "-- summary: Remove old items.\n"
    "-- every: 5m\n"
    "-- warn-after: 1500ms\n"
    "-- log: Removed {rows} items in {elapsed}s\n";
const std::string kBody = "\nDELETE FROM :\"items\" WHERE age > :older_than;\n";
const std::string kParam = "-- param: older-than interval = 1h \"how old\"\n";
const std::string kRows =
    "-- @rows\n-- summary: One by one.\n\nSELECT item_id FROM :\"items\" WHERE age > :older_than;\n"
    "DELETE FROM :\"items\" WHERE item_id = :item_id;\n";

Definition parsed(const std::string& text) { return parse({.path = "sql/t.sql", .text = text}); }

core::Error error_in(const std::string& text) {
  return error_of([&] { parsed(text); });
}

/// kHead with the line of `key` replaced.
std::string head_with(const std::string& key, const std::string& line) {
  std::string text;
  for (const std::string& old : core::split(kHead, '\n')) {
    if (old.empty()) continue;
    text += (old.rfind("-- " + key + ":", 0) == 0 ? line : old) + "\n";
  }
  return text;
}

TEST(ParseTick, WholeFile_IsReadInFull) {
  const Definition tick =
      parsed(kHead + "-- family: game\n-- slow: slow {threshold}\n" + kParam + kBody + kRows);
  EXPECT_EQ(tick.name, "decay");
  EXPECT_EQ(tick.summary, "Remove old items.");
  EXPECT_EQ(tick.family, "game");
  EXPECT_EQ(tick.every.count(), 300);
  EXPECT_EQ(tick.warn_after.count(), 1.5);
  EXPECT_EQ(tick.log, "Removed {rows} items in {elapsed}s");
  EXPECT_EQ(tick.slow, "slow {threshold}");
  EXPECT_THAT(tick.set.identifiers(), ElementsAre("items"));
  EXPECT_THAT(tick.set.values(), ElementsAre("older_than"));
  ASSERT_TRUE(tick.rows);
  EXPECT_THAT(tick.rows->select.values(), ElementsAre("older_than"));
  EXPECT_THAT(tick.rows->each.values(), ElementsAre("item_id"));
}

TEST(ParseTick, Parameter_HasNameVariableTypeDefaultAndHelp) {
  const Definition tick = parsed(kHead + kParam + kBody);
  ASSERT_EQ(tick.parameters.size(), 1U);
  const Parameter& parameter = tick.parameters[0];
  EXPECT_EQ(parameter.name, "older-than");
  EXPECT_EQ(parameter.variable, "older_than");
  EXPECT_EQ(parameter.type, "interval");
  EXPECT_EQ(parameter.default_value, "1h");
  EXPECT_EQ(parameter.help, "how old");
  EXPECT_EQ(tick.find_parameter("older-than"), &parameter);
  EXPECT_EQ(tick.find_parameter("older_than"), &parameter);
  EXPECT_EQ(tick.find_parameter("age"), nullptr);
}

TEST(ParseTick, WithoutOptionalKeys_TakesTheirDefaults) {
  const Definition tick = parsed(kHead + kParam + kBody);
  EXPECT_EQ(tick.family, "");
  EXPECT_EQ(tick.slow, "Tick decay took {elapsed}s (threshold: {threshold}s)");
  EXPECT_FALSE(tick.rows);
}

TEST(ParseTick, MissingKey_IsNamed) {
  for (const std::string key : {"tick", "summary", "every", "warn-after", "log"}) {
    EXPECT_EQ(error_in(head_with(key, "-- family: x") + kBody).message(),
              "sql/t.sql:1: expected \"-- " + key + ": …\" in the front matter");
  }
}

TEST(ParseTick, BadTime_IsRefusedAtItsLine) {
  EXPECT_EQ(error_in(head_with("every", "-- every: soon") + kBody).message(),
            "sql/t.sql:3: every: \"soon\" is not a duration");
  EXPECT_EQ(error_in(head_with("warn-after", "-- warn-after: 0s") + kBody).message(),
            "sql/t.sql:4: warn-after: warn-after must be more than zero");
}

TEST(ParseTick, UnknownPlaceholderInALogLine_IsRefusedAtItsLine) {
  const core::Error log = error_in(head_with("log", "-- log: {row} rows") + kParam + kBody);
  EXPECT_EQ(log.message(), "sql/t.sql:5: \"log: {row} rows\" has an unknown placeholder");
  EXPECT_EQ(log.hint(), "there are: {rows}, {elapsed}");
  const core::Error slow = error_in(kHead + "-- slow: {limit}\n" + kParam + kBody);
  EXPECT_EQ(slow.message(), "sql/t.sql:6: \"slow: {limit}\" has an unknown placeholder");
  EXPECT_EQ(slow.hint(), "there are: {rows}, {elapsed}, {threshold}");
}

TEST(ParseTick, OtherThanOneStatement_IsRefused) {
  EXPECT_EQ(error_in(kHead + "\n-- nothing\n").message(),
            "sql/t.sql:6: expected one SQL statement, found 0");
  EXPECT_EQ(error_in(kHead + kParam + kBody + kBody).message(),
            "sql/t.sql:7: expected one SQL statement, found 2");
}

TEST(ParseTick, MalformedParameter_IsRefusedAtItsLine) {
  for (const char* parameter : {"older-than", "older-than interval \"x\"", "older-than = 1h \"x\"",
                                "older-than interval = 1h", "older-than interval = 1h \"",
                                "older-than interval = 1h \"x\" y", "\"x\" a int = 1"}) {
    EXPECT_THAT(error_in(kHead + "-- param: " + parameter + "\n" + kBody).message(),
                StartsWith("sql/t.sql:6: expected: -- param: NAME TYPE = DEFAULT"))
        << parameter;
  }
}

TEST(ParseTick, UnknownType_IsRefusedAtItsLine) {
  const core::Error error = error_in(kHead + "-- param: a number = 1 \"x\"\n" + kBody);
  EXPECT_EQ(error.message(), "sql/t.sql:6: unknown type \"number\"");
  EXPECT_EQ(error.hint(), "expected int, float, interval, text or bool");
}

TEST(ParseTick, DefaultOfAnotherType_IsRefusedAtItsLine) {
  EXPECT_EQ(error_in(kHead + "-- param: a int = 1.5 \"x\"\n" + kBody).message(),
            "sql/t.sql:6: the default: \"1.5\" is not a whole number");
}

TEST(ParseTick, ValueThatIsNoParameter_IsRefusedAtItsStatement) {
  const core::Error error = error_in(kHead + "-- param: older int = 1 \"x\"\n" + kBody);
  EXPECT_EQ(error.message(), "sql/t.sql:8: :older_than is not a parameter");
  EXPECT_EQ(error_in(kHead + kBody).hint(), "declare it with -- param:");
}

TEST(ParseTick, StatementWithoutATablePlaceholder_IsRefused) {
  EXPECT_EQ(error_in(kHead + "\nDELETE FROM items;\n").message(),
            "sql/t.sql:7: the statement names no table as :\"name\"");
}

TEST(ParseTick, OtherSections_AreRefusedAtTheirLine) {
  EXPECT_EQ(error_in(kHead + kParam + kBody + "-- @index x\nSELECT 1;\n").message(),
            "sql/t.sql:9: unexpected section @index x");
  EXPECT_EQ(error_in(kHead + kParam + kBody + kRows + kRows).message(),
            "sql/t.sql:14: unexpected section @rows");
}

TEST(ParseTick, RowByRowFormWithoutTwoStatements_IsRefused) {
  EXPECT_EQ(error_in(kHead + kParam + kBody + "-- @rows\n\nSELECT 1;\n").message(),
            "sql/t.sql:9: expected two SQL statements in @rows, found 1");
}

TEST(ParseTick, FirstRowStatementBindingWhatIsNoParameter_IsRefused) {
  EXPECT_EQ(error_in(kHead + kParam + kBody + "-- @rows\n\nSELECT :x;\nSELECT :y;\n").message(),
            "sql/t.sql:11: :x is not a parameter");
}

TEST(LoadTick, NameOtherThanTheFiles_IsRefused) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.write("ticks/other.v1.sql", kHead + kParam + kBody);
  const catalog::Catalog catalog(directory.path());
  EXPECT_EQ(error_of([&] { load(catalog, "other"); }).message(),
            path + ":1: expected \"-- tick: other\", found \"decay\"");
}

// Seed 000: five seconds for stamina and decay, ten for combat.
TEST(LoadTick, Thresholds_AreSeed000s) {
  const catalog::Catalog catalog;
  EXPECT_EQ(load(catalog, "stamina").warn_after.count(), 5);
  EXPECT_EQ(load(catalog, "decay").warn_after.count(), 5);
  EXPECT_EQ(load(catalog, "combat").warn_after.count(), 10);
}

}  // namespace
}  // namespace scalectl::tick
