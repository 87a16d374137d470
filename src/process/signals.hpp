// Signals: SIGINT, SIGTERM and SIGHUP (a closed terminal) as a stop token. The first one asks for a stop, so that work in
// progress ends in an orderly way; the second one ends the process at once.
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

#include "core/error.hpp"

namespace scalectl::process {

/// Make one in `main`, before any thread: it blocks the signals in every thread that follows
/// and receives them in a thread of its own. SIGPIPE is ignored from then on.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  /// The signal that asked for the stop, or 0.
  int received() const { return received_.load(); }
  /// The error kind of that signal.
  core::ErrorKind kind() const;

  /// While one of these lives, the first signal ends the process at once too: for waits that cannot
  /// be cut short and have nothing to undo, such as connecting to a server.
  class ExitAtOnce {
   public:
    explicit ExitAtOnce(Signals& signals) : signals_(signals) { signals_.at_once_ = true; }
    ~ExitAtOnce() { signals_.at_once_ = false; }
    ExitAtOnce(const ExitAtOnce&) = delete;
    ExitAtOnce& operator=(const ExitAtOnce&) = delete;

   private:
    Signals& signals_;
  };

 private:
  void receive();

  std::stop_source source_;
  std::atomic<int> received_ = 0;
  std::atomic<bool> at_once_ = false;
  std::atomic<bool> leaving_ = false;
  std::thread thread_;
};

}  // namespace scalectl::process
