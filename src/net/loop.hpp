// Loop: one thread's event loop, and timers on it. Everything that belongs to a loop is used from
// the thread that runs it; only post() and stop() may be called from elsewhere.
#pragma once

#include <functional>
#include <memory>

#include "core/monotonic.hpp"

namespace scalectl::net {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop(); nothing is called back after that.
  void run();
  void stop();
  /// Has the loop's thread call `work` soon.
  void post(std::function<void()> work);

  struct Native;
  Native& native() { return *native_; }

 private:
  std::unique_ptr<Native> native_;
};

/// Calls back once, at an instant or a little later; never before it. A loop has few of them.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> expired);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Sets the instant, in place of the one that was set.
  void expire_at(core::Nanos instant);
  void cancel();
  /// The instant that is set and still to come; 0 where none is.
  core::Nanos instant() const;

  struct Native;

 private:
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
