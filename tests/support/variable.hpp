// Variable: an environment variable that a test sets or takes away, put back at its end.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace scalectl::test {

class Variable {
 public:
  /// Without a `value` the variable is unset.
  explicit Variable(std::string name, const std::optional<std::string>& value = std::nullopt)
      : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    put(value);
  }
  ~Variable() { put(before_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void put(const std::optional<std::string>& value) const {
    if (value) {
      setenv(name_.c_str(), value->c_str(), 1);
    } else {
      unsetenv(name_.c_str());
    }
  }

  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace scalectl::test
