// Recorder: an observer that remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "core/observer.hpp"

namespace scalectl::test {

class Recorder : public core::Observer {
 public:
  struct Step {
    std::string what;
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string unit;
  };

  void log(core::LogLevel level, std::string_view message) override {
    lines.push_back(std::string(prefix(level)) + std::string(message));
  }
  void progress(std::string_view what, std::uint64_t done, std::uint64_t total,
                std::string_view unit) override {
    steps.push_back({std::string(what), done, total, std::string(unit)});
  }

  std::vector<std::string> lines;  ///< "INFO - message"
  std::vector<Step> steps;

 private:
  static std::string_view prefix(core::LogLevel level) {
    switch (level) {
      case core::LogLevel::kDebug:
        return "DEBUG - ";
      case core::LogLevel::kInfo:
        return "INFO - ";
      case core::LogLevel::kWarning:
        return "WARNING - ";
      case core::LogLevel::kError:
        return "ERROR - ";
    }
    return "";
  }
};

}  // namespace scalectl::test
