// Arrivals: one thread's share of the schedule, in order.
#pragma once

#include <cstdint>

#include "load/schedule.hpp"

namespace scalectl::load {

class Arrivals {
 public:
  /// The arrivals of `schedule` that are `shard`'s. The schedule must outlive it.
  Arrivals(const Schedule& schedule, const Shard& shard)
      : schedule_(schedule),
        shard_(shard),
        cursor_(schedule.cursor(shard)),
        next_(cursor_.next()) {}

  /// The instant of the next one, from the schedule's beginning; Schedule::kNever after the last.
  core::Nanos next() const { return next_.at; }
  /// Its number among all arrivals of the schedule.
  std::uint64_t index() const { return next_.index; }
  /// Takes the next one.
  void pop() { next_ = cursor_.next(); }
  /// How many of them are planned before `instant`.
  std::uint64_t before(core::Nanos instant) const {
    return shard_.share(schedule_.expected(instant));
  }
  /// How many there are in all.
  std::uint64_t total() const { return shard_.share(schedule_.total()); }

 private:
  const Schedule& schedule_;
  const Shard shard_;
  Schedule::Cursor cursor_;
  Arrival next_;
};

}  // namespace scalectl::load
