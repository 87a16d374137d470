#include "load/scenario/profile.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

constexpr Nanos kNotThere = -1;

/// The instant of a ramp of length `ramp` at which the number of users has gone `part` of `whole`.
Nanos at_share(Nanos ramp, std::uint64_t part, std::uint64_t whole) {
  return static_cast<Nanos>(static_cast<unsigned __int128>(ramp) * part / whole);
}

}  // namespace

std::optional<Profile::Presence> Profile::presence(std::uint64_t user, Nanos instant) const {
  const std::uint64_t needed = user + 1;
  Nanos from = kNotThere;
  Nanos begin = 0;
  std::uint64_t before = 0;
  for (const LoadStage& stage : load_.stages) {
    if (before < needed && stage.users >= needed) {
      from = begin + at_share(stage.ramp, needed - before, stage.users - before);
    } else if (before >= needed && stage.users < needed) {
      const Nanos until = begin + at_share(stage.ramp, before - needed, before - stage.users);
      if (from != kNotThere && until > instant) return Presence{std::max(from, instant), until};
      from = kNotThere;
    }
    before = stage.users;
    begin += stage.length();
  }
  if (from == kNotThere || begin <= instant) return std::nullopt;
  return Presence{std::max(from, instant), begin};
}

}  // namespace scalectl::load::scenario
