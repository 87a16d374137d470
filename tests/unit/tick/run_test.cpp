// What of a run can be judged before there is a server.
#include "tick/run.hpp"

#include <gmock/gmock.h>

#include "support/thrown.hpp"

namespace scalectl::tick {
namespace {

using test::error_of;

// Seed 000: excellent under 0.5 s, good under 2 s, ok up to the threshold, warning above it.
TEST(BandOf, Boundaries_AreSeed000s) {
  const std::pair<double, const char*> cases[] = {
      {0, "excellent"}, {0.499, "excellent"}, {0.5, "good"}, {1.999, "good"}, {2, "ok"},
      {5, "ok"},        {5.001, "warning"}};
  for (const auto& [elapsed, band] : cases) EXPECT_EQ(band_of(elapsed, 5), band) << elapsed;
}

TEST(BandOf, ThresholdBelowTheOtherBands_Wins) { EXPECT_EQ(band_of(0.3, 0.2), "warning"); }

Definition tick_with(const std::string& more) {
  return parse({.path = "sql/t.sql",
                .text = "-- tick: t\n-- summary: s\n-- every: 5m\n-- warn-after: 5s\n-- log: l\n" +
                        more + "\nDELETE FROM :\"items\";\n"});
}

TEST(CheckRun, UnknownParameter_NamesTheClosest) {
  const Definition tick = tick_with("-- param: older-than interval = 1h \"x\"\n");
  Options options;
  options.parameters["older-then"] = "2h";
  const core::Error error = error_of([&] { check(tick, options); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_EQ(error.message(), "tick t has no parameter --older-then");
  EXPECT_EQ(error.hint(), "did you mean \"older-than\"?");
}

TEST(CheckRun, BadParameterValue_IsRefused) {
  const Definition tick = tick_with("-- param: older-than interval = 1h \"x\"\n");
  Options options;
  options.parameters["older-than"] = "soon";
  EXPECT_EQ(error_of([&] { check(tick, options); }).message(),
            "--older-than: \"soon\" is not a duration");
}

TEST(CheckRun, RowsStrategyOfATickWithoutThem_IsRefused) {
  Options options;
  options.strategy = Strategy::kRows;
  EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).message(),
            "tick t has no row-by-row form");
}

TEST(CheckRun, FormsThatTheTickDoesNotHave_AreRefused) {
  Options options;
  for (const auto& [strategy, message] :
       {std::pair(Strategy::kBatched, "tick t has no batched form"),
        std::pair(Strategy::kEpoch, "tick t has no epoch form")}) {
    options.strategy = strategy;
    EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).message(), message);
  }
}

TEST(CheckRun, BatchOrWorkersWithoutBatches_AreRefused) {
  Options options;
  options.batch = 100;
  EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).message(),
            "--batch belongs to --strategy batched");
  options.batch = std::nullopt;
  options.workers = 2;
  EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).message(),
            "--workers belongs to --strategy batched");
}

TEST(CheckRun, NumbersOfBatchesOutOfBounds_AreRefused) {
  const Definition tick = parse(
      {.path = "sql/t.sql",
       .text =
           "-- tick: t\n-- summary: s\n-- every: 5m\n-- warn-after: 5s\n-- log: l\n\n"
           "DELETE FROM :\"items\";\n-- @batched\n\nDELETE FROM :\"items\" WHERE :batch > 0;\n"});
  Options options{.strategy = Strategy::kBatched, .batch = 1, .workers = 64};
  EXPECT_NO_THROW(check(tick, options));
  for (const std::int64_t workers : {0, 65}) {
    options.workers = workers;
    EXPECT_EQ(error_of([&] { check(tick, options); }).kind(), core::ErrorKind::kUsage) << workers;
  }
  options.workers = 1;
  options.batch = 0;
  EXPECT_EQ(error_of([&] { check(tick, options); }).message(), "--batch must be more than zero");
}

TEST(CheckRun, WindowOfZero_IsRefused) {
  Options options;
  options.window = core::Seconds(0);
  EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).kind(), core::ErrorKind::kUsage);
}

TEST(CheckRun, WarnAfterOfZero_IsRefused) {
  Options options;
  options.warn_after = core::Seconds(0);
  EXPECT_EQ(error_of([&] { check(tick_with(""), options); }).message(),
            "--warn-after must be more than zero");
}

TEST(CheckRun, FittingOptions_AreAccepted) {
  Options options;
  options.parameters["older-than"] = "2h";
  options.warn_after = core::Seconds(1);
  EXPECT_NO_THROW(check(tick_with("-- param: older-than interval = 1h \"x\"\n"), options));
}

}  // namespace
}  // namespace scalectl::tick
