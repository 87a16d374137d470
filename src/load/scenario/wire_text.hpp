// What variables put into a request must not change what the request is.
#pragma once

#include <string>
#include <string_view>

namespace scalectl::load::scenario {

/// A path and query in which what may not stand in a URL is escaped: blanks, control characters,
/// quotes, letters beyond ASCII. What has a meaning in a URL keeps it. Begins with a "/".
std::string escaped(std::string_view target);

/// True where `text` can stand in a header: it has no line break and no zero byte.
bool is_line(std::string_view text);

}  // namespace scalectl::load::scenario
