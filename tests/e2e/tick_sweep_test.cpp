// tick sweep through the binary: a tiny one, what it refuses, and that it leaves nothing behind.
#include <gmock/gmock.h>

#include <csignal>

#include "support/e2e.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class TickSweep : public OnDatabase {
 protected:
  /// The databases of sweeps that this test's own database has started.
  std::string databases() {
    return cell(
        "SELECT coalesce(string_agg(datname, ' ' ORDER BY 1), '') FROM pg_database WHERE datname "
        "LIKE"
        " 'scalectl\\_sweep\\_' || (SELECT oid FROM pg_database WHERE datname = current_database())"
        " || '\\_%'");
  }
  static std::vector<std::string> notes_of(const core::Value& result) {
    std::vector<std::string> notes;
    for (const core::Value& note : *at(result, "notes").if_array())
      notes.push_back(*note.if_text());
    return notes;
  }
};

TEST_F(TickSweep, Tiny_PrintsTablesAndFigureAndLeavesNothingBehind) {
  const std::string before = everything();
  const Outcome outcome =
      scalectl({"tick", "sweep", "stamina", "--sizes", "10,100,1000", "--repeats", "3", "--workers",
                "2", "--predict", "10k", "--format", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  EXPECT_EQ(text_at(result, "command"), "tick sweep");
  EXPECT_EQ(text_at(result, "name"), "stamina");
  EXPECT_EQ(integer_at(result, "metrics.players"), 1000);
  EXPECT_EQ(integer_at(result, "metrics.runs"), 7 * 3 * 3);

  // The seed's rows and those that were swept: 10, 100, 1,000, 10,000, 100,000, 1,000,000.
  ASSERT_EQ(at(result, "tables.scaling_projection").if_array()->size(), 6U);
  EXPECT_EQ(integer_at(result, "tables.scaling_projection.2.players"), 1000);
  EXPECT_EQ(at(result, "tables.scaling_projection.2.seed_before_s").number(), 5);
  EXPECT_EQ(at(result, "tables.scaling_projection.2.seed_after_s").number(), 0.2);
  EXPECT_TRUE(at(result, "tables.scaling_projection.0.seed_after_s").is_null());
  EXPECT_TRUE(at(result, "tables.scaling_projection.5.set_hot_s").is_null());
  for (const std::string variant : {"rows_seed", "rows_hot", "set_seed", "set_hot", "batched_seed",
                                    "batched_hot", "epoch_epoch"}) {
    EXPECT_GT(at(result, "tables.scaling_projection.2." + variant + "_s").number(), 0) << variant;
  }

  ASSERT_EQ(at(result, "tables.fits").if_array()->size(), 9U);
  EXPECT_EQ(text_at(result, "tables.fits.0.variant"), "rows, seed layout");
  EXPECT_EQ(text_at(result, "tables.fits.7.variant"), "seed 000: before");
  EXPECT_EQ(at(result, "tables.fits.7.exponent").number(), 1);

  // Every living player is due in every run, and on the hot layout no index hears of it.
  ASSERT_EQ(at(result, "tables.measurements").if_array()->size(), 21U);
  const std::int64_t due = integer_at(result, "tables.measurements.2.rows");
  EXPECT_GT(due, 800);
  for (const char* row : {"5", "8", "11", "14", "17"}) {
    const std::string measured = std::string("tables.measurements.") + row;
    EXPECT_EQ(integer_at(result, measured + ".players"), 1000);
    EXPECT_EQ(integer_at(result, measured + ".runs"), 3);
    EXPECT_EQ(integer_at(result, measured + ".rows"), due);
    EXPECT_GT(integer_at(result, measured + ".wal_bytes"), 0);
  }
  EXPECT_EQ(text_at(result, "tables.measurements.8.variant"), "set, seed layout");
  EXPECT_EQ(at(result, "tables.measurements.8.hot_ratio").number(), 0);
  EXPECT_GT(at(result, "tables.measurements.11.hot_ratio").number(), 0.95);

  EXPECT_EQ(text_at(result, "tables.measurements.20.variant"), "epoch, epoch layout");
  EXPECT_EQ(integer_at(result, "tables.measurements.20.rows"), 1);

  EXPECT_EQ(at(result, "figures.scaling.series").if_array()->size(), 9U);
  EXPECT_EQ(at(result, "figures.scaling.series.0.points").if_array()->size(), 3U);
  EXPECT_THAT(notes_of(result), Contains(HasSubstr("Seed 000 calls it O(1)")));
  EXPECT_EQ(databases(), "");
  EXPECT_EQ(everything(), before);
}

TEST_F(TickSweep, InPictures_ShowsTheFigureAlone) {
  const std::vector<std::string> sweep{"tick",   "sweep",     "stamina", "--sizes",
                                       "10,100", "--repeats", "1",       "--strategies",
                                       "set",    "--layouts", "hot"};
  for (const auto& [format, begins] :
       {std::pair{"svg", "<?xml version=\"1.0\""}, {"html", "<!DOCTYPE html>"}}) {
    auto arguments = sweep;
    arguments.insert(arguments.end(), {"--format", format});
    const Outcome outcome = scalectl(arguments);
    EXPECT_EQ(outcome.code, 6) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(StartsWith(begins), HasSubstr("set, hot layout"),
                                   HasSubstr("</svg>"), HasSubstr("<circle ")));
  }
  const Outcome text = scalectl(sweep);
  EXPECT_EQ(text.code, 6);
  EXPECT_THAT(
      text.out,
      AllOf(HasSubstr("tick sweep stamina: inconclusive"), HasSubstr("  A  set, hot layout"),
            HasSubstr("10 "), HasSubstr("100"), HasSubstr("2 sizes, 3 needed"),
            HasSubstr("2 sizes cannot tell a from"), HasSubstr("intervals take 3")));
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, OfOneSize_IsInconclusive) {
  const Outcome outcome = scalectl({"tick", "sweep", "stamina", "--sizes", "10", "--repeats", "1",
                                    "--strategies", "set", "--layouts", "hot"});
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("tick sweep stamina: inconclusive"),
                                 HasSubstr("1 size, 3 needed"), HasSubstr("1 size cannot tell")));
  EXPECT_THAT(outcome.err, HasSubstr("(1 variant, 1 run of each)"));
}

TEST_F(TickSweep, OfCombat_LeavesOutWhatMakesNoSense) {
  const Outcome outcome = scalectl({"tick", "sweep", "combat", "--sizes", "100,1000", "--repeats",
                                    "1", "--strategies", "rows,set,epoch", "--format", "json"});
  ASSERT_EQ(outcome.code, 6) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  ASSERT_EQ(at(result, "tables.measurements").if_array()->size(), 4U);
  // All of the combats are idle: one for each 50 players.
  EXPECT_EQ(integer_at(result, "tables.measurements.1.rows"), 20);
  EXPECT_THAT(notes_of(result),
              Contains(AllOf(StartsWith("Left out: "),
                             HasSubstr("rows on hot, set on hot, rows on epoch, set on epoch: the "
                                       "layouts differ in players"),
                             HasSubstr("epoch: combat has no such form"))));
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, BeyondMaxTime_StopsAndSaysWhere) {
  const Outcome outcome = scalectl({"tick", "sweep", "stamina", "--sizes", "100,20k,40k",
                                    "--repeats", "1", "--strategies", "rows,set", "--layouts",
                                    "seed", "--max-time", "500ms", "--format", "json"});
  ASSERT_THAT(outcome.code, AnyOf(0, 6)) << outcome.err;  // as far as set comes
  const core::Value result = json(outcome.out);
  EXPECT_TRUE(at(result, "tables.scaling_projection.4.rows_seed_s").is_null()) << outcome.out;
  EXPECT_THAT(notes_of(result), Contains(AllOf(StartsWith("rows, seed layout stopped"),
                                               HasSubstr("--max-time"), HasSubstr("500ms"))));
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, RunThatDoesNotEnd_IsStoppedAndRolledBack) {
  const Outcome outcome =
      scalectl({"tick", "sweep", "stamina", "--sizes", "20k,40k", "--repeats", "1", "--strategies",
                "rows,set", "--layouts", "seed", "--max-time", "20ms", "--format", "json"});
  ASSERT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_THAT(
      notes_of(json(outcome.out)),
      Contains("rows, seed layout stopped at 20,000 players: a run did not end within --max-time"
               " 20ms"));
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, Interrupted_ShowsWhatWasMeasuredAndDropsItsDatabases) {
  Running running({"tick", "sweep", "stamina", "--sizes", "10,100k", "--repeats", "50",
                   "--strategies", "rows,set", "--layouts", "seed", "--format", "json"},
                  environment());
  ASSERT_TRUE(eventually([&] { return databases() != ""; }));
  running.signal(SIGINT);
  const Outcome outcome = running.wait();
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const core::Value result = json(outcome.out);
  EXPECT_THAT(violations(result), IsEmpty()) << outcome.out;
  EXPECT_EQ(text_at(result, "verdict"), "inconclusive");
  EXPECT_THAT(text_at(result, "notes.0"), HasSubstr("interrupted"));
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, Killed_LeavesDatabasesThatTheNextOneDrops) {
  {
    Running running({"tick", "sweep", "stamina", "--sizes", "100k", "--repeats", "50",
                     "--strategies", "rows", "--layouts", "seed"},
                    environment());
    ASSERT_TRUE(eventually([&] { return databases() != ""; }));
    running.signal(SIGKILL);
    running.wait();
  }
  ASSERT_NE(databases(), "");
  // Its sessions may still be ending, with the lock that tells that it runs.
  Outcome outcome;
  EXPECT_TRUE(eventually([&] {
    outcome = scalectl({"tick", "sweep", "stamina", "--sizes", "10", "--repeats", "1",
                        "--strategies", "set", "--layouts", "seed"});
    return outcome.code != 4;
  }));
  EXPECT_EQ(outcome.code, 6) << outcome.err;
  EXPECT_EQ(databases(), "");
}

TEST_F(TickSweep, WithBadInput_IsRefusedBeforeItBegins) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases{
      {{"stamina", "--sizes", "10,5k,0"}, "--sizes 0 is not 10 to 100M"},
      {{"stamina", "--sizes", "9"}, "--sizes 9"},
      {{"stamina", "--sizes", "100,100"}, "--sizes has 100 twice"},
      {{"stamina", "--sizes", "100,1000,100"}, "--sizes has 100 twice"},
      {{"stamina", "--sizes", "1k,100"}, "--sizes 100 comes after 1000"},
      {{"stamina", "--sizes", ""}, "--sizes"},
      {{"stamina", "--sizes", "100,"}, "--sizes"},
      {{"stamina", "--sizes", "many"}, "--sizes"},
      {{"stamina", "--strategies", "sets"}, "did you mean \"set\"?"},
      {{"stamina", "--strategies", "set,set"}, "--strategies has set twice"},
      {{"stamina", "--layouts", "warm"}, "there are: seed, hot, epoch"},
      {{"stamina", "--strategies", "set", "--layouts", "epoch"}, "nothing to measure"},
      {{"stamina", "--repeats", "0"}, "--repeats 0 is not 1 to 1000"},
      {{"stamina", "--max-time", "0s"}, "--max-time"},
      {{"stamina", "--workers", "0"}, "--workers 0"},
      {{"stamina", "--predict", "0"}, "--predict 0"},
      {{"stamin"}, "stamina"}};
  for (const auto& [more, message] : cases) {
    std::vector<std::string> arguments{"tick", "sweep"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = scalectl(arguments);
    EXPECT_TRUE(is_refusal(outcome, 2)) << more.back();
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
  const Outcome drawing = scalectl({"tick", "list", "--format", "svg"});
  EXPECT_TRUE(is_refusal(drawing, 2));
  EXPECT_EQ(databases(), "");
}

}  // namespace
}  // namespace scalectl::test
