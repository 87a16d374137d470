// Shuffle: random orders as a pure function, without a list to shuffle.
#pragma once

#include <bit>
#include <cstdint>

#include "core/rng.hpp"

namespace scalectl::load::scenario {

/// What stands at place `index` in the random order of 0 to size-1 that seed, stream and round
/// name; over all places each number once. The swap-or-not shuffle (Hoang, Morris, Rogaway: "An
/// Enciphering Scheme Based on a Card Shuffle", CRYPTO 2012): in each of O(log size) rounds numbers
/// are paired at random, and each pair swaps places or not. Constant memory.
inline std::uint64_t shuffled(std::uint64_t index, std::uint64_t size, std::uint64_t seed,
                              std::uint64_t stream, std::uint64_t round) {
  core::Rng rounds(seed, stream, round);
  const std::uint64_t count = 12 + 6 * std::bit_width(size);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t sum = rounds.below(size);
    const std::uint64_t partner = sum >= index ? sum - index : sum + (size - index);
    core::Rng coin(rounds.next(), 0, index > partner ? index : partner);
    if ((coin.next() & 1) != 0) index = partner;
  }
  return index;
}

}  // namespace scalectl::load::scenario
