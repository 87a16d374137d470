// SHA-256 of a text, for telling whether a released file was changed.
#pragma once

#include <string>
#include <string_view>

namespace scalectl::catalog {

/// The digest in lower-case hexadecimal, as sha256sum prints it.
std::string sha256(std::string_view text);

}  // namespace scalectl::catalog
