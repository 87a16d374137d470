// What else in net waits on a Loop uses of it: Asio's context, and the sockets' own epoll set.
//
// Sockets are not given to Asio: it re-arms each wait with a system call, one for each answer. They
// are in a level-triggered epoll set of our own, and Asio waits for that set as for one descriptor,
// so a batch of answers costs what one did.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <utility>  // Boost 1.74 uses std::exchange without it

#include <boost/asio/detail/concurrency_hint.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

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

  /// Tells `watcher` whenever one of `events` holds of `fd`.
  void watch(int fd, Watcher& watcher, std::uint32_t events) { control(EPOLL_CTL_ADD, fd, watcher, events); }
  /// Waits for other events from now on.
  void rewatch(int fd, Watcher& watcher, std::uint32_t events) { control(EPOLL_CTL_MOD, fd, watcher, events); }
  /// Before `fd` is closed. Nothing more is told of it, even if it has happened.
  void forget(int fd, Watcher& watcher);

  // The reactor is not locked: one thread runs the loop. The queue is, for post() and stop().
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  void control(int operation, int fd, Watcher& watcher, std::uint32_t events);
  void arm();
  void dispatch();

  Descriptor set_{context};  // the epoll set
  std::array<epoll_event, 256> batch_;
  int ready_ = 0;    // events of the batch
  int handled_ = 0;  // of those, told
};

}  // namespace scalectl::net
