#include "core/rng.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace scalectl::core {
namespace {

// Computed apart from this code, with a SplitMix64 that gives the published numbers for seed
// 1234567 (6457827717110365317, 3203168211198807973).
TEST(Rng, Numbers_AreThoseOfTheFirstRelease) {
  Rng rng(42, 1, 17);
  EXPECT_EQ(rng.next(), 9313095969681612136U);
  EXPECT_EQ(rng.next(), 3394576500455828499U);
  EXPECT_EQ(rng.next(), 12822640770705932056U);
}

TEST(Rng, OtherSeedStreamOrRow_OtherNumbers) {
  const std::uint64_t first = Rng(42, 1, 17).next();
  EXPECT_NE(Rng(43, 1, 17).next(), first);
  EXPECT_NE(Rng(42, 2, 17).next(), first);
  EXPECT_NE(Rng(42, 1, 18).next(), first);
}

TEST(Rng, Below_StaysBelowAndReachesEveryNumber) {
  std::vector<int> hits(6);
  for (std::uint64_t row = 0; row < 6000; ++row) ++hits.at(Rng(1, 1, row).below(6));
  for (const int n : hits) EXPECT_NEAR(n, 1000, 5 * 28.9);  // five standard deviations
}

TEST(Rng, Between_IncludesBothEnds) {
  bool low = false;
  bool high = false;
  for (std::uint64_t row = 0; row < 200; ++row) {
    const std::int64_t drawn = Rng(1, 2, row).between(-1, 1);
    ASSERT_GE(drawn, -1);
    ASSERT_LE(drawn, 1);
    low = low || drawn == -1;
    high = high || drawn == 1;
  }
  EXPECT_TRUE(low);
  EXPECT_TRUE(high);
}

TEST(Rng, Between_OfOneNumber_IsThatNumber) { EXPECT_EQ(Rng(1, 1, 1).between(7, 7), 7); }

TEST(Rng, Unit_IsUniformFromZeroToOne) {
  double sum = 0;
  for (std::uint64_t row = 0; row < 10000; ++row) {
    const double drawn = Rng(5, 1, row).unit();
    ASSERT_GE(drawn, 0);
    ASSERT_LT(drawn, 1);
    sum += drawn;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 5 * 0.00289);
}

TEST(Rng, Chance_NeverOrAlways_IsCertain) {
  for (std::uint64_t row = 0; row < 1000; ++row) {
    EXPECT_FALSE(Rng(9, 1, row).chance(0));
    EXPECT_TRUE(Rng(9, 1, row).chance(1));
  }
}

}  // namespace
}  // namespace scalectl::core
