// A user's own tick in a file: with the front matter of definition.hpp, or as nothing but its
// statement.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tick/definition.hpp"

namespace scalectl::tick {

/// True for an operand that names a file, not a tick of the catalog: one with a '/' in it, or that
/// ends in ".sql".
bool names_a_file(const std::string& operand);

/// The tick in `file`. One without front matter (no comment at its head that is "-- tick: NAME" or
/// another key of it) is taken as it is: named after the file, every 5 minutes, with a threshold of
/// 5 s, and with tables that it names plainly. Throws Error (usage) naming file and line.
Definition parse_file(const catalog::File& file);

/// What --set NAME=VALUE says, by name. Throws Error (usage) for another form, or a name that
/// stands there twice.
std::map<std::string, std::string> parse_settings(const std::vector<std::string>& settings);

}  // namespace scalectl::tick
