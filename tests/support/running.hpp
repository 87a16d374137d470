// The binary running in the background, or on a terminal; for tests that watch or signal it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/command.hpp"

namespace scalectl::test {

/// Calls `done` every few milliseconds until it is true; false if `limit` has passed first.
bool eventually(const std::function<bool()>& done,
                std::chrono::milliseconds limit = std::chrono::seconds(30));

/// The binary in the background, its two streams apart. Killed if it still runs at the end.
class Running {
 public:
  explicit Running(const std::vector<std::string>& arguments, const Environment& environment = {});

  pid_t pid() const { return child_.pid(); }
  void signal(int number) const { child_.signal(number); }
  /// Waits for its end; throws std::runtime_error where it takes longer than `limit`.
  Outcome wait(std::chrono::milliseconds limit = std::chrono::seconds(60));
  /// True while signal `number` was sent to it and it has not yet taken notice.
  bool has_pending(int number) const;

 private:
  TemporaryDirectory streams_;
  process::Child child_;
};

/// Runs the binary on a pseudo terminal of 100 columns; `out` is all that it showed there.
Outcome scalectl_on_terminal(const std::vector<std::string>& arguments,
                             const Environment& environment = {});

/// The processes (this one apart) that have `directory` in their command line, or work in it.
std::vector<pid_t> processes_in(const std::string& directory);
/// The command line of a process, its arguments joined by spaces; "" where it is gone.
std::string command_line_of(pid_t pid);

}  // namespace scalectl::test
