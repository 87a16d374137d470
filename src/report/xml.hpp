// Text inside XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace scalectl::report {

/// XML 1.0 text: the five entities, and U+FFFD for control characters that XML cannot hold.
std::string xml_escaped(std::string_view text);

}  // namespace scalectl::report
