// seed game.
#include <gmock/gmock.h>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::string>& tables() {
  static const std::vector<std::string> all{
      "locations",      "items",         "players",        "inventory",
      "active_combats", "dropped_items", "status_effects", "wandering_enemies"};
  return all;
}

class Seed : public OnDatabase {
 protected:
  Seed() { EXPECT_EQ(scalectl({"db", "init", "game"}).code, 0); }

  std::string count(const std::string& table) { return cell("SELECT count(*) FROM " + table); }
  /// Every row of every table with its place in the file.
  std::string bytes() {
    std::string all;
    for (const std::string& table : tables()) {
      all += table + " " +
             cell(
                 "SELECT count(*) || ' ' || md5(string_agg(ctid || t::text, ','"
                 " ORDER BY ctid)) FROM " +
                 table + " AS t") +
             "\n";
    }
    return all;
  }
};

TEST_F(Seed, SameSeed_GivesTheSameBytesWithAnyNumberOfWorkers) {
  std::map<std::string, std::string> tables_by_workers;
  for (const char* workers : {"1", "8", "3"}) {
    const Outcome outcome = scalectl(
        {"seed", "game", "--players", "20k", "--seed", "7", "--workers", workers, "--replace"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    tables_by_workers[workers] = bytes();
  }
  EXPECT_THAT(tables_by_workers["1"], HasSubstr("players 20000 "));
  EXPECT_EQ(tables_by_workers["8"], tables_by_workers["1"]);
  EXPECT_EQ(tables_by_workers["3"], tables_by_workers["1"]);

  ASSERT_EQ(scalectl({"seed", "game", "--players", "20k", "--seed", "8", "--replace"}).code, 0);
  EXPECT_NE(bytes(), tables_by_workers["1"]);
}

TEST_F(Seed, Counts_AreWhatWasAskedFor) {
  const Outcome outcome = scalectl({"seed", "game", "--players", "1k", "--combats", "11",
                                    "--dropped", "22", "--effects", "33", "--inventory", "44",
                                    "--enemies", "55", "--dead-ratio", "100%", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(count("players"), "1000");
  EXPECT_EQ(count("active_combats"), "11");
  EXPECT_EQ(count("dropped_items"), "22");
  EXPECT_EQ(count("status_effects"), "33");
  EXPECT_EQ(count("inventory"), "44");
  EXPECT_EQ(count("wandering_enemies"), "55");
  EXPECT_EQ(cell("SELECT bool_and(is_dead AND hp = 0) FROM players"), "t");
  const core::Value result = json(outcome.out);
  std::int64_t rows = 0;
  for (const core::Value& row : *at(result, "tables.tables").if_array()) {
    EXPECT_EQ(std::to_string(integer_at(row, "rows")), count(text_at(row, "table")));
    rows += integer_at(row, "rows");
  }
  EXPECT_EQ(integer_at(result, "metrics.rows"), rows);
  EXPECT_GT(integer_at(result, "metrics.peak_resident_bytes"), 1'000'000);
}

TEST_F(Seed, NoOneDead_WithARatioOfZero) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "500", "--dead-ratio", "0"}).code, 0);
  EXPECT_EQ(cell("SELECT count(*) FROM players WHERE is_dead"), "0");
}

TEST_F(Seed, NonEmptyTarget_IsRefusedAndKept) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100"}).code, 0);
  const std::string before = everything();
  const Outcome outcome = scalectl({"seed", "game", "--players", "50"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("\"players\" is not empty"), HasSubstr("--append"),
                                 HasSubstr("--replace")));
  EXPECT_EQ(everything(), before);
}

TEST_F(Seed, TwoAppendsAtOnce_FollowEachOther) {
  const std::vector<std::string> append{"seed", "game", "--append", "--players", "20k", "--quiet"};
  const Environment where = environment();
  Running first(append, where);
  Running second(append, where);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(second.wait().code, 0);
  EXPECT_EQ(cell("SELECT count(*) || ' ' || max(player_id) FROM players"), "40000 40000");
}

TEST_F(Seed, Append_KeepsWhatIsThereAndGoesOnBehindIt) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100"}).code, 0);
  const std::string first = cell(
      "SELECT md5(string_agg(p::text, ',' ORDER BY player_id))"
      " FROM players AS p WHERE player_id <= 100");
  ASSERT_EQ(scalectl({"seed", "game", "--players", "50", "--append"}).code, 0);
  EXPECT_EQ(count("players"), "150");
  EXPECT_EQ(cell("SELECT max(player_id) FROM players"), "150");
  EXPECT_EQ(cell("SELECT md5(string_agg(p::text, ',' ORDER BY player_id)) FROM players AS p"
                 " WHERE player_id <= 100"),
            first);
  EXPECT_EQ(count("inventory"), "300");
  // The identity goes on behind the last row.
  EXPECT_EQ(cell("INSERT INTO players (telegram_id, name, location_id)"
                 " SELECT 1, 'new', min(location_id) FROM locations RETURNING player_id"),
            "151");
}

TEST_F(Seed, Replace_RemovesWhatWasThere) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100"}).code, 0);
  ASSERT_EQ(scalectl({"seed", "game", "--players", "40", "--replace"}).code, 0);
  EXPECT_EQ(count("players"), "40");
  EXPECT_EQ(count("inventory"), "80");
  EXPECT_EQ(cell("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "0");
}

TEST_F(Seed, OnlyPlayers_LoadsThemAndWhatTheyReferTo) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100", "--only", "players"}).code, 0);
  EXPECT_EQ(count("players"), "100");
  EXPECT_EQ(count("inventory"), "0");
  EXPECT_EQ(count("dropped_items"), "0");
  EXPECT_NE(count("locations"), "0");
}

TEST_F(Seed, OnlyATableOfPlayers_NeedsThePlayersThatAreThere) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100", "--only", "players"}).code, 0);
  const std::string before = everything();
  const Outcome wrong = scalectl({"seed", "game", "--players", "99", "--only", "inventory"});
  EXPECT_TRUE(is_refusal(wrong, 2));
  EXPECT_THAT(wrong.err, HasSubstr("has 100 rows"));
  EXPECT_EQ(everything(), before);
  ASSERT_EQ(
      scalectl({"seed", "game", "--players", "100", "--only", "inventory,status_effects"}).code, 0);
  EXPECT_EQ(count("inventory"), "200");
  EXPECT_EQ(count("status_effects"), "10");
}

TEST_F(Seed, ReplaceOfPlayersAlone_IsRefusedWhileOthersReferToThem) {
  ASSERT_EQ(scalectl({"seed", "game", "--players", "100"}).code, 0);
  const std::string before = everything();
  const Outcome outcome =
      scalectl({"seed", "game", "--players", "100", "--only", "players", "--replace"});
  EXPECT_TRUE(is_refusal(outcome, 2));
  EXPECT_THAT(outcome.err, HasSubstr("leave out --only"));
  EXPECT_EQ(everything(), before);
}

TEST_F(Seed, Rates_StandOnStderr) {
  const Outcome outcome = scalectl({"seed", "game", "--players", "3000", "--only", "players"});
  EXPECT_THAT(outcome.err,
              testing::ContainsRegex("INFO - Seeded 3000 rows of players in [0-9]+\\.[0-9][0-9]s "
                                     "\\([0-9,]+ rows/s\\)\n"));
}

}  // namespace
}  // namespace scalectl::test
