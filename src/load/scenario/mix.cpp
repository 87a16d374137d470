// The mix of populations that share a load.
#include <algorithm>
#include <numeric>

#include "load/scenario/scenario.hpp"
#include "load/scenario/shuffle.hpp"

namespace scalectl::load::scenario {
namespace {

constexpr std::uint64_t kMixStream = 0x6d6978;  // "mix": apart from the feeders' and the users'

}  // namespace

int population_of(const Scenario& scenario, int load, std::uint64_t index) {
  std::uint64_t sum = 0;
  std::uint64_t divisor = 0;
  for (const Population& population : scenario.populations) {
    if (population.load != load) continue;
    sum += population.weight;
    divisor = std::gcd(divisor, population.weight);
  }
  const std::uint64_t block = sum / divisor;
  const std::uint64_t stream = kMixStream + static_cast<std::uint64_t>(load);
  std::uint64_t place =
      shuffled(index % block, block, scenario.seed, stream, index / block) * divisor;
  for (std::size_t i = 0; i < scenario.populations.size(); ++i) {
    const Population& population = scenario.populations[i];
    if (population.load != load) continue;
    if (place < population.weight) return static_cast<int>(i);
    place -= population.weight;
  }
  return -1;  // never: a load has a population
}

core::Nanos Load::length() const {
  core::Nanos sum = 0;
  for (const LoadStage& stage : stages) sum += stage.length();
  return sum;
}

std::uint64_t Load::most_users() const {
  if (is_open) return max_users;
  std::uint64_t most = 0;
  for (const LoadStage& stage : stages) most = std::max(most, stage.users);
  return most;
}

std::uint64_t Load::all_users() const { return arrivals ? arrivals->total() : most_users(); }

}  // namespace scalectl::load::scenario
