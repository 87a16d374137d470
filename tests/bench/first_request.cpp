#include "first_request.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>

namespace scalectl::bench {
namespace {

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

FirstRequest::FirstRequest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 8) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FirstRequest::~FirstRequest() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

std::string FirstRequest::url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

void FirstRequest::serve() {
  bool first = true;
  for (;;) {
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    char buffer[4096];
    // A connection that only looks whether somebody is there asks nothing.
    while (recv(client, buffer, sizeof(buffer), 0) > 0) {
      if (first) at_ = std::chrono::steady_clock::now();
      first = false;
      if (send(client, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(client);
  }
}

}  // namespace scalectl::bench
