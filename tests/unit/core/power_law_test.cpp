#include "core/power_law.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "core/rng.hpp"

namespace scalectl::core {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

std::vector<std::pair<double, double>> points_of(const PowerLaw& law, int sizes = 4) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < sizes; ++i) {
    const double n = std::pow(10, 3 + i);
    points.emplace_back(n, law.at(n));
  }
  return points;
}

/// `repeats` of each size, with uniform noise of ±`noise` of the value.
std::vector<SizedSample> noisy(const PowerLaw& law, double noise, int sizes = 4, int repeats = 7) {
  std::vector<SizedSample> samples;
  for (const auto& [n, t] : points_of(law, sizes)) {
    SizedSample sample{.size = n, .seconds = {}};
    Rng rng(7, 1, static_cast<std::uint64_t>(n));
    for (int i = 0; i < repeats; ++i) {
      sample.seconds.push_back(t * (1 + noise * (2 * rng.unit() - 1)));
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

TEST(LeastSquares, OfExactData_FindsTheLaw) {
  for (const PowerLaw law : {PowerLaw{.a = 0.004, .b = 3e-6, .k = 1},
                             {.a = 0, .b = 2e-5, .k = 1.2},
                             {.a = 0.1, .b = 1e-3, .k = 0.5},
                             {.a = 1e-3, .b = 1e-9, .k = 2}}) {
    const PowerLaw found = least_squares(points_of(law));
    EXPECT_NEAR(found.k, law.k, 1e-4);
    EXPECT_NEAR(found.a, law.a, 1e-3 * law.at(1000));
    EXPECT_NEAR(found.b / law.b, 1, 1e-2);
  }
}

TEST(LeastSquares, SeesSmallSizesAsWellAsLargeOnes) {
  // In plain squares the constant of 5 ms would drown in the last size's 1 %.
  auto points = points_of({.a = 0.005, .b = 1e-6, .k = 1}, 5);
  points.back().second *= 1.01;
  EXPECT_THAT(least_squares(points).a, DoubleNear(0.005, 0.0005));
}

TEST(LeastSquares, OfTimesThatShrink_IsTheConstant) {
  const PowerLaw law = least_squares({{1000, 4}, {10'000, 2}, {100'000, 1}});
  EXPECT_EQ(law.b * std::pow(100'000, law.k) * law.k, 0);
  EXPECT_GE(law.a, 0);
}

TEST(LeastSquares, OfTwoSizes_PassesThroughBothWithoutAConstant) {
  const PowerLaw law = least_squares({{1000, 1}, {100'000, 10}});
  EXPECT_EQ(law.a, 0);
  EXPECT_NEAR(law.k, 0.5, 1e-6);
  EXPECT_NEAR(law.at(1000), 1, 1e-5);
}

TEST(FitPowerLaw, OfNoisyData_HoldsTheTrueExponentInANarrowInterval) {
  for (const double k : {0.5, 1.0, 1.5}) {
    const auto fit = fit_power_law(noisy({.a = 0.002, .b = 1e-5, .k = k}, 0.05));
    ASSERT_TRUE(fit && fit->exponent);
    EXPECT_FALSE(fit->flat);
    EXPECT_LE(fit->exponent->low, k);
    EXPECT_GE(fit->exponent->high, k);
    EXPECT_LT(fit->exponent->width(), 0.3) << k;
    EXPECT_LE(fit->exponent->low, fit->law.k);
    EXPECT_GE(fit->exponent->high, fit->law.k);
    EXPECT_LT(fit->residual_ratio, 0.05);
  }
}

TEST(FitPowerLaw, WithTheSameSeed_IsTheSame) {
  const auto samples = noisy({.a = 0.002, .b = 1e-5, .k = 1}, 0.2);
  const auto first = fit_power_law(samples);
  const auto again = fit_power_law(samples);
  EXPECT_EQ(first->exponent->low, again->exponent->low);
  EXPECT_NE(first->exponent->low, fit_power_law(samples, 3)->exponent->low);
}

TEST(FitPowerLaw, OfConstantData_IsFlatAndPredictsTheConstant) {
  for (const double noise : {0.0, 0.05}) {
    const auto fit = fit_power_law(noisy({.a = 0.003, .b = 0, .k = 1}, noise));
    ASSERT_TRUE(fit && fit->exponent);
    EXPECT_TRUE(fit->flat);
    EXPECT_EQ(fit->law.b, 0);
    EXPECT_EQ(fit->law.k, 0);
    EXPECT_NEAR(fit->law.a, 0.003, 0.0002);
    EXPECT_LE(fit->exponent->low, 0.001);
    EXPECT_GE(fit->exponent->high, -0.001);
    EXPECT_LT(fit->exponent->width(), 0.05);
    const Prediction at_ten_million = predict(*fit, 1e7);
    ASSERT_TRUE(at_ten_million.seconds) << at_ten_million.refused;
    EXPECT_NEAR(*at_ten_million.seconds, 0.003, 0.0002);
  }
}

TEST(FitPowerLaw, OfGrowthThatHardlyMatters_IsFlatThoughItIsCertain) {
  EXPECT_TRUE(fit_power_law(noisy({.a = 0, .b = 0.001, .k = 0.05}, 0.001))->flat);
  EXPECT_FALSE(fit_power_law(noisy({.a = 0, .b = 0.001, .k = 0.2}, 0.001))->flat);
}

TEST(FitPowerLaw, OfOneSize_IsNothing) {
  EXPECT_FALSE(fit_power_law(noisy({.a = 0, .b = 1, .k = 1}, 0, 1)));
  EXPECT_FALSE(fit_power_law({}));
}

TEST(FitPowerLaw, KnowsWhatItRestsOn) {
  const auto fit = fit_power_law(noisy({.a = 0, .b = 1e-6, .k = 1}, 0.01));
  EXPECT_EQ(fit->sizes, 4U);
  EXPECT_EQ(fit->smallest, 1000);
  EXPECT_EQ(fit->largest, 1e6);
  EXPECT_DOUBLE_EQ(fit->decades(), 3);
}

TEST(Predict, TenTimesTheData_HoldsTheTruth) {
  const PowerLaw law{.a = 0.004, .b = 3e-6, .k = 1};
  const auto fit = fit_power_law(noisy(law, 0.05));
  const Prediction prediction = predict(*fit, 1e7);
  ASSERT_TRUE(prediction.seconds) << prediction.refused;
  EXPECT_LE(prediction.interval.low, law.at(1e7));
  EXPECT_GE(prediction.interval.high, law.at(1e7));
  EXPECT_LE(prediction.interval.low, *prediction.seconds);
  EXPECT_GE(prediction.interval.high, *prediction.seconds);
  EXPECT_NEAR(*prediction.seconds / law.at(1e7), 1, 0.2);
}

TEST(Predict, WithoutGrounds_SaysWhyNot) {
  const PowerLaw linear{.a = 0, .b = 1e-6, .k = 1};
  const auto why = [](const std::vector<SizedSample>& samples, double n) {
    const Prediction prediction = predict(*fit_power_law(samples), n);
    EXPECT_FALSE(prediction.seconds);
    return prediction.refused;
  };
  EXPECT_EQ(why(noisy(linear, 0.01, 3), 1e7), "100 x the largest size, 10 x at most");
  EXPECT_EQ(why(noisy(linear, 0.01, 2), 1e5), "2 sizes, 3 needed");
  EXPECT_EQ(why(noisy(linear, 0.01, 4, 2), 1e7), "fewer than 3 runs");
  EXPECT_THAT(why(noisy(linear, 0.95, 4, 3), 1e7), HasSubstr("uncertain by"));
}

}  // namespace
}  // namespace scalectl::core
