#include "process/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace scalectl::process {
namespace {

/// SIGUSR2 tells the receiving thread that the object is going away.
constexpr int kLeave = SIGUSR2;

/// A second signal this soon is the first one again: timeout(1), for one, signals a process and then
/// its group.
constexpr auto kSameSignal = std::chrono::milliseconds(200);

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, kLeave);
  return set;
}

}  // namespace

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { receive(); });
}

Signals::~Signals() {
  leaving_ = true;
  pthread_kill(thread_.native_handle(), kLeave);
  thread_.join();
}

core::ErrorKind Signals::kind() const {
  return received() == SIGINT ? core::ErrorKind::kInterrupted : core::ErrorKind::kTerminated;
}

void Signals::receive() {
  const sigset_t set = watched();
  std::chrono::steady_clock::time_point first;
  for (;;) {
    int number = 0;
    if (sigwait(&set, &number) != 0) continue;
    if (number == kLeave) {
      if (leaving_) return;
      continue;
    }
    const auto now = std::chrono::steady_clock::now();
    if (at_once_) _exit(128 + number);
    if (received_ != 0) {
      if (number == received_ && now - first < kSameSignal) continue;
      _exit(128 + number);
    }
    first = now;
    received_ = number;
    source_.request_stop();
  }
}

}  // namespace scalectl::process
