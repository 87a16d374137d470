// JSON text to Value and back. The JSON library is known to json.cpp alone.
#pragma once

#include <string>
#include <string_view>

#include "core/value.hpp"

namespace scalectl::core {

/// `value` as JSON on one line, or indented by `indent` spaces where that is positive. Text that is
/// not valid UTF-8 is written with U+FFFD in place of the bad bytes; reals that are not finite are
/// written as null.
std::string to_json(const Value& value, int indent = -1);

/// Appends `text` to `out` as it stands inside a JSON string: escaped, without the quotes.
void append_escaped(std::string& out, std::string_view text);

/// The value that `text` states. Comments are allowed. Throws Error (usage) whose message begins
/// with `source` and names line and column of what is wrong.
Value parse_json(std::string_view text, const std::string& source);

}  // namespace scalectl::core
