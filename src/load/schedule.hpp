// Schedule: when the arrivals of an open load run are planned. A pure function from the plan and
// the number of an arrival to an instant, in exact integers: no clock, no threads, no drift however
// long the run. Instants are nanoseconds from the start of the run.
//
// The rate is piecewise linear in time, so its integral S(t), the arrivals planned by t, is
// piecewise quadratic: within a stage of length D that ramps from r0 to r1 it grows by
// r0*t + (r1 - r0)*t^2 / (2*D). Arrival k is planned for the instant from which S exceeds k,
// rounded up to a nanosecond so that nothing is early: arrival 0 stands where the rate first
// becomes positive, a constant rate gives ceil(k / rate), and arrival k of a ramp from 0 to r
// stands at ceil(sqrt(2*k*D / r)). (k6 solves the same quadratic, in rationals, in
// lib/executor/ramping_arrival_rate.go.)
//
// A Schedule does not change once made and may be read by any thread; a Cursor belongs to one.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/monotonic.hpp"

namespace scalectl::load {

/// `count` arrivals in each `nanos` nanoseconds, exactly.
struct Rate {
  std::uint64_t count = 0;
  std::uint64_t nanos = core::kSecond;

  bool is_zero() const { return count == 0; }
  double per_second() const {
    return static_cast<double>(count) * 1e9 / static_cast<double>(nanos);
  }
  bool operator==(const Rate&) const = default;
};

/// "1000/s", "30/m", "1/h", "1k/s", "2.5/s"; a bare number is per second. In lowest terms. Throws
/// Error (usage) that quotes the text and names the column for junk, more than 6 decimals, zero,
/// and more than 10^7/s.
Rate parse_rate(std::string_view text);

/// "1000/s", "30/m", "0.0125/s".
std::string to_text(const Rate& rate);

/// A stretch of a run over which the rate goes in a straight line from what it was to `target`.
/// Without length it is a jump.
struct Stage {
  core::Nanos duration = 0;
  Rate target;

  bool operator==(const Stage&) const = default;
};

/// "30s:100,1m:1000/s,10s:0": DURATION:RATE for each stage. As parse_rate, but a rate may be 0.
/// Throws Error (usage) that names the number, the text and the column of the stage at fault.
std::vector<Stage> parse_stages(std::string_view text);

/// One of `count` generators that share a run: arrival k is its own where k mod count = index.
struct Shard {
  std::uint64_t index = 0;
  std::uint64_t count = 1;

  bool owns(std::uint64_t k) const { return k % count == index; }
  /// How many of the arrivals 0 to total-1 are its own.
  std::uint64_t share(std::uint64_t total) const {
    return total / count + (total % count > index ? 1 : 0);
  }
  bool operator==(const Shard&) const = default;
};

/// "0/4" to "3/4". Throws Error (usage) that quotes the text.
Shard parse_shard(std::string_view text);

/// Arrival `index` and the instant it is planned for.
struct Arrival {
  std::uint64_t index = 0;
  core::Nanos at = 0;

  bool operator==(const Arrival&) const = default;
};

class Schedule {
 public:
  /// The instant of an arrival that is not part of the schedule.
  static constexpr core::Nanos kNever = std::numeric_limits<core::Nanos>::max();
  /// The total of a schedule without an end.
  static constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();

  class Cursor;

  /// The same rate throughout, until `duration` is over or `count` arrivals are planned, whichever
  /// is first; without both, for 146 years. Throws Error (usage) where nothing would arrive and for
  /// a rate over 10^7/s.
  static Schedule constant(const Rate& rate, std::optional<core::Nanos> duration = std::nullopt,
                           std::optional<std::uint64_t> count = std::nullopt);

  /// Each stage ramps from the target of the one before, the first from `start`. The run ends with
  /// the last stage. Throws Error (usage) where nothing would arrive, for rates over 10^7/s, and
  /// for a ramp too long for its rates to be computed in 128 bits (months, with rates of many
  /// digits).
  static Schedule stages(const std::vector<Stage>& stages, const Rate& start = {});

  /// When arrival `k` is planned: never falls as k grows, always before end(); kNever for
  /// k >= total(). O(log stages).
  core::Nanos start(std::uint64_t k) const;

  /// How many arrivals are planned, each before end(); kUnbounded where there is no end.
  std::uint64_t total() const { return total_; }

  /// How many arrivals are planned before instant `t`: the inverse of start.
  std::uint64_t expected(core::Nanos t) const;

  /// When the run is over: its duration, or where arrival `count` would be if that is earlier.
  std::optional<core::Nanos> end() const { return end_; }

  /// Goes through the arrivals of `shard` in order. The schedule must outlive it and stay in place.
  Cursor cursor(const Shard& shard = {}) const;

 private:
  using Wide = unsigned __int128;

  /// Rates are whole numbers in a unit common to all segments, 1/scale arrivals per nanosecond;
  /// areas (arrivals) in halves of that, 1/unit_ with unit_ = 2*scale, so that a ramp's is whole.
  struct Segment {
    core::Nanos begin;
    std::uint64_t length;  // never 0
    std::uint64_t from;    // rate at the beginning, in common units
    std::uint64_t to;      // rate at the end
    Wide base;             // area before this segment
    Wide area_end;         // area with this segment
    // A ramp's rates divided by their greatest common divisor, which keeps the products small.
    std::uint64_t divisor = 1;
    std::uint64_t low_from = 0;
    std::uint64_t low_to = 0;

    bool is_flat() const { return from == to; }
    Wide doubled(std::uint64_t t) const;
    std::uint64_t solve(Wide area) const;
    Wide area_at(std::uint64_t t) const;
  };

  Schedule(const Rate& start, const std::vector<Stage>& stages, bool endless);
  void add_segment(std::uint64_t length, std::uint64_t from, std::uint64_t to);
  const Segment* segment_of(std::uint64_t k) const;
  core::Nanos instant(std::uint64_t k) const;
  std::uint64_t count_until(core::Nanos t) const;
  /// The first arrival whose area is at least `area`.
  std::uint64_t ceiling(Wide area) const;

  std::vector<Segment> segments_;
  Wide unit_ = 2;
  std::uint64_t total_ = kUnbounded;
  std::optional<core::Nanos> end_;
};

/// Sequential access: the instants of Schedule::start without a division for each arrival of a
/// constant rate.
class Schedule::Cursor {
 public:
  /// The next arrival; from the end on, one at kNever.
  Arrival next() {
    if (index_ >= flat_end_) return next_slowly();
    const Arrival arrival{index_, static_cast<core::Nanos>(at_)};
    index_ += stride_;
    at_ += step_;
    remainder_ += step_remainder_;
    if (remainder_ >= denominator_) {
      remainder_ -= denominator_;
      ++at_;
    }
    return arrival;
  }

 private:
  friend class Schedule;
  Cursor(const Schedule& schedule, const Shard& shard)
      : schedule_(&schedule), index_(shard.index), stride_(shard.count) {}

  Arrival next_slowly();
  void enter_flat(const Segment& segment);

  const Schedule* schedule_;
  std::size_t segment_ = 0;
  std::uint64_t index_;
  std::uint64_t stride_;
  // Within a flat segment, up to arrival flat_end_: instant and remainder of the next arrival, and
  // what a stride adds to them.
  std::uint64_t flat_end_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t remainder_ = 0;
  std::uint64_t step_remainder_ = 0;
  std::uint64_t denominator_ = 1;
};

}  // namespace scalectl::load
