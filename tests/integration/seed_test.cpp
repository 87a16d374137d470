// Placeholder-free start: the seeder on a real server.
#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"
#include "support/database.hpp"
#include "support/recorder.hpp"

namespace scalectl {
namespace {

using test::scalar;

struct Fixture : testing::Test {
  test::Database database;
  pg::Session session = database.connect();
  test::Recorder recorder;
  catalog::Catalog catalog;

  void init() { schema::init(session, catalog, {.family = "game", .version = "test"}, recorder); }
};

using SeedGame = Fixture;

TEST_F(SeedGame, FillsEveryTableInTheStatedNumbers) {
  init();
  seed::seed_game(session, {.players = 1000, .combats = 7, .dropped = 0}, recorder);
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM players"), "1000");
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM inventory"), "2000");
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM active_combats"), "7");
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM dropped_items"), "0");
  EXPECT_EQ(scalar(session, "SELECT count(*) FROM status_effects"), "100");
}

}  // namespace
}  // namespace scalectl
