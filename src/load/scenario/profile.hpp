// Profile: when each user of a closed load is there. A pure function of the load's stages.
#pragma once

#include <cstdint>
#include <optional>

#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// The number of users goes in a straight line over a stage's ramp; user i is there while it is at
/// least i + 1. Instants are nanoseconds from the beginning of the load.
class Profile {
 public:
  /// `load` must outlive it.
  explicit Profile(const Load& load) : load_(load) {}

  struct Presence {
    core::Nanos from = 0;
    core::Nanos until = 0;
  };
  /// The first time at or after `instant` in which user `user` is there.
  std::optional<Presence> presence(std::uint64_t user, core::Nanos instant) const;

 private:
  const Load& load_;
};

}  // namespace scalectl::load::scenario
