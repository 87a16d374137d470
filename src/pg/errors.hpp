// What a server's error means to the command line: SQLSTATE to Error kind, message and hint.
#pragma once

#include <string>

#include "core/error.hpp"

namespace scalectl::pg {

/// The Error for a message of the server ("ERROR:  …", possibly with DETAIL and HINT lines) with
/// its five-character `sqlstate` (empty where unknown).
core::Error server_error(const std::string& sqlstate, const std::string& message);

/// The Error for a connection that could not be made, from libpq's message.
core::Error connect_error(const std::string& message);

}  // namespace scalectl::pg
