// What a sweep leaves out, how it calls growth, and what it says of it.
#include <gmock/gmock.h>

#include <functional>

#include "story/sweep_fits.hpp"
#include "story/sweep_lessons.hpp"
#include "support/thrown.hpp"

namespace scalectl::story {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

tick::Definition load(const std::string& name) { return tick::load(catalog::Catalog(), name); }

std::vector<std::string> keys(const SweepPlan& plan) {
  std::vector<std::string> keys;
  for (const SweepVariant& variant : plan.variants) keys.push_back(variant.key());
  return keys;
}

/// Five runs of each size, each within a hundredth of `seconds(n)`.
SweepLine line(const std::function<double(double)>& seconds, double rows_of_each = 0.95) {
  SweepLine line;
  for (const std::int64_t n : {1'000, 10'000, 100'000, 1'000'000}) {
    SweepSample& sample = line.samples[n];
    for (const double factor : {0.99, 0.995, 1.0, 1.005, 1.01}) {
      sample.elapsed_s.push_back(seconds(static_cast<double>(n)) * factor);
      sample.wal_bytes.push_back(1000);
      sample.hot_ratio.push_back(1);
      sample.rows.push_back(rows_of_each == 0 ? 1 : rows_of_each * static_cast<double>(n));
    }
  }
  return line;
}

const SweepClaims kClaims{
    {1'000, 5, 0.2}, {10'000, 50, 0.5}, {100'000, 500, 2}, {1'000'000, 5000, 10}};

TEST(PlanSweep, OfStamina_HasSevenVariants) {
  const SweepPlan plan = plan_sweep(load("stamina"), kSweepStrategies, kSweepLayouts);
  EXPECT_THAT(keys(plan), ElementsAre("rows_seed", "rows_hot", "set_seed", "set_hot",
                                      "batched_seed", "batched_hot", "epoch_epoch"));
  EXPECT_THAT(
      plan.left_out,
      ElementsAre("epoch on seed, epoch on hot: it needs the epoch layout",
                  "rows on epoch, set on epoch, batched on epoch: no row there holds its present "
                  "stamina"));
}

TEST(PlanSweep, OfTicksThatPlayersDoNotMatterTo_KeepsToTheSeedsLayout) {
  for (const char* name : {"combat", "decay"}) {
    const SweepPlan plan = plan_sweep(load(name), kSweepStrategies, kSweepLayouts);
    EXPECT_THAT(keys(plan), ElementsAre("rows_seed", "set_seed", "batched_seed")) << name;
  }
}

TEST(PlanSweep, WithNothingLeft_IsRefused) {
  const core::Error error =
      test::error_of([] { plan_sweep(load("combat"), {"epoch"}, kSweepLayouts); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("epoch: combat has no such form"));
}

TEST(SweepLessons, OfCleanRuns_TellTheStory) {
  const SweepPlan plan = plan_sweep(load("stamina"), {"set", "epoch"}, kSweepLayouts);
  SweepLines lines;
  lines[{"set", "seed"}] = line([](double n) { return 0.002 + 3e-6 * n; });
  lines[{"set", "hot"}] = line([](double n) { return 0.002 + 1e-6 * n; });
  lines[{"epoch", "epoch"}] = line([](double) { return 0.001; }, 0);
  const std::vector<SweepFit> fits = fit_sweep(plan, kClaims, lines);
  ASSERT_EQ(fits.size(), 5U);
  EXPECT_EQ(growth_word(*fits[0].fit), "linear");
  EXPECT_EQ(growth_word(*fits[2].fit), "constant");
  EXPECT_EQ(growth_word(*fits[4].fit), "below linear");
  const auto lessons = sweep_lessons(plan, lines, fits);
  EXPECT_THAT(lessons, Contains(HasSubstr("not in time: set, seed layout grows as n^1.0")));
  EXPECT_THAT(lessons,
              Contains(HasSubstr("its own \"After\" column grows as n^0.71: from 0.2 s to 10 s for "
                                 "1000 times the players")));
  EXPECT_THAT(lessons,
              Contains(HasSubstr("set 3.0 times as fast at 1,000,000 players: 100 % of its")));
  EXPECT_THAT(lessons,
              Contains(HasSubstr("1.00 times its time at 1,000 players for 1000 times as many, 1 "
                                 "row written. This is the O(1) tick.")));
}

TEST(SweepLessons, OfRunsThatDifferTooMuch_ClaimNothing) {
  const SweepPlan plan = plan_sweep(load("stamina"), {"set"}, {"seed"});
  SweepLines lines;
  lines[{"set", "seed"}] = line([](double n) { return 3e-6 * n; });
  for (auto& [players, sample] : lines[{"set", "seed"}].samples) {
    sample.elapsed_s = {0.01, 0.5, 1, 5, 20};
  }
  const std::vector<SweepFit> fits = fit_sweep(plan, {}, lines);
  EXPECT_EQ(growth_word(*fits[0].fit), "unclear");
  EXPECT_THAT(sweep_lessons(plan, lines, fits),
              Contains(HasSubstr("How set, seed layout grows cannot be told from these runs")));
}

TEST(SweepLessons, OfFewSizesAndRuns_SayWhatIsMissing) {
  const SweepPlan plan = plan_sweep(load("stamina"), {"set"}, {"seed"});
  SweepLines lines;
  lines[{"set", "seed"}].samples[1'000].elapsed_s = {0.01};
  lines[{"set", "seed"}].stopped = "stopped at 10,000 players";
  const auto lessons = sweep_lessons(plan, lines, fit_sweep(plan, {}, lines));
  EXPECT_THAT(lessons,
              ElementsAre("1 size cannot tell a from b n^k: a law takes 3 of them.",
                          "1 run of each size: too few to show a spread; intervals take 3.",
                          "set, seed layout stopped at 10,000 players"));
}

TEST(SweepLessons, OfNothing_AreNone) {
  const SweepPlan plan = plan_sweep(load("stamina"), {"set"}, {"seed"});
  EXPECT_THAT(sweep_lessons(plan, {}, fit_sweep(plan, {}, {})), IsEmpty());
}

}  // namespace
}  // namespace scalectl::story
