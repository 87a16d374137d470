// ServiceManager: what systemd is to a service that speaks sd_notify: a datagram socket that
// listens.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "process/descriptor.hpp"

namespace scalectl::test {

/// The manager's end of the protocol. receive() waits, at most for ten seconds.
class ServiceManager {
 public:
  explicit ServiceManager(std::string name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    if (name[0] == '@') name[0] = '\0';
    std::memcpy(at.sun_path, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), length), 0);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  std::string receive() const {
    char text[4096];
    const auto length = recv(fd_.get(), text, sizeof text, 0);
    return length < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(length));
  }
  /// What is there already.
  std::string pending() const {
    char text[4096];
    const auto length = recv(fd_.get(), text, sizeof text, MSG_DONTWAIT);
    return length < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(length));
  }

 private:
  process::Descriptor fd_;
};

}  // namespace scalectl::test
