#include "core/error.hpp"

#include <utility>

namespace scalectl::core {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kConnection:
      return 3;
    case ErrorKind::kBusy:
      return 4;
    case ErrorKind::kFailed:
      return 5;
    case ErrorKind::kInterrupted:
      return 130;
    case ErrorKind::kTerminated:
      return 143;
  }
  return 5;
}

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {
  line_ = hint_.empty() ? message_ : message_ + " — hint: " + hint_;
}

Error Error::within(const std::string& context) const {
  return Error(kind_, context + ": " + message_, hint_);
}

Error usage_error(std::string message, std::string hint) {
  return Error(ErrorKind::kUsage, std::move(message), std::move(hint));
}

}  // namespace scalectl::core
