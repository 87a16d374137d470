// Rng: random numbers as a pure function of (seed, stream, row). Two workers that draw row 17 of
// table "players" get the same numbers, whoever else draws what.
//
// Generator: SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators",
// OOPSLA 2014), started from a mix of the three coordinates. Bounded numbers by Lemire's multiply
// and shift ("Fast Random Integer Generation in an Interval", 2019) without the rejection step: the
// bias is below bound / 2^64.
#pragma once

#include <cstdint>

namespace scalectl::core {

class Rng {
 public:
  Rng(std::uint64_t seed, std::uint64_t stream, std::uint64_t row)
      : state_(mix(mix(seed + kGamma) ^ (stream * kGamma)) ^ mix(row + kGamma)) {}

  std::uint64_t next() { return mix(state_ += kGamma); }

  /// Uniform in [0, bound); bound must be positive.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// Uniform in [low, high], both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  /// Uniform in [0, 1) with 53 bits.
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }

 private:
  static constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15ULL;

  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace scalectl::core
