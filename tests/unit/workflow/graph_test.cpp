#include "workflow/graph.hpp"

#include <gmock/gmock.h>

namespace scalectl::workflow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Edge> chain(std::int64_t first, std::int64_t last) {
  std::vector<Edge> edges;
  for (std::int64_t i = first; i < last; ++i) edges.emplace_back(i, i + 1);
  return edges;
}

TEST(Cycles, NoEdges_HaveNone) { EXPECT_THAT(cycles({}), IsEmpty()); }

TEST(Cycles, DiamondAndDoubledEdge_AreNone) {
  EXPECT_THAT(cycles({{1, 2}, {1, 3}, {2, 4}, {3, 4}, {1, 2}}), IsEmpty());
}

TEST(Cycles, EdgeToItself_IsOne) {
  EXPECT_THAT(cycles({{1, 2}, {2, 2}, {2, 3}}), ElementsAre(ElementsAre(2)));
}

TEST(Cycles, TwoSteps_AreNamedInOrder) {
  EXPECT_THAT(cycles({{9, 4}, {4, 9}, {9, 10}, {1, 4}}), ElementsAre(ElementsAre(4, 9)));
}

TEST(Cycles, TwoThatShareAStep_AreOneComponent) {
  EXPECT_THAT(cycles({{1, 2}, {2, 1}, {2, 3}, {3, 2}}), ElementsAre(ElementsAre(1, 2, 3)));
}

TEST(Cycles, TwoJoinedByAnEdgeOneWay_StayTwo) {
  EXPECT_THAT(cycles({{7, 8}, {8, 7}, {8, 1}, {1, 2}, {2, 1}}),
              ElementsAre(ElementsAre(1, 2), ElementsAre(7, 8)));
}

TEST(Cycles, EveryRotationOfACycleWithTails_IsFound) {
  const std::vector<Edge> edges{{5, 3}, {3, 6}, {6, 5}, {1, 5}, {6, 2}};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    std::vector<Edge> turned(edges.begin() + static_cast<std::ptrdiff_t>(i), edges.end());
    turned.insert(turned.end(), edges.begin(), edges.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(cycles(turned), ElementsAre(ElementsAre(3, 5, 6))) << i;
  }
}

// A recursive search would need a stack frame for each of them.
TEST(Cycles, LongChain_IsNone_AndClosed_One) {
  std::vector<Edge> edges = chain(1, 100'000);
  EXPECT_THAT(cycles(edges), IsEmpty());
  edges.emplace_back(100'000, 1);
  const auto found = cycles(edges);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].size(), 100'000U);
  EXPECT_EQ(found[0].front(), 1);
  EXPECT_EQ(found[0].back(), 100'000);
}

TEST(Cycles, IdsAtTheEndsOfTheirRange_AreFound) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(cycles({{kMax, -1}, {-1, kMax}}), ElementsAre(ElementsAre(-1, kMax)));
}

}  // namespace
}  // namespace scalectl::workflow
