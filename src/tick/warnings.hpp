// Warnings: what is lawful SQL in a tick, and most often a mistake.
#pragma once

#include <string>
#include <vector>

#include "tick/definition.hpp"

namespace scalectl::tick {

/// One sentence for each: a statement that writes nothing, and an UPDATE or DELETE without a WHERE.
/// They are found in the text: what a function or a rule does is not known.
std::vector<std::string> warnings(const Definition& tick);

}  // namespace scalectl::tick
