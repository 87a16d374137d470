// The demo's measurement, with few players.
#include <gmock/gmock.h>

#include "story/tick_trial.hpp"
#include "support/game.hpp"

namespace scalectl {
namespace {

using story::Variant;
using testing::ElementsAre;

struct Trial : test::GameTest {};

TEST_F(Trial, OfFewPlayers_MeasuresEveryTickInEveryVariantAndCleansUp) {
  const story::Trial trial = story::run_trial(
      test::shared_lab().postgres(), catalog,
      {.players = 613, .set_repeats = 3, .rows_repeats = 1, .version = "test"}, {}, recorder);

  // The same players, counted.
  init();
  seed({.players = 613});
  const std::int64_t living = std::stoll(scalar("SELECT count(*) FROM players WHERE NOT is_dead"));

  std::vector<std::string> ticks;
  for (const auto& [tick, variants] : trial) {
    ticks.push_back(tick);
    for (const tick::Strategy strategy : {tick::Strategy::kSet, tick::Strategy::kRows}) {
      for (const bool indexed : {false, true}) {
        const auto found = variants.find(Variant{.strategy = strategy, .indexed = indexed});
        ASSERT_NE(found, variants.end()) << tick;
        const story::Measured& measured = found->second;
        EXPECT_GT(measured.elapsed_s, 0) << tick;
        EXPECT_EQ(measured.repeats, strategy == tick::Strategy::kSet ? 3 : 1) << tick;
        EXPECT_EQ(measured.rows, variants.begin()->second.rows) << tick;
        if (tick == "stamina") {
          EXPECT_EQ(measured.rows, living);
          EXPECT_GT(measured.wal_bytes, 0);
        }
        // Which combats are idle and which items old is a matter of the seed alone, but for the
        // moment that passes until the tick runs: at least some are, and not all.
        if (tick == "decay") {
          EXPECT_GT(measured.rows, 0);
          EXPECT_LT(measured.rows, 122);
        }
      }
    }
  }
  EXPECT_THAT(ticks, ElementsAre("combat", "decay", "stamina"));
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_database WHERE datname IN ('bare_613', 'indexed_613')"),
            "0");
  ASSERT_FALSE(recorder.steps.empty());
  EXPECT_EQ(recorder.steps[0].what, "613 players");
  EXPECT_EQ(recorder.steps[0].total, 8u);
}

}  // namespace
}  // namespace scalectl
