#include "load/pulse.hpp"

#include <time.h>

#include <algorithm>
#include <utility>

namespace scalectl::load {
namespace {

using core::Nanos;

constexpr Nanos kBeat = 50 * core::kMillisecond;

Nanos thread_cpu() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return spent.tv_sec * core::kSecond + spent.tv_nsec;
}

}  // namespace

Pulse::Pulse(net::Loop& loop, WorkerHealth& health, std::function<void(Nanos)> beat)
    : health_(health), beat_(std::move(beat)), timer_(loop, [this] { on_beat(); }) {}

void Pulse::begin(Nanos now) {
  cpu_begin_ = thread_cpu();
  active_ = now;
  due_ = now + kBeat;
  timer_.expire_at(due_);
}

void Pulse::on_beat() {
  const Nanos now = core::monotonic_now();
  note(now);
  due_ = now + kBeat;
  timer_.expire_at(due_);
  beat_(now);
}

void Pulse::miss(Nanos now) {
  health_.longest_gap = std::max(health_.longest_gap, now - std::max(due_, active_));
}

void Pulse::end(Nanos begin, Nanos now) {
  due_ = INT64_MAX;
  timer_.cancel();
  health_.cpu_ratio = static_cast<double>(thread_cpu() - cpu_begin_) /
                      static_cast<double>(std::max<Nanos>(now - begin, 1));
}

}  // namespace scalectl::load
