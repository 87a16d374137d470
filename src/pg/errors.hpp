// What a server's error means to the command line: SQLSTATE to Error kind, message and hint.
#pragma once

#include <string>
#include <utility>

#include "core/error.hpp"

namespace scalectl::pg {

/// The hint of an Error for a table that is not there.
inline constexpr const char* kNoTableHint =
    "a table of scalectl's own is made by scalectl db init game (or workflow), db init social; for "
    "another one say where it is with --schema and --table";

/// The Error for a message of the server ("ERROR:  …", possibly with DETAIL and HINT lines) with
/// its five-character `sqlstate` (empty where unknown).
core::Error server_error(const std::string& sqlstate, const std::string& message);

/// A deadlock or a serialization failure: the transaction left nothing behind, and may be run
/// again.
struct Conflict : core::Error {
  explicit Conflict(core::Error error) : Error(std::move(error)) {}
};
/// True for the codes of a Conflict.
bool is_conflict(const std::string& sqlstate);

/// The Error for a connection that could not be made, from libpq's message.
core::Error connect_error(const std::string& message);

}  // namespace scalectl::pg
