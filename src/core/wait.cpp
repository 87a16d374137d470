#include "core/wait.hpp"

#include <condition_variable>
#include <mutex>

namespace scalectl::core {

bool wait(const std::stop_token& stop, std::chrono::nanoseconds length) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, length, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace scalectl::core
