// JSON pointer (RFC 6901): "/players/0/name" names one value within another.
#pragma once

#include <string_view>

#include "core/value.hpp"

namespace scalectl::core {

/// Throws Error (usage) where `pointer` is none: it is empty (the whole value) or begins with "/",
/// and "~" stands in it only as "~0" (for "~") and "~1" (for "/").
void check_pointer(std::string_view pointer);

/// What `pointer` names in `value`; nullptr where there is no such thing.
const Value* find_at(const Value& value, std::string_view pointer);

}  // namespace scalectl::core
