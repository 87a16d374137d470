#include "load/scenario/crowd.hpp"

#include "load/scenario/user_http.hpp"

namespace scalectl::load::scenario {

Builtins Crowd::builtins_of(const Symbols& symbols) {
  const auto number = [&](std::string_view name) { return symbols.find(name).value_or(-1); };
  return {.user = number("user"),
          .iteration = number("iteration"),
          .population = number("population"),
          .status = number("status"),
          .body = number("body"),
          .message = number("message")};
}

const std::string* Crowd::wire_of(const HttpStep& step) {
  const auto [entry, added] = wires_.try_emplace(&step);
  if (added) entry->second = constant_wire(scenario, step);
  return entry->second ? &*entry->second : nullptr;
}

StampedText* Crowd::text_of(const SendStep& step) {
  const auto [entry, added] = texts_.try_emplace(&step);
  if (added && step.message.is_constant()) entry->second.emplace(step.message.constant());
  return entry->second ? &*entry->second : nullptr;
}

std::string Crowd::without_value(int variable) const {
  return "there is no value for \"" + scenario.symbols.name(variable) + "\"";
}

const net::Address* Crowd::next_source() {
  if (setting.sources.empty()) return nullptr;
  return &setting.sources[source_++ % setting.sources.size()];
}

}  // namespace scalectl::load::scenario
