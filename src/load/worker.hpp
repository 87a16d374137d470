// Worker: one thread of a load run, as those see it that start, watch and end the run.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/monotonic.hpp"
#include "load/recorder.hpp"

namespace scalectl::load {

/// How a thread fared, apart from what it measured.
struct WorkerHealth {
  double cpu_ratio = 0;         ///< share of one core that it used
  core::Nanos finished = 0;     ///< the instant of its end
  core::Nanos longest_gap = 0;  ///< longest time in which it did nothing though it should have
};

class Worker {
 public:
  Worker() = default;
  /// Only once its thread has ended.
  virtual ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The body of its thread: opens the connections, waits for begin(), returns when all is done.
  virtual void run() = 0;

  // --- From other threads ---

  /// Starts the load at `instant`.
  virtual void begin(core::Nanos instant) = 0;
  /// Starts nothing more; what is in flight may still be answered, until the drain time is over.
  virtual void stop() = 0;

  /// True once every connection is open or has failed to.
  bool is_ready() const { return ready_; }
  /// True where not one connection could be opened, and none will be: known once it is ready.
  bool is_futile() const { return futile_; }
  bool is_done() const { return done_; }
  /// What has no answer yet, for display.
  std::int64_t in_flight() const { return in_flight_shown_; }
  Recorder& recorder() { return recorder_; }
  /// Once it is done.
  WorkerHealth health() const { return health_; }

 protected:
  /// The thread's work is over at `now`: what it measured is handed over.
  void end(core::Nanos now) {
    recorder_.end();
    health_.finished = now;
    in_flight_shown_ = 0;
    done_ = true;
    ready_ = true;
  }

  std::atomic<bool> ready_ = false;
  std::atomic<bool> futile_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<std::int64_t> in_flight_shown_ = 0;
  Recorder recorder_;
  WorkerHealth health_;
};

}  // namespace scalectl::load
