#include "load/deliveries.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace scalectl::load {
namespace {

using Kind = Deliveries::Kind;

std::vector<Kind> take_all(Deliveries& deliveries, const std::vector<std::uint32_t>& sequences) {
  std::vector<Kind> kinds;
  for (const std::uint32_t sequence : sequences) kinds.push_back(deliveries.take(sequence));
  return kinds;
}

TEST(Deliveries, InOrder_AreUnique) {
  Deliveries deliveries;
  EXPECT_THAT(take_all(deliveries, {0, 1, 2}), testing::Each(Kind::kInOrder));
  EXPECT_EQ(deliveries.unique(), 3U);
  EXPECT_EQ(deliveries.newest(), 2U);
}

TEST(Deliveries, Gap_IsMissingUntilItComes) {
  Deliveries deliveries;
  take_all(deliveries, {0, 1, 4});
  EXPECT_EQ(deliveries.newest() - deliveries.first() + 1 - deliveries.unique(), 2U);
  EXPECT_EQ(deliveries.take(2), Kind::kReordered);
  EXPECT_EQ(deliveries.newest() - deliveries.first() + 1 - deliveries.unique(), 1U);
}

TEST(Deliveries, SameAgain_IsADuplicateHoweverItCame) {
  Deliveries deliveries;
  take_all(deliveries, {0, 1, 4, 2});
  EXPECT_THAT(take_all(deliveries, {4, 2, 0, 1}), testing::Each(Kind::kDuplicate));
  EXPECT_EQ(deliveries.unique(), 4U);
}

TEST(Deliveries, JoinedLate_BeginsWhereItJoined) {
  Deliveries deliveries;
  take_all(deliveries, {100, 101});
  EXPECT_EQ(deliveries.first(), 100U);
  EXPECT_EQ(deliveries.take(99), Kind::kReordered);
  EXPECT_EQ(deliveries.first(), 99U);
}

TEST(Deliveries, EdgesOfTheWindow_AreTold) {
  Deliveries deliveries;
  take_all(deliveries, {0, Deliveries::kWindow - 1});
  EXPECT_EQ(deliveries.take(0), Kind::kDuplicate);
  take_all(deliveries, {10'000});
  EXPECT_EQ(deliveries.take(9'999), Kind::kReordered);
  EXPECT_EQ(deliveries.take(9'999), Kind::kDuplicate);
}

}  // namespace
}  // namespace scalectl::load
