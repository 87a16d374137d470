// Terminal: stderr as the observer of engines. Log lines are "LEVEL - message"; progress bars appear
// only where stderr is a terminal.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

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
  /// On a terminal two lines that are drawn anew; elsewhere a line of the log every few seconds.
  void snapshot(const core::Snapshot& now) override;

 private:
  void erase_bar();

  struct Logger;
  std::unique_ptr<Logger> logger_;
  bool is_terminal_ = false;
  bool bars_ = false;
  int lines_shown_ = 0;  ///< of a bar or a panel
  double logged_s_ = 0;  ///< when the last snapshot went to the log
  std::string bar_of_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drawn_;
};

/// True if stdout is a terminal that may be coloured: NO_COLOR is unset and TERM is not "dumb".
bool stdout_takes_color();

/// One line of a progress bar, at most `width` columns: pure, so that it can be tested.
std::string render_bar(std::string_view what, std::uint64_t done, std::uint64_t total,
                       std::string_view unit, double elapsed_s, int width);

/// The two lines of a panel, each at most `width` columns: how far it is, and its numbers.
std::vector<std::string> render_panel(const core::Snapshot& now, int width);

/// A snapshot as one line: "5s: 38,201/s, in flight 64, p50 0.41 ms, p99 1.20 ms, errors 0".
std::string render_snapshot(const core::Snapshot& now);

}  // namespace scalectl::cli
