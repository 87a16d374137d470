// tick run with a file of the user's own.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class TickFile : public OnDatabase {
 protected:
  TemporaryDirectory directory_;
  const std::string path_ =
      directory_.write("my_tick.sql", "UPDATE players SET xp = xp + 1 WHERE level > 0;\n");
};

TEST_F(TickFile, NothingButAStatement_IsATick) {
  seed("50");
  const std::string sum = cell("SELECT sum(xp) + 50 FROM players");
  const Outcome outcome = scalectl({"tick", "run", path_, "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, testing::MatchesRegex("INFO - Tick my_tick: 50 rows in [0-9.]+s\n"));
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_EQ(text_at(result, "name"), "my_tick");
  EXPECT_EQ(integer_at(result, "metrics.rows"), 50);
  EXPECT_EQ(at(result, "threshold_s").number(), 5);
  EXPECT_THAT(text_at(result, "notes.0"), HasSubstr("names players plainly"));
  EXPECT_EQ(cell("SELECT sum(xp) FROM players"), sum);
  EXPECT_EQ(cell("SELECT tick || ' ' || schema_name || ' ' || rows FROM scalectl.tick_runs"),
            "my_tick public 50");

  // Once per window, as any other.
  EXPECT_EQ(scalectl({"tick", "run", path_, "--window", "365d"}).code, 0);
  const core::Value again =
      json(scalectl({"tick", "run", path_, "--window", "365d", "--format", "json"}).out);
  EXPECT_EQ(text_at(again, "metrics.slot_state"), "already_done");
  EXPECT_EQ(cell("SELECT sum(xp) - 50 FROM players"), sum);
}

TEST_F(TickFile, NameOfABuiltInTick_CannotTakeItsWindow) {
  seed("50");
  const std::string file =
      directory_.write("ticks/stamina.sql", "UPDATE players SET xp = 7 WHERE level > 0;\n");
  for (const auto& arguments : {std::vector<std::string>{"tick", "run", file, "--window", "365d"},
                                {"tick", "every", file, "--for", "1s"}}) {
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2));
    EXPECT_THAT(outcome.err, HasSubstr("is called stamina too"));
  }
  EXPECT_EQ(scalectl({"tick", "run", file}).code, 0);
  const core::Value own =
      json(scalectl({"tick", "run", "stamina", "--window", "365d", "--format", "json"}).out);
  EXPECT_EQ(text_at(own, "metrics.slot_state"), "worked");
}

TEST_F(TickFile, FrontMatter_GivesParametersForSet) {
  seed("50");
  const std::string file = directory_.write(
      "ticks/study.sql",
      "-- tick: study\n-- summary: s\n-- every: 1m\n-- warn-after: 5s\n-- log: {rows}\n"
      "-- param: per-level int = 1 \"xp\"\n\nUPDATE :\"players\" SET xp = :per_level WHERE "
      "level > 0;\n");
  ASSERT_EQ(scalectl({"tick", "run", file, "--set", "per-level=7"}).code, 0);
  EXPECT_EQ(cell("SELECT max(xp) FROM players"), "7");
  ASSERT_EQ(scalectl({"tick", "run", file, "--set", "per_level=8"}).code, 0);
  EXPECT_EQ(cell("SELECT max(xp) FROM players"), "8");
  ASSERT_EQ(scalectl({"tick", "run", "study", "--sql-dir", directory_.path()}).code, 0);
  EXPECT_EQ(cell("SELECT max(xp) FROM players"), "1");
  const Outcome both = scalectl({"tick", "run", "study", "--sql-dir", directory_.path(),
                                 "--per-level", "2", "--set", "per_level=3"});
  EXPECT_TRUE(is_refusal(both, 2));
  EXPECT_THAT(both.err, HasSubstr("contradict"));
}

TEST_F(TickFile, ParameterCalledAsAnOptionIs_IsReachedBySet) {
  seed("20");
  directory_.write(
      "ticks/study.sql",
      "-- tick: study\n-- summary: s\n-- every: 1m\n-- warn-after: 5s\n-- log: {rows}\n"
      "-- param: schema int = 1 \"xp\"\n\nUPDATE :\"players\" SET xp = :schema WHERE "
      "level > 0;\n");
  const Outcome outcome =
      scalectl({"tick", "run", "study", "--sql-dir", directory_.path(), "--set", "schema=7"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(cell("SELECT max(xp) FROM players"), "7");
}

TEST_F(TickFile, WhatLooksLikeAMistake_IsDoneWithAWarning) {
  seed("50");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"SELECT 1", "writes nothing"},
      {"UPDATE players SET xp = 0", "the UPDATE in line 1 has no WHERE"},
      {"DELETE FROM dropped_items", "the DELETE in line 1 has no WHERE"}};
  for (const auto& [statement, warning] : cases) {
    const std::string file = directory_.write("odd.sql", statement);
    const Outcome outcome = scalectl({"tick", "run", file, "--format", "json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr("WARNING - tick odd: "), HasSubstr(warning)));
    EXPECT_THAT(outcome.out, HasSubstr(warning));
  }
  EXPECT_EQ(cell("SELECT count(*) FROM dropped_items"), "0");
}

TEST_F(TickFile, WhatIsNoTick_IsRefusedBeforeAnythingIsTouched) {
  seed("20");
  const std::string before = everything();
  const auto write = [&](const std::string& text) { return directory_.write("bad.sql", text); };
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"./not_there.sql"}, "./not_there.sql"},
      {{directory_.path()}, directory_.path()},
      {{path_, "--set", "bonus"}, "NAME=VALUE"},
      {{path_, "--set", "bonus=1"}, "bonus"},
      {{path_, "--schema", "public"}, "names its tables plainly: --schema"},
      {{path_, "--strategy", "batched"}, "my_tick has no batched form"},
      {{path_, "--all"}, "contradict"}};
  for (auto [arguments, message] : cases) {
    arguments.insert(arguments.begin(), {"tick", "run"});
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  const std::vector<std::pair<std::string, std::string>> texts{
      {"", ":1: expected one SQL statement, found 0"},
      {"BEGIN;\n\nUPDATE players SET xp = 0;\nCOMMIT;", ":3: expected one SQL statement, found 3"},
      {"\nUPDATE players SET xp = :xp WHERE true", ":2: :xp is not a parameter"},
      {"UPDATE players SAT xp = 0 WHERE true", "syntax error at or near"},
      {"UPDATE nothing SET xp = 0 WHERE true", "relation \"nothing\" does not exist"}};
  for (const auto& [text, message] : texts) {
    const Outcome outcome = scalectl({"tick", "run", write(text)});
    EXPECT_TRUE(is_refusal(outcome, 2)) << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  EXPECT_EQ(cell("SELECT to_regnamespace('scalectl') IS NULL OR NOT EXISTS"
                 " (SELECT FROM scalectl.tick_runs)"),
            "t");
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace scalectl::test
