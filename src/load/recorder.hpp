// Recorder: what one thread of a run measures, second by second. The thread that measures writes
// into the second that runs; finished seconds are handed over to the thread that collects them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "load/tally.hpp"

namespace scalectl::load {

/// One second of a run as one thread saw it. What is settled at the end only (scheduled, missed,
/// unfinished) stands in the last one.
struct Second {
  std::int64_t index = 0;  ///< whole seconds since the run's beginning
  Tally tally;
  std::string samples;  ///< NDJSON, one line for each request, where they are wanted
};

class Recorder {
 public:
  Recorder() : second_(std::make_unique<Second>()) {}

  /// `begin`: the instant that second 0 starts at.
  void begin(core::Nanos begin, bool samples);

  // --- The measuring thread ---

  /// Hands over the seconds that are past. Cheap while the second has not changed.
  void advance(core::Nanos now) {
    if (now >= next_second_) roll(now);
  }
  /// The second that runs, for what has no function of its own here. Also before begin().
  Tally& tally() { return second_->tally; }
  void sent() { ++second_->tally.counts.sent; }
  void redirected() { ++second_->tally.counts.redirects; }
  void lag(core::Nanos lag) { second_->tally.latencies.send_lag.record(lag); }
  /// A connection; `tls` is 0 without. Also before begin().
  void opened(core::Nanos connect, core::Nanos tls);
  void open_failed();
  /// An answer; latencies in nanoseconds.
  void answered(int status, core::Nanos planned, core::Nanos response, core::Nanos service,
                core::Nanos first_byte);
  /// No answer. `service` is negative where nothing was sent.
  void failed(const net::Failure& failure, core::Nanos planned, core::Nanos response,
              core::Nanos service);
  void unfinished(core::Nanos planned, core::Nanos age, core::Nanos service);
  /// Bytes since the beginning.
  void traffic(std::uint64_t in, std::uint64_t out);
  /// Counts that the end of the run settles.
  void settle(std::uint64_t scheduled, std::uint64_t missed);
  /// Hands over the last second.
  void end();

  // --- The collecting thread ---

  /// The seconds handed over since the last call.
  std::vector<std::unique_ptr<Second>> take();
  /// Gives a second back, to be used again.
  void give_back(std::unique_ptr<Second> second);

 private:
  void roll(core::Nanos now);
  std::unique_ptr<Second> fresh(std::int64_t index);
  void sample(const char* outcome, int status, core::Nanos planned, core::Nanos response,
              core::Nanos service);

  core::Nanos begin_ = 0;
  core::Nanos next_second_ = INT64_MAX;  // no second ends before begin()
  bool samples_ = false;
  std::unique_ptr<Second> second_;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Second>> full_;
  std::vector<std::unique_ptr<Second>> empty_;
};

}  // namespace scalectl::load
