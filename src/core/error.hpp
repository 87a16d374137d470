// Error: the one exception type of the program. Engines throw it, `main` catches it once and turns
// its kind into the exit code. What was measured and found wanting is not an Error but a verdict in
// a Result.
#pragma once

#include <exception>
#include <string>

namespace scalectl::core {

/// What stopped the program; each kind has one exit code (the contract of the command line).
enum class ErrorKind {
  kUsage,        ///< 2: wrong arguments or configuration; nothing was touched
  kConnection,   ///< 3: a server could not be reached, refused the login or refuses writes
  kBusy,         ///< 4: a lock was held or a deadline passed; worth trying again later
  kFailed,       ///< 5: failed or stopped part-way; the message says what was done and what was not
  kInterrupted,  ///< 130: SIGINT
  kTerminated,   ///< 143: SIGTERM
};

/// The process exit code that stands for `kind`.
int exit_code(ErrorKind kind);

/// An error with what failed (naming the offending value) and a hint on what to do about it.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = "");

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& hint() const noexcept { return hint_; }
  /// "message — hint: hint", on one line; without the second half where there is no hint.
  const char* what() const noexcept override { return line_.c_str(); }

  /// The same error with `context` put in front of its message ("seed game: …").
  Error within(const std::string& context) const;

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  std::string line_;
};

/// Shorthand for the commonest kind.
Error usage_error(std::string message, std::string hint = "");

}  // namespace scalectl::core
