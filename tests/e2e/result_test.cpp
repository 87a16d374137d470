// The Result of every command, as JSON, by the contract of the command line.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;

class ResultJson : public OnDatabase {};

TEST_F(ResultJson, EveryCommand_KeepsTheSchema) {
  struct Case {
    std::vector<std::string> arguments;
    std::string command;
    std::string name;
    std::string verdict;
  };
  const std::vector<Case> cases{
      {{"tick", "list"}, "tick list", "", "pass"},
      {{"index", "list"}, "index list", "", "pass"},
      {{"db", "status", "game"}, "db status", "game", "warn"},
      {{"db", "init", "game"}, "db init", "game", "pass"},
      {{"db", "status", "game"}, "db status", "game", "pass"},
      {{"seed", "game", "--players", "100"}, "seed", "game", "pass"},
      {{"index", "plan", "game"}, "index plan", "game", "fail"},
      {{"index", "status", "game"}, "index status", "game", "warn"},
      {{"index", "apply", "game"}, "index apply", "game", "pass"},
      {{"index", "status", "game"}, "index status", "game", "pass"},
      {{"index", "drop", "game"}, "index drop", "game", "pass"},
      {{"tick", "run", "stamina"}, "tick run", "stamina", "pass"},
      {{"tick", "run", "combat", "--strategy", "rows"}, "tick run", "combat", "pass"},
      {{"tick", "status"}, "tick status", "", "pass"},
      {{"db", "drop", "game"}, "db drop", "game", "pass"},
      {{"lab", "status", "--name", "test"}, "lab status", "test", "pass"},
      {{"lab", "status", "--name", "nolab"}, "lab status", "nolab", "fail"}};
  for (const Case& expected : cases) {
    auto arguments = expected.arguments;
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = scalectl(arguments);
    const std::string shown = expected.command + " " + expected.name;
    EXPECT_EQ(outcome.code, expected.verdict == "fail" ? 1 : 0) << shown << ": " << outcome.err;
    const core::Value result = json(outcome.out);
    EXPECT_THAT(violations(result), IsEmpty()) << shown << ": " << outcome.out;
    EXPECT_EQ(text_at(result, "command"), expected.command);
    EXPECT_EQ(text_at(result, "name"), expected.name) << shown;
    EXPECT_EQ(text_at(result, "verdict"), expected.verdict) << shown;
  }
}

TEST_F(ResultJson, Members_StandInTheOrderOfTheContract) {
  const core::Value result = json(scalectl({"tick", "list", "--format", "json"}).out);
  std::vector<std::string> keys;
  for (const auto& [key, value] : *result.if_object()) keys.push_back(key);
  EXPECT_THAT(keys,
              ElementsAre("schema", "command", "name", "started_at", "elapsed_s", "verdict", "band",
                          "threshold_s", "params", "metrics", "environment", "notes", "tables"));
}

TEST_F(ResultJson, TickRun_SaysWhatItDid) {
  seed("400");
  const std::string due =
      cell("SELECT count(*) FROM players WHERE NOT is_dead AND stamina < max_stamina");
  const core::Value result =
      json(scalectl({"tick", "run", "stamina", "--bonus", "2", "--format", "json"}).out);
  EXPECT_THAT(violations(result), IsEmpty());
  EXPECT_EQ(text_at(result, "params.strategy"), "set");
  EXPECT_EQ(integer_at(result, "params.bonus"), 2);
  EXPECT_EQ(std::to_string(integer_at(result, "metrics.rows")), due);
  EXPECT_EQ(integer_at(result, "metrics.statements"), 1);
  EXPECT_THAT(at(result, "metrics.hot_ratio").number(), AllOf(Ge(0.0), Le(1.0)));
  EXPECT_GT(integer_at(result, "metrics.wal_bytes"), 1000);
  EXPECT_EQ(at(result, "threshold_s").number(), 5);
  EXPECT_EQ(text_at(result, "band"), "excellent");
  EXPECT_GT(at(result, "elapsed_s").number(), 0);
}

TEST_F(ResultJson, Time_IsUtcWhateverTheZone) {
  seed("10");
  const auto now = [&] {
    return cell(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')");
  };
  const std::string before = now();
  const Outcome outcome =
      scalectl({"tick", "run", "stamina", "--format", "json"}, {{"TZ", "Asia/Kathmandu"}});
  EXPECT_THAT(text_at(json(outcome.out), "started_at"), AllOf(Ge(before), Le(now())));
}

TEST_F(ResultJson, Environment_NamesWhatWasUsed) {
  const core::Value with_server = json(scalectl({"db", "init", "game", "--format", "json"}).out);
  EXPECT_EQ("scalectl " + text_at(with_server, "environment.scalectl") + "\n",
            test::scalectl({"--version"}).out);
  EXPECT_EQ(text_at(with_server, "environment.postgres"),
            cell("SELECT (regexp_match(version(), '^PostgreSQL (\\S+)'))[1]"));
  EXPECT_TRUE(at(with_server, "environment.redis").is_null());
  EXPECT_EQ(std::to_string(integer_at(with_server, "environment.cores")) + "\n",
            run({"nproc"}).out);
  EXPECT_EQ("linux " + run({"uname", "-m"}).out, text_at(with_server, "environment.host") + "\n");

  const core::Value without = json(scalectl({"tick", "list", "--format", "json"}).out);
  EXPECT_TRUE(at(without, "environment.postgres").is_null());
}

TEST_F(ResultJson, SeveralResults_AreOneLineEach) {
  seed("100");
  const Outcome outcome = scalectl({"tick", "run", "--all", "--format", "json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::vector<std::string> names;
  for (const core::Value& result : json_lines(outcome.out)) {
    EXPECT_THAT(violations(result), IsEmpty());
    names.push_back(text_at(result, "name"));
  }
  EXPECT_THAT(names, ElementsAre("combat", "decay", "respawn", "stamina", "status-effects"));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 5);
  EXPECT_EQ(cell("SELECT string_agg(tick, ' ' ORDER BY run_id) FROM scalectl.tick_runs"),
            "combat decay respawn stamina status-effects");
}

TEST_F(ResultJson, OneResult_IsOneLine) {
  const Outcome outcome = scalectl({"index", "list", "--format", "json"});
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace scalectl::test
