// Deadlines: who has to be done by when. Nearly always the newest deadline is the latest, so a list
// kept in order gives adding, removing and "which is next" at no cost worth naming.
#pragma once

#include "core/monotonic.hpp"

namespace scalectl::load {

/// Something with a deadline; in one list at a time.
struct DeadlineHook {
  core::Nanos deadline = 0;
  DeadlineHook* before = nullptr;
  DeadlineHook* after = nullptr;
  bool linked() const { return before != nullptr; }
};

class Deadlines {
 public:
  Deadlines() { end_.before = end_.after = &end_; }
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  bool empty() const { return end_.after == &end_; }
  /// The one with the earliest deadline. Not when empty.
  DeadlineHook& front() { return *end_.after; }

  void add(DeadlineHook& hook, core::Nanos deadline) {
    remove(hook);
    hook.deadline = deadline;
    DeadlineHook* before = end_.before;
    while (before != &end_ && before->deadline > deadline) before = before->before;
    hook.before = before;
    hook.after = before->after;
    before->after->before = &hook;
    before->after = &hook;
  }

  static void remove(DeadlineHook& hook) {
    if (!hook.linked()) return;
    hook.before->after = hook.after;
    hook.after->before = hook.before;
    hook.before = hook.after = nullptr;
  }

 private:
  DeadlineHook end_;
};

}  // namespace scalectl::load
