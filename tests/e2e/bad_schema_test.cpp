// Tables and columns that are missing or named otherwise.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadSchema : public OnDatabase {};

TEST_F(BadSchema, MissingTable_IsNamedAndNothingChanges) {
  seed("50");
  sql("DROP TABLE players CASCADE");
  const std::string before = everything();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"tick", "run", "stamina"},
           {"tick", "run", "status-effects", "--strategy", "rows"},
           {"index", "plan", "game"},
           {"index", "apply", "game"},
           {"index", "status", "game"},
           {"seed", "game", "--replace"}}) {
    const Outcome outcome = scalectl(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("there is no table \"players\""),
                                   HasSubstr("scalectl db init game")));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(BadSchema, RenamedTable_IsSuggested) {
  seed("50");
  sql("ALTER TABLE players RENAME TO player");
  const Outcome outcome = scalectl({"tick", "run", "stamina"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("--table players=player"));
}

TEST_F(BadSchema, MissingColumn_IsNamedAndNothingChanges) {
  seed("50");
  sql("ALTER TABLE players RENAME COLUMN stamina TO energy");
  const std::string before = everything();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"tick", "run", "stamina"},
                                             {"tick", "run", "stamina", "--strategy", "rows"},
                                             {"index", "apply", "game"},
                                             {"seed", "game", "--replace"}}) {
    const Outcome outcome = scalectl(command);
    EXPECT_TRUE(is_refusal(outcome, 2)) << command[0] << " " << command[1];
    EXPECT_THAT(outcome.err, HasSubstr("\"stamina\""));
  }
  EXPECT_EQ(everything(), before);
}

TEST_F(BadSchema, ColumnOfAnotherType_IsRefusedBeforeTheRowsAreRemoved) {
  seed("50");
  sql("ALTER TABLE players ALTER xp TYPE numeric");
  const std::string before = everything();
  const Outcome outcome = scalectl({"seed", "game", "--players", "20", "--replace"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("\"xp\" is numeric, expected bigint"));
  EXPECT_EQ(everything(), before);
}

TEST_F(BadSchema, RowsThatBreakTheConstraints_AreRolledBack) {
  seed("50");
  sql("ALTER TABLE players ADD CHECK (level < 2) NOT VALID");
  const std::string before = everything();
  const Outcome outcome = scalectl({"seed", "game", "--players", "5000", "--replace"});
  EXPECT_EQ(outcome.code, 5);
  EXPECT_THAT(outcome.err, HasSubstr("the tables are as they were"));
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(everything(), before);
}

TEST_F(BadSchema, TickThatFailsHalfWay_IsRolledBack) {
  seed("50");
  // The last player cannot take the update, so that most rows have been written by then.
  sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
      " $$ BEGIN IF NEW.player_id = 50 THEN RAISE 'player 50 is busy'; END IF; RETURN NEW; END $$;"
      "CREATE TRIGGER refuse BEFORE UPDATE ON players FOR EACH ROW EXECUTE FUNCTION refuse();"
      "UPDATE players SET is_dead = false, hp = 1, stamina = 0 WHERE player_id < 50;");
  sql("ALTER TABLE players DISABLE TRIGGER refuse; UPDATE players SET is_dead = false, hp = 1,"
      " stamina = 0; ALTER TABLE players ENABLE TRIGGER refuse");
  for (const char* strategy : {"set", "rows"}) {
    const Outcome outcome = scalectl({"tick", "run", "stamina", "--strategy", strategy});
    EXPECT_EQ(outcome.code, 5) << strategy;
    EXPECT_THAT(outcome.err, HasSubstr("player 50 is busy"));
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(cell("SELECT sum(stamina) FROM players"), "0") << strategy;
    EXPECT_EQ(cell("SELECT count(*) FROM scalectl.tick_runs"), "0") << strategy;
  }
}

/// A schema and a table whose names need quotes, and hold quotes themselves.
class QuotedNames : public OnDatabase {
 protected:
  static constexpr const char* kSchema = "My \"Game\"; DROP";
  static constexpr const char* kTable = "Player's \"Table\" Ä";

  std::vector<std::string> with_names(std::vector<std::string> command) const {
    command.insert(command.end(),
                   {"--schema", kSchema, "--table", std::string("players=") + kTable});
    return command;
  }
  std::string players(const std::string& what) {
    return cell("SELECT " + what + " FROM \"My \"\"Game\"\"; DROP\".\"Player's \"\"Table\"\" Ä\"");
  }
};

TEST_F(QuotedNames, InitSeedIndexTick_UseThem) {
  ASSERT_EQ(scalectl({"db", "init", "game", "--schema", kSchema}).code, 0);
  sql("ALTER TABLE \"My \"\"Game\"\"; DROP\".players RENAME TO \"Player's \"\"Table\"\" Ä\"");
  const Outcome seeded = scalectl(with_names({"seed", "game", "--players", "300"}));
  ASSERT_EQ(seeded.code, 0) << seeded.err;
  EXPECT_EQ(players("count(*)"), "300");
  const std::string due = players("count(*) FILTER (WHERE NOT is_dead AND stamina < max_stamina)");
  EXPECT_GT(std::stoi(due), 200);

  const Outcome applied = scalectl(with_names({"index", "apply", "game", "--format", "json"}));
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(integer_at(json(applied.out), "metrics.created"), 3);
  EXPECT_EQ(cell("SELECT count(*) FROM pg_indexes WHERE indexname = 'idx_players_stamina_regen'"
                 " AND schemaname = 'My \"Game\"; DROP'"),
            "1");

  for (const char* strategy : {"set", "rows"}) {
    const std::string before = players("sum(stamina)");
    const Outcome ticked = scalectl(
        with_names({"tick", "run", "stamina", "--strategy", strategy, "--format", "json"}));
    ASSERT_EQ(ticked.code, 0) << ticked.err;
    EXPECT_GT(integer_at(json(ticked.out), "metrics.rows"), 100) << strategy;
    EXPECT_GT(std::stol(players("sum(stamina)")), std::stol(before)) << strategy;
  }
  const Outcome dropped = scalectl(with_names({"index", "drop", "game", "--format", "json"}));
  ASSERT_EQ(dropped.code, 0) << dropped.err;
  EXPECT_EQ(integer_at(json(dropped.out), "metrics.dropped"), 3);
  const Outcome gone = scalectl({"db", "status", "game", "--schema", kSchema, "--format", "json"});
  EXPECT_EQ(gone.code, 0) << gone.err;
  EXPECT_EQ(text_at(json(gone.out), "params.schema"), kSchema);
}

TEST_F(QuotedNames, NameTooLongForPostgres_IsRefused) {
  const Outcome outcome = scalectl({"db", "init", "game", "--schema", std::string(64, 'x')});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("64 bytes"));
  EXPECT_EQ(everything(), "");
}

TEST_F(QuotedNames, TwoSchemas_AreApart) {
  for (const char* schema : {"one", "Two"}) {
    ASSERT_EQ(scalectl({"db", "init", "game", "--schema", schema}).code, 0);
    ASSERT_EQ(scalectl({"seed", "game", "--players", "20", "--schema", schema}).code, 0);
  }
  const std::string other = cell("SELECT md5(string_agg(p::text, ',')) FROM one.players AS p");
  ASSERT_EQ(scalectl({"tick", "run", "stamina", "--schema", "Two"}).code, 0);
  ASSERT_EQ(scalectl({"db", "drop", "game", "--schema", "Two"}).code, 0);
  EXPECT_EQ(cell("SELECT md5(string_agg(p::text, ',')) FROM one.players AS p"), other);
  EXPECT_EQ(cell("SELECT to_regclass('\"Two\".players') IS NULL"), "t");
}

}  // namespace
}  // namespace scalectl::test
