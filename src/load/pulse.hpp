// Pulse: how a worker's thread itself fares: a heart that beats all along, the longest time in
// which it stood still, and the CPU it took.
#pragma once

#include <functional>

#include "load/worker.hpp"
#include "net/loop.hpp"

namespace scalectl::load {

class Pulse {
 public:
  /// `beat` is called 20 times a second once begin() was.
  Pulse(net::Loop& loop, WorkerHealth& health, std::function<void(core::Nanos now)> beat);

  void begin(core::Nanos now);
  /// Something happens. Where the heart should have beaten since the last time, this thread stood
  /// still; a loop that is merely busy is active in between.
  void note(core::Nanos now) {
    if (now > due_) miss(now);
    active_ = now;
  }
  /// The load, which began at `begin`, is over.
  void end(core::Nanos begin, core::Nanos now);

 private:
  void on_beat();
  void miss(core::Nanos now);

  WorkerHealth& health_;
  std::function<void(core::Nanos)> beat_;
  net::Timer timer_;
  core::Nanos due_ = INT64_MAX;  // of the next beat; never before begin()
  core::Nanos active_ = 0;
  core::Nanos cpu_begin_ = 0;
};

}  // namespace scalectl::load
