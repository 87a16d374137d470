// Stamp: who sent a message, which one it is, and when it was planned: what every message of load
// ws carries, so that whoever receives it can time it and miss its neighbours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/monotonic.hpp"

namespace scalectl::load {

struct Stamp {
  std::uint32_t run = 0;       ///< 16 bits that tell this run's messages from others'
  std::uint32_t sender = 0;    ///< number of the connection, below 2^24
  std::uint32_t sequence = 0;  ///< of the sender, from 0
  core::Nanos planned = 0;     ///< by the monotonic clock: comparable on one host only

  bool operator==(const Stamp&) const = default;
};

/// A message with room for a stamp: a JSON object gets a member "_" in front, other text gets the
/// stamp behind it.
class StampedText {
 public:
  /// Of `length` bytes at least, filled up where it is shorter.
  explicit StampedText(std::string_view text, std::size_t length = 0);

  /// The message with `stamp`; valid until the next call.
  std::string_view with(const Stamp& stamp);

 private:
  std::string text_;
  std::size_t at_ = 0;  // where the stamp's digits begin
};

/// The first stamp in `message`.
std::optional<Stamp> find_stamp(std::string_view message);

}  // namespace scalectl::load
