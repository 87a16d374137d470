// Notifier and Watchdog: what a service tells its manager, by the protocol of sd_notify(3), without
// libsystemd: datagrams of "NAME=value" lines to the socket that NOTIFY_SOCKET names. Without that
// variable nothing happens. A datagram that cannot be sent is no error: the work matters more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "process/descriptor.hpp"

namespace scalectl::process {

/// May be used by several threads at once.
class Notifier {
 public:
  /// Of NOTIFY_SOCKET: a path, or an abstract name after an "@"; and of WATCHDOG_USEC, unless
  /// WATCHDOG_PID says that another process is watched. Any other socket is left alone.
  Notifier();

  /// True if somebody listens, as far as the environment says.
  bool enabled() const { return static_cast<bool>(socket_); }
  /// How long the manager waits for a sign of life; zero where it does not.
  std::chrono::microseconds watchdog() const { return watchdog_; }

  /// The service has started; `status` is one line for people (systemctl status).
  void ready(std::string_view status) const;
  void status(std::string_view status) const;
  /// The service is about to end.
  void stopping(std::string_view status) const;
  /// A sign of life.
  void alive() const;

 private:
  void send(const std::string& state) const;

  Descriptor socket_;
  std::string address_;  ///< as in sockaddr_un: an abstract name begins with a NUL
  std::chrono::microseconds watchdog_{0};
};

/// Sends a sign of life at half the manager's interval for as long as `is_well` says so, from a
/// thread of its own, which ends with the object. Makes no thread where nobody watches.
class Watchdog {
 public:
  /// `is_well` is called from that thread.
  Watchdog(const Notifier& notifier, std::function<bool()> is_well);

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace scalectl::process
