#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace scalectl::test {
namespace {

constexpr int kLimitMs = 30'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("RawClient: " + what + ": " + std::strerror(errno));
}

int connected(int family, const sockaddr* address, socklen_t size) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, address, size) != 0) fail("connect");
  return fd;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string RawResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

RawClient::RawClient(int port, const std::string& address) {
  const auto number = htons(static_cast<std::uint16_t>(port));
  if (address.find(':') == std::string::npos) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = number;
    inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    fd_ = connected(AF_INET, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = number;
    inet_pton(AF_INET6, address.c_str(), &to.sin6_addr);
    fd_ = connected(AF_INET6, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::RawClient(const std::string& unix_path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  unix_path.copy(to.sun_path, sizeof to.sun_path - 1);
  fd_ = connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

RawClient::~RawClient() { ::close(fd_); }

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void RawClient::trickle(std::string_view bytes) {
  for (const char& byte : bytes) send({&byte, 1});
}

bool RawClient::fill() {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, kLimitMs) != 1) throw std::runtime_error("RawClient: nothing came");
  char room[65536];
  const ssize_t got = ::recv(fd_, room, sizeof room, 0);
  if (got < 0) fail("recv");
  buffer_.append(room, static_cast<std::size_t>(got));
  return got > 0;
}

RawResponse RawClient::receive(bool has_body) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) throw std::runtime_error("RawClient: closed after \"" + buffer_ + "\"");
  }
  RawResponse response;
  response.status = std::stoi(buffer_.substr(9, 3));
  for (std::size_t at = buffer_.find("\r\n") + 2; at < end + 2;) {
    const std::size_t next = buffer_.find("\r\n", at);
    const std::size_t colon = buffer_.find(": ", at);
    response.headers[lower(buffer_.substr(at, colon - at))] =
        buffer_.substr(colon + 2, next - colon - 2);
    at = next + 2;
  }
  std::size_t size = end + 4;
  if (has_body && !response.header("content-length").empty()) {
    size += std::stoul(response.header("content-length"));
  }
  while (buffer_.size() < size) {
    if (!fill()) throw std::runtime_error("RawClient: closed within a body");
  }
  response.body = buffer_.substr(end + 4, size - end - 4);
  response.bytes = size;
  buffer_.erase(0, size);
  return response;
}

RawResponse RawClient::ask(std::string_view bytes) {
  send(bytes);
  return receive();
}

std::string RawClient::take(std::size_t size) {
  while (buffer_.size() < size) {
    if (!fill()) throw std::runtime_error("RawClient: closed within a frame");
  }
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

std::string RawClient::receive_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, "");
}

bool RawClient::closed() { return buffer_.empty() && !fill(); }

void RawClient::finish() { ::shutdown(fd_, SHUT_WR); }

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"; }

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace scalectl::test
