#include <gmock/gmock.h>

#include "core/rng.hpp"
#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {
namespace {

using core::kMillisecond;
using core::Nanos;

double mean_ms(const ThinkStep& think) {
  core::Rng random(1, 2, 3);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) sum += core::to_milliseconds(think.length(random.next()));
  return sum / 100'000;
}

TEST(Think, Uniform_StaysBetweenItsEnds) {
  const ThinkStep think{.least = 100 * kMillisecond, .most = 300 * kMillisecond};
  EXPECT_EQ(think.length(0), 100 * kMillisecond);
  EXPECT_LT(think.length(UINT64_MAX), 300 * kMillisecond + 1);
  EXPECT_GT(think.length(UINT64_MAX), 299 * kMillisecond);
  EXPECT_NEAR(mean_ms(think), 200, 2);
}

TEST(Think, Exponential_HasItsMean) {
  const ThinkStep think{.kind = ThinkStep::Kind::kExponential, .mean = 50 * kMillisecond};
  EXPECT_EQ(think.length(0), 0);
  EXPECT_NEAR(mean_ms(think), 50, 1);
  EXPECT_LT(core::to_milliseconds(think.length(UINT64_MAX)), 50 * 40) << "finite";
}

}  // namespace
}  // namespace scalectl::load::scenario
