#include "lab/waiting.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <csignal>
#include <thread>

#include "core/error.hpp"
#include "lab/layout.hpp"

namespace scalectl::lab {
namespace {

using core::Error;
using core::ErrorKind;

constexpr auto kStep = std::chrono::milliseconds(10);
constexpr auto kPerSignal = std::chrono::seconds(20);

}  // namespace

bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit,
                const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

void run_helper(process::Command command, const std::stop_token& stop) {
  command.group = true;  // initdb and pg_basebackup have children of their own
  process::Child child = process::Child::start(command);
  while (!child.wait(kStep)) {
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
  }
  if (!child.poll()->ok()) {
    throw Error(ErrorKind::kFailed,
                fmt::format("{} failed ({}): {}", command.argv[0], child.poll()->describe(),
                            last_words(command.output_file)));
  }
}

void end_process(pid_t pid, const std::string& mark, const std::vector<int>& signals) {
  const auto ended = [&] {
    waitpid(pid, nullptr, WNOHANG);  // reaps it where it is our own child
    return !process::is_running(pid, mark);
  };
  for (const int signal : signals) {
    if (ended()) return;
    kill(pid, signal);
    if (wait_until(ended, kPerSignal, {})) return;
  }
  throw Error(ErrorKind::kFailed, fmt::format("process {} ({}) cannot be ended", pid, mark));
}

}  // namespace scalectl::lab
