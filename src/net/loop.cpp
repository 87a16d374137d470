#include "net/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <chrono>

#include "net/loop_native.hpp"

namespace scalectl::net {
namespace {

namespace asio = boost::asio;
using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>,
                                               asio::io_context::executor_type>;

}  // namespace

Loop::Loop() : native_(std::make_unique<Native>()) {}
Loop::~Loop() = default;

void Loop::run() {
  const auto work = asio::make_work_guard(native_->context);
  native_->context.run();
}

void Loop::stop() { native_->context.stop(); }

void Loop::post(std::function<void()> work) { asio::post(native_->context, std::move(work)); }

struct Timer::Native {
  Native(Loop& loop, std::function<void()> callback)
      : timer(loop.native().context.get_executor()), expired(std::move(callback)) {}

  SteadyTimer timer;
  std::function<void()> expired;
  core::Nanos instant = 0;
  std::uint64_t round = 0;  // a wait that was replaced must not call back
};

Timer::Timer(Loop& loop, std::function<void()> expired)
    : native_(std::make_unique<Native>(loop, std::move(expired))) {}
Timer::~Timer() = default;

void Timer::expire_at(core::Nanos instant) {
  Native* self = native_.get();
  self->instant = instant;
  self->timer.expires_at(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(instant)));
  self->timer.async_wait([self, round = ++self->round](const boost::system::error_code& error) {
    // A timer that is gone cancels its wait: the error is looked at before `self`.
    if (error || round != self->round) return;
    self->instant = 0;
    self->expired();
  });
}

void Timer::cancel() {
  native_->instant = 0;
  ++native_->round;
  native_->timer.cancel();
}

core::Nanos Timer::instant() const { return native_->instant; }

}  // namespace scalectl::net
