// Outcome: what a load run came to, and how it becomes a Result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "load/tally.hpp"
#include "load/threshold.hpp"

namespace scalectl::load {

/// How a run went in one second of it.
struct SeriesRow {
  std::int64_t second = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;      ///< ok and http_error
  std::uint64_t errors = 0;        ///< http_error, transport_error and timeout
  std::optional<core::Nanos> p50;  ///< of response; nothing where it is not known
  std::optional<core::Nanos> p99;
  core::Nanos max = 0;
};

SeriesRow series_row(std::int64_t second, const Tally& tally);

/// How the generator itself fared: where it could not keep up, the numbers are its own.
struct Generator {
  int threads = 1;
  double cpu_ratio = 0;         ///< of the busiest thread: share of one core
  core::Nanos longest_gap = 0;  ///< longest time in which a thread stood still

  bool stalled() const { return longest_gap > 200 * core::kMillisecond; }
};

struct Outcome {
  Tally tally;
  std::vector<SeriesRow> series;
  Generator generator;
  double opening_s = 0;  ///< of WebSockets: to open them all, before the run began
  double elapsed_s = 0;
  /// What rates are over: without waiting for what did not come, where a load waits; else
  /// elapsed_s.
  std::optional<double> loaded_s;
  bool open_model = false;
  bool expects = true;  ///< false for WebSockets where nobody is to receive a message
  bool interrupted = false;
  std::string aborted_by;  ///< the threshold that ended the run early; empty where none did
  std::vector<std::string> notes;

  double rated_s() const { return loaded_s.value_or(elapsed_s); }
};

/// Of a thread, as a share of one core: over this, the generator is the bottleneck.
inline constexpr double kBusyCpu = 0.8;
/// A send lag's p99 over this is the generator's fault.
inline constexpr core::Nanos kLateSend = core::kMillisecond;

/// True where the numbers say as much about the generator as about the server: its CPU was over
/// kBusyCpu, or in an open run its send lag's p99 over 1 ms.
bool is_saturated(const Outcome& outcome);

/// What thresholds are held against.
class OutcomeMeasurement : public Measurement {
 public:
  /// `expects`: false where it is not known who was to receive a message, so that none can be lost.
  OutcomeMeasurement(const Tally& tally, double elapsed_s, double cpu_ratio, bool expects = true)
      : tally_(tally), elapsed_s_(elapsed_s), cpu_ratio_(cpu_ratio), expects_(expects) {}
  std::optional<double> value(const Threshold& threshold) const override;

 private:
  const Tally& tally_;
  double elapsed_s_;
  double cpu_ratio_;
  bool expects_;
};

/// Of a run over HTTP: fills in verdict, metrics, tables, notes and data; `result` names the
/// command and its parameters. Throws Error (failed) where the counts contradict each other.
void report(const Outcome& outcome, const std::vector<Threshold>& thresholds, core::Result& result);

}  // namespace scalectl::load
