// What else in net waits on a Loop uses of it: its epoll set.
//
// Asio is not used here: on Boost 1.74 it re-arms each wait with a system call of its own, and sets a
// timer with another. A level-triggered epoll set whose wait carries the next timer's instant needs
// one for a whole batch of answers.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "net/loop.hpp"

namespace scalectl::net {

/// Something that waits for a socket.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP, those that hold.
  virtual void on_ready(std::uint32_t events) = 0;
};

struct Loop::Native {
  Native();
  ~Native();
  Native(const Native&) = delete;
  Native& operator=(const Native&) = delete;

  /// Tells `watcher` whenever one of `events` holds of `fd`.
  void watch(int fd, Watcher& watcher, std::uint32_t events);
  /// Waits for other events from now on.
  void rewatch(int fd, Watcher& watcher, std::uint32_t events);
  /// Before `fd` is closed. Nothing more is told of it, even if it has happened.
  void forget(int fd, Watcher& watcher);

  void run();
  void post(std::function<void()> work);
  void wake();

  int set = -1;   // the epoll set
  int bell = -1;  // an eventfd in it, rung by other threads
  std::array<epoll_event, 256> batch;
  int ready = 0;    // events of the batch
  int handled = 0;  // of those, told
  std::vector<Timer::Native*> timers;  // few
  std::atomic<bool> stopped = false;
  std::mutex mutex;
  std::vector<std::function<void()>> posted;

 private:
  void dispatch();
  void run_posted();
  void expire(core::Nanos now);
  core::Nanos next_instant() const;
};

}  // namespace scalectl::net
