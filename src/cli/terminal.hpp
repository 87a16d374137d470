// Terminal: stderr as the observer of engines. Log lines are "LEVEL - message"; progress bars appear
// only where stderr is a terminal.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/observer.hpp"

namespace scalectl::cli {

class Terminal : public core::Observer {
 public:
  Terminal();
  ~Terminal() override;

  /// `quiet` keeps warnings and errors only, and shows no bars; `verbose` adds debug lines;
  /// `color` is honoured only where stderr is a terminal.
  void configure(bool quiet, bool verbose, bool color);

  void log(core::LogLevel level, std::string_view message) override;
  void progress(std::string_view what, std::uint64_t done, std::uint64_t total,
                std::string_view unit) override;

 private:
  void erase_bar();

  struct Logger;
  std::unique_ptr<Logger> logger_;
  bool is_terminal_ = false;
  bool bars_ = false;
  bool bar_shown_ = false;
  std::string bar_of_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drawn_;
};

/// True if stdout is a terminal that may be coloured: NO_COLOR is unset and TERM is not "dumb".
bool stdout_takes_color();

/// One line of a progress bar, at most `width` columns: pure, so that it can be tested.
std::string render_bar(std::string_view what, std::uint64_t done, std::uint64_t total,
                       std::string_view unit, double elapsed_s, int width);

}  // namespace scalectl::cli
