#include "process/signals.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace scalectl::process {
namespace {

/// SIGUSR2 tells the receiving thread that the object is going away.
constexpr int kLeave = SIGUSR2;

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
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
  return received() == SIGTERM ? core::ErrorKind::kTerminated : core::ErrorKind::kInterrupted;
}

void Signals::receive() {
  const sigset_t set = watched();
  for (;;) {
    int number = 0;
    if (sigwait(&set, &number) != 0) continue;
    if (number == kLeave) {
      if (leaving_) return;
      continue;
    }
    if (at_once_ || received_ != 0) _exit(128 + number);
    received_ = number;
    source_.request_stop();
  }
}

}  // namespace scalectl::process
