// The mix of populations: exact in every block, reproducible, shuffled.
#include <gmock/gmock.h>

#include <map>

#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {
namespace {

Scenario with(std::vector<std::pair<int, std::uint64_t>> loads_and_weights,
              std::uint64_t seed = 1) {
  Scenario scenario{.seed = seed};
  for (const auto& [load, weight] : loads_and_weights) {
    scenario.populations.push_back({.load = load, .weight = weight});
  }
  return scenario;
}

std::vector<int> mix(const Scenario& scenario, int load, std::uint64_t from, std::uint64_t to) {
  std::vector<int> populations;
  for (std::uint64_t i = from; i < to; ++i) {
    populations.push_back(population_of(scenario, load, i));
  }
  return populations;
}

TEST(Mix, EveryBlockHoldsTheWeightsExactly) {
  const Scenario scenario = with({{0, 6}, {1, 1}, {0, 3}, {0, 1}});  // a block of load 0 is 10
  for (std::uint64_t block = 0; block < 50; ++block) {
    std::map<int, int> counts;
    for (const int population : mix(scenario, 0, block * 10, block * 10 + 10)) ++counts[population];
    EXPECT_EQ(counts, (std::map<int, int>{{0, 6}, {2, 3}, {3, 1}})) << block;
  }
  EXPECT_EQ(mix(scenario, 1, 0, 3), (std::vector<int>{1, 1, 1}));
}

TEST(Mix, WeightsAreTakenInLowestTerms) {
  const Scenario scenario = with({{0, 200}, {0, 100}});
  for (std::uint64_t block = 0; block < 50; ++block) {
    std::map<int, int> counts;
    for (const int population : mix(scenario, 0, block * 3, block * 3 + 3)) ++counts[population];
    EXPECT_EQ(counts, (std::map<int, int>{{0, 2}, {1, 1}})) << block;
  }
}

TEST(Mix, ItsOrderIsTheSeeds) {
  const auto order = mix(with({{0, 5}, {0, 5}}), 0, 0, 100);
  EXPECT_EQ(mix(with({{0, 5}, {0, 5}}), 0, 0, 100), order);
  EXPECT_NE(mix(with({{0, 5}, {0, 5}}, 2), 0, 0, 100), order);
  EXPECT_NE(std::vector<int>(order.begin(), order.begin() + 10),
            std::vector<int>(order.begin() + 10, order.begin() + 20));
}

}  // namespace
}  // namespace scalectl::load::scenario
