#include "net/probe.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>

#include "net/stream.hpp"

namespace scalectl::net {
namespace {

constexpr core::Nanos kSlice = 100 * core::kMillisecond;  // how soon a stop request is seen

class Attempt {
 public:
  Attempt(core::Nanos deadline, const std::stop_token& stop) : deadline_(deadline), stop_(stop) {}

  /// Nothing where it connected.
  std::optional<Failure> run(const Address& to, const Address* source, const TlsContext* tls) {
    IoResult result = stream_.open(to, source, tls);
    if (result.io == Io::kWantWrite) {
      if (auto late = wait(POLLOUT)) return late;
      result = stream_.finish_connect();
    }
    if (result.io == Io::kFailed) return stream_.failure();
    for (;;) {
      result = stream_.handshake();
      if (result.io == Io::kDone) return std::nullopt;
      if (result.io == Io::kFailed) return stream_.failure();
      if (auto late = wait(result.io == Io::kWantRead ? POLLIN : POLLOUT)) return late;
    }
  }

 private:
  std::optional<Failure> wait(short events) {
    pollfd entry{.fd = stream_.fd(), .events = events, .revents = 0};
    for (;;) {
      const core::Nanos left = deadline_ - core::monotonic_now();
      if (left <= 0) return Failure{FailureClass::kTimeout, "connect: no answer in time"};
      if (stop_.stop_requested()) return Failure{FailureClass::kLocal, "interrupted"};
      const auto slice = static_cast<int>(std::min(left, kSlice) / core::kMillisecond) + 1;
      if (poll(&entry, 1, slice) > 0) return std::nullopt;
    }
  }

  core::Nanos deadline_;
  const std::stop_token& stop_;
  Stream stream_;
};

}  // namespace

ProbeResult probe(const std::vector<Address>& addresses, const Address* source,
                  const TlsContext* tls, core::Nanos timeout, const std::stop_token& stop) {
  ProbeResult result;
  for (const Address& address : addresses) {
    auto failure = Attempt(core::monotonic_now() + timeout, stop).run(address, source, tls);
    if (!failure) {
      result.address = address;
      return result;
    }
    failure->detail += " (" + address.text() + ")";
    result.failure = std::move(*failure);
  }
  return result;
}

}  // namespace scalectl::net
