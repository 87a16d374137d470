// Observer: how an engine tells the outside what it is doing while it does it. Engines do not
// print; the program hands them an observer that writes to stderr, tests one that records.
// An engine calls its observer from one thread at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/value.hpp"

namespace scalectl::core {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// How a long run stands at some moment.
struct Snapshot {
  std::string_view what;
  double elapsed_s = 0;
  double share = 0;  ///< of it that is done, 0 to 1; 0 where nobody knows
  /// Numbers worth watching, their units as suffixes: rate_rps, in_flight, p50_ms, errors.
  Object values;
};

class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void log(LogLevel level, std::string_view message) = 0;

  /// `done` of `total` `unit`s of `what` are finished. Called often; the receiver thins it out.
  /// The call with done == total ends the bar of `what`.
  virtual void progress(std::string_view what, std::uint64_t done, std::uint64_t total,
                        std::string_view unit) = 0;

  /// Called about once a second; the receiver thins it out.
  virtual void snapshot(const Snapshot& /*now*/) {}

  void info(std::string_view message) { log(LogLevel::kInfo, message); }
  void warn(std::string_view message) { log(LogLevel::kWarning, message); }
};

}  // namespace scalectl::core
