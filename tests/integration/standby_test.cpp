// The lab's standby: it follows, and refuses every write with the kind that says so.
#include <gmock/gmock.h>

#include "index/engine.hpp"
#include "support/game.hpp"
#include "support/thrown.hpp"
#include "support/waiting.hpp"
#include "tick/run.hpp"

namespace scalectl {
namespace {

using core::Error;
using core::ErrorKind;
using test::error_of;
using testing::HasSubstr;

struct StandbyGame : test::GameTest {
  pg::Target target = pg::with_database(test::shared_lab().replica(), database.name());

  StandbyGame() {
    init();
    seed({.players = 100});
  }
  /// A session on the standby once it has all that was written so far.
  pg::Session caught_up() {
    const std::string written = scalar("SELECT pg_current_wal_insert_lsn()");
    EXPECT_TRUE(test::comes_true([&] {
      pg::Session any(test::shared_lab().replica(), "scalectl test");
      return test::scalar(any, "SELECT pg_last_wal_replay_lsn() >= '" + written + "'") == "t";
    }));
    return pg::Session(target, "scalectl test");
  }
};

TEST_F(StandbyGame, Rows_ArriveAsTheyWereWritten) {
  pg::Session standby = caught_up();
  EXPECT_EQ(test::scalar(standby, "SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(test::digests(standby), test::digests(session));
}

TEST_F(StandbyGame, EveryWrite_IsRefusedAsAConnectionToTheWrongServer) {
  pg::Session standby = caught_up();
  const auto expect_read_only = [](const auto& action) {
    const Error error = error_of(action);
    EXPECT_EQ(error.kind(), ErrorKind::kConnection) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("read-only standby"));
  };
  expect_read_only([&] { standby.query("CREATE TABLE t (x int)"); });
  expect_read_only([&] {
    schema::init(standby, catalog, {.family = "game", .schema = "other", .version = "test"},
                 recorder);
  });
  expect_read_only([&] {
    seed::seed_game(standby, {.players = 10, .existing = seed::Existing::kReplace}, recorder);
  });
  expect_read_only([&] {
    seed::seed_game(standby, {.players = 10, .existing = seed::Existing::kAppend}, recorder);
  });
  expect_read_only([&] { tick::run(standby, tick::load(catalog, "stamina"), {}, recorder); });
  expect_read_only([&] {
    tick::run(standby, tick::load(catalog, "stamina"), {.strategy = tick::Strategy::kRows},
              recorder);
  });
  session.query("DELETE FROM dropped_items");
  pg::Session nothing_to_do = caught_up();
  expect_read_only([&] {
    tick::run(nothing_to_do, tick::load(catalog, "decay"), {.strategy = tick::Strategy::kRows},
              recorder);
  });
  const index::Pack pack = index::load(catalog, "game");
  expect_read_only([&] { index::apply(standby, pack, {}, recorder); });
  expect_read_only([&] { index::drop(standby, pack, {}, recorder); });
  expect_read_only([&] {
    index::price(standby, pack, {}, {.writes = index::load_writes(catalog, "game")}, recorder);
  });
}

TEST_F(StandbyGame, IndexStatusAndVerify_WorkThere) {
  const index::Pack pack = index::load(catalog, "game");
  seed({.players = 3000, .combats = 3000, .dropped = 3000, .existing = seed::Existing::kReplace});
  index::apply(session, pack, {}, recorder);
  pg::Session standby = caught_up();
  const core::Result status = index::status(standby, pack, {});
  EXPECT_EQ(test::metric(status, "present"), "3");
  EXPECT_THAT(status.notes, testing::ElementsAre(HasSubstr("this server is a standby")));
  const core::Result verified = index::verify(standby, pack, {}, {.runs = 5}, recorder);
  EXPECT_EQ(test::metric(verified, "used"), "3");
  // The definitions cannot be compared there, so that nobody knows of a drift.
  EXPECT_EQ(status.verdict, core::Verdict::kWarn);
  EXPECT_EQ(index::plan(standby, pack, {}).verdict, core::Verdict::kInconclusive);
}

}  // namespace
}  // namespace scalectl
