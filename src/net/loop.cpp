#include "net/loop.hpp"

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

#include "core/error.hpp"
#include "net/loop_native.hpp"

namespace scalectl::net {
namespace {

constexpr core::Nanos kNever = std::numeric_limits<core::Nanos>::max();

int checked(int fd, const char* what) {
  if (fd >= 0) return fd;
  throw core::Error(core::ErrorKind::kFailed, std::string(what) + ": " + std::strerror(errno),
                    "is the limit of open descriptors (ulimit -n) reached?");
}

}  // namespace

struct Timer::Native {
  Loop::Native& loop;
  std::function<void()> expired;
  core::Nanos instant = 0;  // 0 where none is set
};

Loop::Native::Native() {
  set = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  bell = checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
  epoll_ctl(set, EPOLL_CTL_ADD, bell, &event);
}

Loop::Native::~Native() {
  close(bell);
  close(set);
}

void Loop::Native::watch(int fd, Watcher& watcher, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

void Loop::Native::rewatch(int fd, Watcher& watcher, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  epoll_ctl(set, EPOLL_CTL_MOD, fd, &event);
}

void Loop::Native::forget(int fd, Watcher& watcher) {
  epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr);
  for (int i = handled; i < ready; ++i) {
    epoll_event& event = batch[static_cast<std::size_t>(i)];
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  }
}

void Loop::Native::run() {
  // Else the kernel may let each wait go on for 50 µs more.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  while (!stopped) {
    const core::Nanos next = next_instant();
    timespec wait{};
    if (next != kNever) {
      const core::Nanos ahead = std::max<core::Nanos>(0, next - core::monotonic_now());
      wait = {.tv_sec = ahead / core::kSecond, .tv_nsec = ahead % core::kSecond};
    }
    ready = epoll_pwait2(set, batch.data(), static_cast<int>(batch.size()),
                         next == kNever ? nullptr : &wait, nullptr);
    dispatch();
    if (next != kNever) expire(core::monotonic_now());
  }
}

void Loop::Native::dispatch() {
  for (handled = 0; handled < ready && !stopped;) {
    const epoll_event& event = batch[static_cast<std::size_t>(handled++)];
    if (event.data.ptr == this) {
      run_posted();
    } else if (event.data.ptr != nullptr) {
      static_cast<Watcher*>(event.data.ptr)->on_ready(event.events);
    }
  }
}

void Loop::Native::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex);
    posted.push_back(std::move(work));
  }
  wake();
}

void Loop::Native::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t rung = write(bell, &one, sizeof one);
}

void Loop::Native::run_posted() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t heard = read(bell, &rings, sizeof rings);
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex);
    work.swap(posted);
  }
  for (const auto& piece : work) {
    if (!stopped) piece();
  }
}

core::Nanos Loop::Native::next_instant() const {
  core::Nanos next = kNever;
  for (const Timer::Native* timer : timers) {
    if (timer->instant != 0) next = std::min(next, timer->instant);
  }
  return next;
}

void Loop::Native::expire(core::Nanos now) {
  // By number: a timer's callback may make others, or set its own again.
  for (std::size_t i = 0; i < timers.size() && !stopped; ++i) {
    Timer::Native& timer = *timers[i];
    if (timer.instant == 0 || timer.instant > now) continue;
    timer.instant = 0;
    timer.expired();
  }
}

Loop::Loop() : native_(std::make_unique<Native>()) {}
Loop::~Loop() = default;

void Loop::run() { native_->run(); }

void Loop::stop() {
  native_->stopped = true;
  native_->wake();
}

void Loop::post(std::function<void()> work) { native_->post(std::move(work)); }

Timer::Timer(Loop& loop, std::function<void()> expired)
    : native_(new Native{.loop = loop.native(), .expired = std::move(expired)}) {
  native_->loop.timers.push_back(native_.get());
}

Timer::~Timer() { std::erase(native_->loop.timers, native_.get()); }

void Timer::expire_at(core::Nanos instant) { native_->instant = instant; }
void Timer::cancel() { native_->instant = 0; }
core::Nanos Timer::instant() const { return native_->instant; }

}  // namespace scalectl::net
