// Worker: one thread of a load run: its loop, its share of the connections and of the arrivals.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/monotonic.hpp"
#include "load/plan.hpp"
#include "load/recorder.hpp"
#include "net/tls.hpp"

namespace scalectl::load {

/// What all workers of a run share; none of it changes while they run.
struct RunSetting {
  const HttpPlan& plan;
  net::Address address;              ///< that answered the probe
  const net::TlsContext* tls;        ///< null for plain HTTP
  std::string wire;                  ///< the request's bytes
  bool samples = false;
};

/// How a thread fared, apart from what it measured.
struct WorkerHealth {
  double cpu_ratio = 0;          ///< share of one core that it used
  core::Nanos finished = 0;      ///< the instant of its end
  core::Nanos longest_gap = 0;   ///< longest time in which it did nothing though it should have
};

class Worker {
 public:
  /// Worker `index` of plan.threads.
  Worker(const RunSetting& setting, int index);
  /// Only once its thread has ended.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The body of its thread: opens the connections, waits for begin(), returns when all is done.
  void run();

  // --- From other threads ---

  /// True once every connection is open or has failed to.
  bool is_ready() const { return ready_; }
  bool is_done() const { return done_; }
  /// Requests without an answer, for display.
  std::int64_t in_flight() const { return in_flight_shown_; }
  /// Starts the load at `instant`.
  void begin(core::Nanos instant);
  /// Starts nothing more; what is in flight may still be answered, until the drain time is over.
  void stop();

  Recorder& recorder() { return recorder_; }
  /// Once it is done.
  WorkerHealth health() const { return health_; }

 private:
  class Engine;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<std::int64_t> in_flight_shown_ = 0;
  Recorder recorder_;
  WorkerHealth health_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace scalectl::load
