// Stopper: an observer that asks for a stop in the midst of the work, as Ctrl-C would.
#pragma once

#include <stop_token>
#include <string>

#include "support/recorder.hpp"

namespace scalectl::test {

class Stopper : public Recorder {
 public:
  /// Asks once `done` or more units of `what` are reported.
  Stopper(std::string what, std::uint64_t done) : what_(std::move(what)), done_(done) {}

  std::stop_token token() const { return source_.get_token(); }
  bool asked() const { return source_.stop_requested(); }

  void progress(std::string_view what, std::uint64_t done, std::uint64_t total,
                std::string_view unit) override {
    Recorder::progress(what, done, total, unit);
    if (what == what_ && done >= done_) source_.request_stop();
  }

 private:
  std::string what_;
  std::uint64_t done_;
  std::stop_source source_;
};

}  // namespace scalectl::test
