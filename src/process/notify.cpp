#include "process/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include "process/host.hpp"

namespace scalectl::process {
namespace {

/// The whole of variable `name` as a number above zero; 0 where it is none.
std::int64_t number_of(const char* name) {
  const std::string text = environment(name).value_or("");
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::max<std::int64_t>(number, 0) : 0;
}

std::chrono::microseconds watchdog_interval() {
  const std::int64_t watched = number_of("WATCHDOG_PID");
  if (watched != 0 && watched != getpid()) return std::chrono::microseconds(0);
  return std::chrono::microseconds(number_of("WATCHDOG_USEC"));
}

/// A line ends what it says: a status of several lines would say something else in the next.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Notifier::Notifier() {
  std::string name = environment("NOTIFY_SOCKET").value_or("");
  if (name.size() < 2 || name.size() > sizeof(sockaddr_un::sun_path)) return;
  if (name[0] == '@') {
    name[0] = '\0';
  } else if (name[0] != '/' || name.size() == sizeof(sockaddr_un::sun_path)) {
    return;
  }
  socket_ = Descriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  address_ = std::move(name);
  watchdog_ = watchdog_interval();
}

void Notifier::ready(std::string_view status) const { send("READY=1\nSTATUS=" + one_line(status)); }

void Notifier::status(std::string_view status) const { send("STATUS=" + one_line(status)); }

void Notifier::stopping(std::string_view status) const {
  send("STOPPING=1\nSTATUS=" + one_line(status));
}

void Notifier::alive() const { send("WATCHDOG=1"); }

void Notifier::send(const std::string& state) const {
  if (!enabled()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&to), length);
}

Watchdog::Watchdog(const Notifier& notifier, std::function<bool()> is_well) {
  if (notifier.watchdog().count() == 0) return;
  thread_ =
      std::jthread([this, &notifier, is_well = std::move(is_well)](const std::stop_token& stop) {
        const auto half = notifier.watchdog() / 2;
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
          if (is_well()) notifier.alive();
          wake_.wait_for(lock, stop, half, [] { return false; });
        }
      });
}

}  // namespace scalectl::process
