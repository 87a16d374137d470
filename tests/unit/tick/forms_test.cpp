// The sections of a tick file: @batched and @epoch, and which strategies they give.
#include <gmock/gmock.h>

#include "support/thrown.hpp"
#include "tick/definition.hpp"

namespace scalectl::tick {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTick =
    "-- tick: t\n-- summary: s\n-- every: 5m\n-- warn-after: 5s\n-- log: {rows} in {elapsed}\n"
    "-- param: step int = 1 \"x\"\n"
    "\nUPDATE :\"players\" SET n = n + :step;\n";  // the sections begin at line 9
const std::string kUpper =
    "SELECT max(id) FROM (SELECT id FROM :\"keys\" WHERE id > :after LIMIT :batch) AS next;\n";
const std::string kRange =
    "UPDATE :\"players\" SET n = n + :step WHERE id > :after AND id <= :upto;\n";
const std::string kQueue =
    "DELETE FROM :\"items\" WHERE id IN (SELECT id FROM :\"items\" WHERE at < :started"
    " LIMIT :batch FOR UPDATE SKIP LOCKED);\n";
const std::string kEpoch =
    "-- @epoch\n-- log: on in {elapsed}\n\nUPDATE :\"epochs\" SET e = e + 1;\n";

Definition parsed(const std::string& sections) {
  return parse({.path = "sql/t.sql", .text = kTick + sections});
}

core::Error error_in(const std::string& sections) {
  return error_of([&] { parsed(sections); });
}

TEST(ParseForms, Ranges_HaveAKeyAndTwoStatements) {
  const Definition tick =
      parsed("-- @batched\n-- summary: In ranges.\n-- key: id\n-- batch: 5k\n\n" + kUpper + kRange);
  ASSERT_TRUE(tick.batched);
  EXPECT_FALSE(tick.batched->is_queue());
  EXPECT_EQ(tick.batched->key, "id");
  EXPECT_EQ(tick.batched->key_table(), "keys");
  EXPECT_EQ(tick.batched->batch, 5000);
  EXPECT_THAT(tick.batched->upper->values(), ElementsAre("after", "batch"));
  EXPECT_THAT(tick.batched->work.values(), ElementsAre("step", "after", "upto"));
}

TEST(ParseForms, Queue_HasOneStatementAndTheUsualBatch) {
  const Definition tick = parsed("-- @batched\n\n" + kQueue);
  ASSERT_TRUE(tick.batched);
  EXPECT_TRUE(tick.batched->is_queue());
  EXPECT_EQ(tick.batched->batch, 10'000);
}

TEST(ParseForms, Epoch_IsOneStatementWithALogLineOfItsOwn) {
  EXPECT_EQ(parsed(kEpoch).epoch->log, "on in {elapsed}");
  EXPECT_EQ(parsed("-- @epoch\n\nUPDATE :\"epochs\" SET e = e + 1;\n").epoch->log,
            "{rows} in {elapsed}");
}

TEST(ParseForms, Strategies_AreThoseThatTheFileHasAndEachNamesItsTables) {
  EXPECT_THAT(parsed("").strategies(), ElementsAre(Strategy::kSet));
  const Definition tick = parsed("-- @batched\n-- key: id\n\n" + kUpper + kRange + kEpoch);
  EXPECT_THAT(tick.strategies(), ElementsAre(Strategy::kSet, Strategy::kBatched, Strategy::kEpoch));
  EXPECT_TRUE(tick.has(Strategy::kEpoch));
  EXPECT_FALSE(tick.has(Strategy::kRows));
  EXPECT_THAT(tick.tables(Strategy::kSet), ElementsAre("players"));
  EXPECT_THAT(tick.tables(Strategy::kBatched), ElementsAre("keys", "players"));
  EXPECT_THAT(tick.tables(Strategy::kEpoch), ElementsAre("epochs"));
  EXPECT_THAT(tick.tables(), ElementsAre("epochs", "keys", "players"));
  EXPECT_EQ(tick.target(), "players");
}

TEST(ParseForms, StrategyNames_AreThoseOfTheCommandLine) {
  for (const char* name : {"set", "rows", "batched", "epoch"}) {
    EXPECT_EQ(name_of(strategy_of(name)), name);
  }
  EXPECT_EQ(error_of([] { strategy_of("epochs"); }).kind(), core::ErrorKind::kUsage);
}

TEST(ParseForms, BatchesWithoutTheirValues_AreRefusedAtTheirStatement) {
  const std::string head = "-- @batched\n-- key: id\n\n";
  EXPECT_EQ(error_in(head + "SELECT 1 FROM :\"keys\" WHERE id > :after;\n" + kRange).message(),
            "sql/t.sql:12: this statement of @batched binds no :batch");
  EXPECT_EQ(
      error_in(head + kUpper + "UPDATE :\"players\" SET n = 1 WHERE id > :after;\n").message(),
      "sql/t.sql:13: this statement of @batched binds no :upto");
  EXPECT_EQ(error_in("-- @batched\n\nDELETE FROM :\"items\";\n").message(),
            "sql/t.sql:11: this statement of @batched binds no :batch");
  EXPECT_EQ(error_in(head + kUpper + "UPDATE :\"players\" SET n = :steps WHERE :after < :upto;\n")
                .message(),
            "sql/t.sql:13: :steps is not a parameter");
  EXPECT_EQ(error_in(head + "SELECT max(:after + :batch);\n" + kRange).message(),
            "sql/t.sql:12: the statement names no table as :\"name\"");
}

TEST(ParseForms, KeyWithAQueue_OrRangesWithoutOne_AreRefused) {
  EXPECT_EQ(error_in("-- @batched\n\n" + kUpper + kRange).message(),
            "sql/t.sql:9: ranges need the column that they are cut by");
  EXPECT_EQ(error_in("-- @batched\n-- key: id\n\n" + kQueue).message(),
            "sql/t.sql:9: a queue has no key");
}

TEST(ParseForms, BadBatch_IsRefusedAtItsLine) {
  EXPECT_EQ(error_in("-- @batched\n-- batch: 0\n\n" + kQueue).message(),
            "sql/t.sql:10: batch: a batch has at least one row");
  EXPECT_THAT(error_in("-- @batched\n-- batch: many\n\n" + kQueue).message(),
              HasSubstr("sql/t.sql:10: batch: \"many\""));
}

TEST(ParseForms, OtherNumbersOfStatements_AreRefused) {
  EXPECT_EQ(error_in("-- @batched\n\n-- none\n").message(),
            "sql/t.sql:9: expected one or two SQL statements in @batched, found 0");
  EXPECT_EQ(error_in("-- @epoch\n\nSELECT 1;\nSELECT 2;\n").message(),
            "sql/t.sql:9: expected one SQL statement in @epoch, found 2");
}

TEST(ParseForms, ParameterThatTheEngineBinds_IsRefused) {
  const std::string text =
      "-- tick: t\n-- summary: s\n-- every: 5m\n-- warn-after: 5s\n-- log: l\n"
      "-- param: batch int = 1 \"x\"\n\nUPDATE :\"p\" SET n = :batch;\n-- @batched\n\n";
  EXPECT_EQ(error_of([&] { parse({.path = "t.sql", .text = text + kQueue}); }).message(),
            "t.sql:9: parameter batch has the name of a value that @batched binds");
}

TEST(ParseForms, SectionGivenTwice_IsRefusedAtItsLine) {
  EXPECT_EQ(error_in(kEpoch + kEpoch).message(), "sql/t.sql:13: unexpected section @epoch");
}

}  // namespace
}  // namespace scalectl::tick
