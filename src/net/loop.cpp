#include "net/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/error.hpp"
#include "net/loop_native.hpp"

namespace scalectl::net {
namespace {

namespace asio = boost::asio;
using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>,
                                               asio::io_context::executor_type>;

}  // namespace

Loop::Native::Native() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) {
    throw core::Error(core::ErrorKind::kFailed,
                      std::string("cannot make an epoll set: ") + std::strerror(errno),
                      "is the limit of open descriptors (ulimit -n) reached?");
  }
  set_.assign(fd);
  arm();
}

void Loop::Native::control(int operation, int fd, Watcher& watcher, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  epoll_ctl(set_.native_handle(), operation, fd, &event);
}

void Loop::Native::forget(int fd, Watcher& watcher) {
  epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
  for (int i = handled_; i < ready_; ++i) {
    epoll_event& event = batch_[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

void Loop::Native::arm() {
  set_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) dispatch();
  });
}

void Loop::Native::dispatch() {
  ready_ = epoll_wait(set_.native_handle(), batch_.data(), static_cast<int>(batch_.size()), 0);
  for (handled_ = 0; handled_ < ready_;) {
    const epoll_event& event = batch_[static_cast<std::size_t>(handled_++)];
    if (event.data.ptr != nullptr) static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
  }
  arm();
}

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
