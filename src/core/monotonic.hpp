// Monotonic time in nanoseconds: what every latency is measured with. Setting the machine's clock
// does not move it.
#pragma once

#include <chrono>
#include <cstdint>

namespace scalectl::core {

/// Nanoseconds since some fixed instant.
using Nanos = std::int64_t;

inline Nanos monotonic_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

inline double to_seconds(Nanos nanos) { return static_cast<double>(nanos) * 1e-9; }
inline double to_milliseconds(Nanos nanos) { return static_cast<double>(nanos) * 1e-6; }

}  // namespace scalectl::core
