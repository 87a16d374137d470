// Report: Results in, text out. Pure: no clock, no files, no terminal.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"

namespace scalectl::report {

/// What the reader can take.
struct Style {
  bool color = false;  ///< ANSI colours
};

/// The names that render() knows, in the order of the help.
std::vector<std::string> formats();

/// `results` in `format`. Throws Error (usage) for an unknown format, or one that cannot show them.
std::string render(const std::string& format, const std::vector<core::Result>& results,
                   const Style& style = {});

/// The exit code of a Nagios plug-in: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int nagios_code(const std::vector<core::Result>& results);

}  // namespace scalectl::report
