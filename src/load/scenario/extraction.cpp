#include "load/scenario/extraction.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/json_pointer.hpp"
#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::optional<Variable> text_variable(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  return Variable{.text = std::string(*text)};
}

}  // namespace

Variable to_variable(const core::Value& value) {
  if (const std::string* text = value.if_text()) return {.text = *text};
  return {.text = core::to_json(value), .is_json = true};
}

std::optional<std::string_view> Received::header(std::string_view name) const {
  std::string_view rest = headers_;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(rest.size(), line.size() + 2));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) continue;
    return core::trim(line.substr(colon + 1));
  }
  return std::nullopt;
}

const core::Value* Received::json() const {
  if (!parsed_) {
    parsed_ = true;
    try {
      json_ = core::parse_json(body_, "");
    } catch (const core::Error&) {
      // No JSON: there is nothing to find in it.
    }
  }
  return json_ ? &*json_ : nullptr;
}

std::optional<Variable> Extraction::find(const Received& received) const {
  std::optional<Variable> found;
  switch (kind) {
    case Kind::kPointer:
      if (const core::Value* json = received.json()) {
        if (const core::Value* value = core::find_at(*json, what)) found = to_variable(*value);
      }
      break;
    case Kind::kHeader:
      found = text_variable(received.header(what));
      break;
    case Kind::kRegex:
      found = text_variable(regex->extract(received.body()));
      break;
    case Kind::kStatus:
      if (received.status() != 0) found = to_variable(received.status());
      break;
    case Kind::kBody:
      found = text_variable(received.body());
      break;
  }
  return found ? found : otherwise;
}

}  // namespace scalectl::load::scenario
