// index list, plan, apply, status and drop; db init, status and drop.
#include <gmock/gmock.h>

#include <future>
#include <set>
#include <thread>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/lab_home.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

class Packs : public OnDatabase {
 protected:
  core::Value result(std::vector<std::string> arguments, int code = 0) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const Outcome outcome = scalectl(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return json(outcome.out);
  }
  /// One column of one table of a result.
  static std::vector<std::string> column(const core::Value& result, const std::string& table,
                                         const std::string& name) {
    std::vector<std::string> cells;
    for (const core::Value& row : *at(result, "tables." + table).if_array()) {
      cells.push_back(text_at(row, name));
    }
    return cells;
  }
  std::string indexes() {
    return cell(
        "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes"
        " WHERE indexname LIKE 'idx\\_%'");
  }
  static constexpr const char* kAll =
      "idx_combat_turn_time idx_dropped_items_dropped_at idx_players_stamina_regen";
};

TEST_F(Packs, List_HoldsSeedsIndexes) {
  const core::Value list = result({"index", "list"});
  EXPECT_THAT(
      column(list, "indexes", "index"),
      IsSupersetOf({"idx_players_stamina_regen", "idx_combat_turn_time",
                    "index_task_transitions_current_state_optimized",
                    "index_step_transitions_current_state_optimized",
                    "index_workflow_steps_processing_status", "index_workflow_steps_retry_logic",
                    "index_workflow_steps_backoff_timing", "index_step_transitions_current_errors",
                    "index_step_transitions_completed_parents",
                    "index_workflow_steps_task_covering"}));
  const auto packs = column(list, "indexes", "pack");
  EXPECT_THAT(std::set(packs.begin(), packs.end()),
              ElementsAre("game", "game-hot", "social", "workflow", "workflow-best"));
}

TEST_F(Packs, Plan_ShowsTheSqlAndChangesNothing) {
  seed("100");
  const std::string before = everything();
  const core::Value plan = result({"index", "plan", "game"}, 1);
  EXPECT_EQ(integer_at(plan, "metrics.to_create"), 3);
  EXPECT_THAT(column(plan, "indexes", "action"), ElementsAre("create", "create", "create"));
  EXPECT_EQ(text_at(plan, "tables.indexes.0.sql"),
            "CREATE INDEX CONCURRENTLY idx_players_stamina_regen ON \"players\" (is_dead, stamina)"
            " WHERE is_dead = FALSE AND stamina < max_stamina");
  EXPECT_EQ(everything(), before);
}

TEST_F(Packs, ApplyTwice_BuildsOnce) {
  seed("100");
  const core::Value first = result({"index", "apply", "game"});
  EXPECT_EQ(integer_at(first, "metrics.created"), 3);
  EXPECT_EQ(indexes(), kAll);
  EXPECT_EQ(cell("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
  const core::Value second = result({"index", "apply", "game"});
  EXPECT_EQ(integer_at(second, "metrics.created"), 0);
  EXPECT_EQ(integer_at(second, "metrics.kept"), 3);
  EXPECT_EQ(integer_at(result({"index", "plan", "game"}), "metrics.to_create"), 0);
}

TEST_F(Packs, Status_TellsMissingFromPresent) {
  seed("100");
  EXPECT_EQ(text_at(result({"index", "status", "game"}), "verdict"), "warn");
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  sql("DROP INDEX idx_combat_turn_time");
  const core::Value status = result({"index", "status", "game"});
  EXPECT_EQ(text_at(status, "verdict"), "warn");
  EXPECT_EQ(integer_at(status, "metrics.present"), 2);
  EXPECT_THAT(column(status, "indexes", "state"), ElementsAre("present", "missing", "present"));
  EXPECT_GT(integer_at(status, "tables.indexes.0.size_bytes"), 0);
}

TEST_F(Packs, InvalidIndexOfOurs_IsShownAndRepaired) {
  seed("100");
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_combat_turn_time'::regclass;"
      "DROP INDEX idx_players_stamina_regen");
  EXPECT_THAT(column(result({"index", "status", "game"}), "indexes", "state"),
              ElementsAre("missing", "invalid", "present"));
  EXPECT_THAT(column(result({"index", "plan", "game"}, 1), "indexes", "action"),
              ElementsAre("create", "repair", "keep"));
  const core::Value applied = result({"index", "apply", "game"});
  EXPECT_THAT(column(applied, "indexes", "action"), ElementsAre("created", "repaired", "kept"));
  EXPECT_EQ(text_at(result({"index", "status", "game"}), "verdict"), "pass");
}

TEST_F(Packs, ApplyVerifyPrice_TellTheStoryInOneGo) {
  seed("5k", {"--combats", "3k"});
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  const core::Value verified =
      json(scalectl({"index", "verify", "game", "--runs", "5", "--format", "json"}).out);
  EXPECT_EQ(integer_at(verified, "metrics.used"), 3);
  EXPECT_THAT(violations(verified), testing::IsEmpty());
  const core::Value priced = result({"index", "price", "game", "--rounds", "1"});
  EXPECT_EQ(text_at(priced, "verdict"), "warn");
  EXPECT_EQ(text_at(priced, "metrics.harmful.0.index"), "idx_players_stamina_regen");
  EXPECT_EQ(text_at(priced, "metrics.better"), "game-hot");
  EXPECT_THAT(violations(priced), testing::IsEmpty());
  const Outcome both =
      scalectl({"index", "verify", "game", "--runs", "3", "--price", "--format", "json"});
  EXPECT_EQ(json_lines(both.out).size(), 2U);
}

TEST_F(Packs, EveryVerb_HasEveryFormat) {
  seed("1k");
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  for (const char* verb : {"plan", "apply", "status", "verify", "price", "drop"}) {
    for (const char* format : {"text", "json", "csv", "md", "junit", "prom", "nagios"}) {
      const Outcome outcome = scalectl({"index", verb, "game", "--format", format});
      EXPECT_THAT(outcome.code, testing::AnyOf(testing::Le(3), 6))
          << verb << " " << format << outcome.err;
      EXPECT_NE(outcome.out, "") << verb << " " << format;
    }
  }
  // A check of monitoring: 1 is WARNING for what is missing after the drop.
  EXPECT_EQ(scalectl({"index", "status", "game", "--format", "nagios"}).code, 1);
  EXPECT_EQ(scalectl({"index", "plan", "game", "--format", "nagios"}).code, 2);
}

TEST_F(Packs, OptionsThatCannotBeMet_AreRefused) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"index", "verify", "game", "--runs", "0"},
                                             {"index", "verify", "game", "--sample", "0"},
                                             {"index", "verify", "game", "--time-limit", "0"},
                                             {"index", "verify", "game", "--without", "magic"},
                                             {"index", "price", "game", "--rounds", "0"},
                                             {"index", "price", "game", "--sample", "0"},
                                             {"index", "apply", "game", "--wait", "-1s"},
                                             {"index", "plan"}}) {
    EXPECT_TRUE(is_refusal(scalectl(arguments), 2)) << arguments[1];
  }
}

TEST_F(Packs, Deadline_IsExit4AndNamesTheBlocker) {
  seed("100");
  pg::Session other = database_.connect();
  pg::Transaction reader = other.begin();
  reader.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  reader.query("SELECT 1");
  const Outcome outcome = scalectl({"index", "apply", "game", "--wait", "500ms"});
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("user lab"), HasSubstr("idle in transaction for")));
  EXPECT_EQ(indexes(), "");
}

TEST_F(Packs, ProgressOnATerminal_ShowsPhasePercentAndBlocker) {
  seed("100");
  pg::Session other = database_.connect();
  const std::string pid = scalar(other, "SELECT pg_backend_pid()");
  std::promise<void> reading;
  std::jthread reader([&] {
    pg::Transaction tx = other.begin();
    tx.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    tx.query("SELECT 1");
    reading.set_value();
    tx.query("SELECT pg_sleep(2)");
  });
  reading.get_future().wait();
  const Outcome outcome = scalectl_on_terminal({"index", "apply", "game"}, environment());
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("idx_players_stamina_regen: waiting for old snapshots, pid " +
                                     pid + " (lab, "));
}

TEST_F(Packs, Advise_ReadsAFileAndBuildsNothing) {
  seed("3k");
  const TemporaryDirectory directory;
  const std::string file = directory.write(
      "q.sql", "SELECT player_id FROM players WHERE name = 'Mara Quill' AND xp > 9;");
  sql("CREATE EXTENSION hypopg");
  const std::string before = everything();
  const core::Value advice = result({"index", "advise", "--sql", file});
  EXPECT_EQ(integer_at(advice, "metrics.suggestions"), 1);
  EXPECT_THAT(violations(advice), testing::IsEmpty());
  EXPECT_EQ(everything(), before);
  EXPECT_TRUE(is_refusal(scalectl({"index", "advise", "--sql", directory.path() + "/none"}), 2));
}

TEST_F(Packs, Advise_OfAFileThatIsNoUtf8_IsRefusedByItsName) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("latin.sql", "SELECT 'caf\xe9';");
  const Outcome outcome = scalectl({"index", "advise", "--sql", file});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("latin.sql"), HasSubstr("UTF-8")));
}

TEST_F(Packs, SameNameOnAnotherTable_IsRefused) {
  seed("100");
  sql("CREATE INDEX idx_combat_turn_time ON players (level)");
  const Outcome outcome = scalectl({"index", "apply", "game"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("\"idx_combat_turn_time\""), HasSubstr("players")));
  EXPECT_EQ(indexes(), "idx_combat_turn_time");
}

TEST_F(Packs, DropTwice_DropsOnce) {
  seed("100");
  ASSERT_EQ(scalectl({"index", "apply", "game"}).code, 0);
  EXPECT_EQ(integer_at(result({"index", "drop", "game"}), "metrics.dropped"), 3);
  EXPECT_EQ(indexes(), "");
  EXPECT_EQ(integer_at(result({"index", "drop", "game"}), "metrics.dropped"), 0);
}

TEST_F(Packs, InitTwice_AppliesOnce) {
  EXPECT_EQ(integer_at(result({"db", "init", "game"}), "metrics.applied"), 5);
  const std::string before = everything();
  EXPECT_EQ(integer_at(result({"db", "init", "game"}), "metrics.applied"), 0);
  EXPECT_EQ(everything(), before);
}

TEST_F(Packs, DbStatus_CountsTheRows) {
  seed("30");
  const core::Value status = result({"db", "status", "game"});
  EXPECT_THAT(column(status, "migrations", "state"), ElementsAre("applied", "applied"));
  EXPECT_EQ(text_at(status, "tables.tables.2.table"), "players");
  EXPECT_EQ(integer_at(status, "tables.tables.2.rows"), 30);
}

TEST_F(Packs, ChangedMigration_IsShownAndRefused) {
  seed("10");
  sql("UPDATE scalectl.migrations SET checksum = 'x' WHERE family = 'game'");
  EXPECT_THAT(column(result({"db", "status", "game"}), "migrations", "state"),
              ElementsAre("changed", "changed"));
  const Outcome outcome = scalectl({"db", "init", "game"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("was changed after it was applied"));
}

TEST_F(Packs, DropOfForeignTables_IsRefused) {
  sql("CREATE TABLE players (id int)");
  const std::string before = everything();
  const Outcome outcome = scalectl({"db", "drop", "game"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("scalectl did not make them"));
  EXPECT_EQ(everything(), before);
}

/// A server that does not call itself a lab, as any server of the outside.
class OrdinaryServer : public testing::Test {};

TEST_F(OrdinaryServer, NothingIsMadeOrDroppedUnasked) {
  const LabHome home;
  const Outcome up =
      home.scalectl({"lab", "up", "--fast", "--pg", "cluster_name=production", "--format", "json"});
  ASSERT_EQ(up.code, 0) << up.err;
  const std::string dsn = text_at(json(up.out), "metrics.env.DATABASE_URL");
  const auto on_it = [&](std::vector<std::string> arguments) {
    return home.scalectl(arguments, {{"DATABASE_URL", dsn}});
  };
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"tick", "run", "stamina"}, {"seed", "game"}, {"index", "apply", "game"}}) {
    const Outcome missing = on_it(command);
    EXPECT_TRUE(is_refusal(missing, 2)) << command[0];
    EXPECT_THAT(missing.err, HasSubstr("scalectl db init game"));
  }
  pg::Session session({dsn}, "scalectl test");
  EXPECT_EQ(scalar(session, "SELECT to_regclass('players') IS NULL"), "t");

  ASSERT_EQ(on_it({"db", "init", "game"}).code, 0);
  ASSERT_EQ(on_it({"seed", "game", "--players", "20"}).code, 0);
  const Outcome refused = on_it({"db", "drop", "game"});
  EXPECT_TRUE(is_refusal(refused, 2));
  EXPECT_THAT(refused.err, AllOf(HasSubstr("players (20 rows)"), HasSubstr("--yes")));
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM players"), "20");
  ASSERT_EQ(on_it({"db", "drop", "game", "--yes"}).code, 0);
  EXPECT_EQ(scalar(session, "SELECT to_regclass('players') IS NULL"), "t");
}

}  // namespace
}  // namespace scalectl::test
