// Stopwatch: when something began by the wall clock, and how long it has taken by the steady one.
#pragma once

#include <chrono>

#include "core/result.hpp"

namespace scalectl::core {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - steady_).count();
  }
  /// Writes beginning and duration into `result`.
  void stamp(Result& result) const {
    result.started_at = wall_;
    result.elapsed_s = seconds();
  }

 private:
  std::chrono::system_clock::time_point wall_ = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point steady_ = std::chrono::steady_clock::now();
};

}  // namespace scalectl::core
