#include "net/http_server_sockets.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace scalectl::net {
namespace {

constexpr int kBacklog = 4096;

/// An address in the form the kernel takes it.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
  };
  socklen_t size = 0;
  SocketAddress() { std::memset(static_cast<void*>(this), 0, sizeof *this); }
};

SocketAddress ip_address(const std::string& text, int port) {
  SocketAddress address;
  if (inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof address.v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof address.v6;
  } else {
    throw core::usage_error(fmt::format("\"{}\" is not an IP address", text),
                            "for example 127.0.0.1, 0.0.0.0 or ::1");
  }
  return address;
}

int port_of(int fd) {
  SocketAddress address;
  address.size = sizeof address;
  getsockname(fd, &address.any, &address.size);
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

OwnedDescriptor make_socket(int family) {
  OwnedDescriptor made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (made.get() < 0) {
    throw core::usage_error(fmt::format("cannot make a socket: {}", std::strerror(errno)),
                            family == AF_INET6 ? "this host may be without IPv6" : "see ulimit -n");
  }
  return made;
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof on);
}

[[noreturn]] void cannot_bind(const std::string& where, int port, int error) {
  if (error == EADDRINUSE) {
    throw core::usage_error(
        fmt::format("port {} of {} is in use", port, where),
        "choose another with --port, or 0 for any that is free (ss -ltnp shows who has it)");
  }
  const char* hint = error == EACCES ? "ports below 1024 are root's: choose a higher one"
                                     : "give an address of this host (ip address shows them)";
  throw core::usage_error(
      fmt::format("cannot listen on port {} of {}: {}", port, where, std::strerror(error)), hint);
}

OwnedDescriptor bind_tcp(const ServerOptions& options, int port, bool shared) {
  const SocketAddress address = ip_address(options.address, port);
  OwnedDescriptor made = make_socket(address.any.sa_family);
  // A port whose last connections linger in TIME_WAIT may be taken again.
  set_option(made.get(), SOL_SOCKET, SO_REUSEADDR);
  if (shared) set_option(made.get(), SOL_SOCKET, SO_REUSEPORT);
  if (address.any.sa_family == AF_INET6) set_option(made.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  set_option(made.get(), IPPROTO_TCP, TCP_NODELAY);  // the accepted sockets inherit it
  if (::bind(made.get(), &address.any, address.size) != 0) {
    cannot_bind(options.address, port, errno);
  }
  return made;
}

void listen_on(int fd, const std::string& where, int port) {
  if (::listen(fd, kBacklog) != 0) cannot_bind(where, port, errno);
}

/// Makes room for a socket file at `path`: one that nobody listens on is left over and removed.
void clear_path(const std::string& path, const SocketAddress& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) {
    throw core::usage_error(fmt::format("{} exists and is not a socket", path),
                            "give a path that is free");
  }
  const OwnedDescriptor probe = make_socket(AF_UNIX);
  // A full backlog (EAGAIN) is somebody listening, too.
  if (::connect(probe.get(), &address.any, address.size) == 0 || errno != ECONNREFUSED) {
    throw core::usage_error(fmt::format("another server listens on {}", path),
                            "stop it, or give another path");
  }
  ::unlink(path.c_str());
}

std::string ssl_words() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* words = code == 0 ? nullptr : ERR_reason_error_string(code);
  return words == nullptr ? "unknown error" : words;
}

/// Chooses http/1.1 where the client offers protocols by ALPN.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* /*unused*/) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

OwnedDescriptor::~OwnedDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

ServerSockets::ServerSockets(const ServerOptions& options) {
  if (options.unix_path.empty()) {
    listen_tcp(options);
  } else {
    listen_unix(options);
  }
}

void ServerSockets::listen_tcp(const ServerOptions& options) {
  // Sockets that share a port would share it with another server, too: whether it is free is
  // asked without sharing first.
  const bool shared = options.threads > 1;
  port_ = options.port;
  if (shared && port_ != 0) {
    const OwnedDescriptor probe = bind_tcp(options, port_, false);
    listen_on(probe.get(), options.address, port_);
  }
  for (int i = 0; i < options.threads; ++i) {
    sockets_.push_back(bind_tcp(options, port_, shared));
    if (port_ == 0) port_ = port_of(sockets_.back().get());
    listen_on(sockets_.back().get(), options.address, port_);
  }
  const bool v6 = options.address.find(':') != std::string::npos;
  url_ = fmt::format(fmt::runtime(v6 ? "{}://[{}]:{}" : "{}://{}:{}"),
                     options.tls_cert.empty() ? "http" : "https", options.address, port_);
}

void ServerSockets::listen_unix(const ServerOptions& options) {
  const std::string& path = options.unix_path;
  SocketAddress address;
  if (path.size() >= sizeof address.local.sun_path) {
    throw core::usage_error(fmt::format("the path of the socket is too long: {}", path),
                            fmt::format("at most {} bytes", sizeof address.local.sun_path - 1));
  }
  address.local.sun_family = AF_UNIX;
  std::memcpy(address.local.sun_path, path.data(), path.size());
  address.size = sizeof address.local;
  clear_path(path, address);
  OwnedDescriptor made = make_socket(AF_UNIX);
  ::fchmod(made.get(), 0600);  // the file is made with this mode: nobody gets in before chmod
  if (::bind(made.get(), &address.any, address.size) != 0) {
    throw core::usage_error(
        fmt::format("cannot make the socket {}: {}", path, std::strerror(errno)),
        "give a path in a directory that you may write");
  }
  struct stat status {};
  if (::chmod(path.c_str(), 0600) == 0 && ::lstat(path.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  path_ = path;
  url_ = "unix:" + path;
  listen_on(made.get(), path, 0);
  // Unix sockets cannot share a name: the threads share the one socket.
  for (int i = 1; i < options.threads; ++i) {
    sockets_.emplace_back(::fcntl(made.get(), F_DUPFD_CLOEXEC, 0));
  }
  sockets_.push_back(std::move(made));
}

ServerSockets::~ServerSockets() {
  struct stat status {};
  if (!path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

SslContext server_tls(const ServerOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    throw core::usage_error("TLS needs both a certificate and its key",
                            "give --tls-cert and --tls-key together");
  }
  if (options.tls_cert.empty()) return nullptr;
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), options.tls_cert.c_str()) != 1) {
    throw core::usage_error(
        fmt::format("{} is no readable certificate: {}", options.tls_cert, ssl_words()),
        "give a PEM file with the certificate and its chain");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), options.tls_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    throw core::usage_error(
        fmt::format("{} is no key for {}: {}", options.tls_key, options.tls_cert, ssl_words()),
        "give the PEM file of the certificate's key, without a passphrase");
  }
  return context;
}

ServerStream::ServerStream(int fd, SSL_CTX* context) : fd_(fd) {
  if (context == nullptr) return;
  ssl_.reset(SSL_new(context));
  if (ssl_ == nullptr || SSL_set_fd(ssl_.get(), fd) != 1) throw std::bad_alloc();
  SSL_set_accept_state(ssl_.get());
}

ServerStream::Io ServerStream::ssl_outcome(int code) {
  switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_NONE:
      return Io::kDone;
    case SSL_ERROR_WANT_READ:
      return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Io::kEnd;
    default:
      return Io::kFailed;
  }
}

ServerStream::Io ServerStream::handshake() {
  if (!is_tls()) return Io::kDone;
  ERR_clear_error();
  return ssl_outcome(SSL_do_handshake(ssl_.get()));
}

ServerStream::Io ServerStream::read(char* data, std::size_t size, std::size_t& got) {
  if (is_tls()) {
    ERR_clear_error();
    return ssl_outcome(SSL_read_ex(ssl_.get(), data, size, &got));
  }
  for (;;) {
    const ssize_t count = ::recv(fd_, data, size, 0);
    if (count > 0) {
      got = static_cast<std::size_t>(count);
      return Io::kDone;
    }
    if (count == 0) return Io::kEnd;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::kWantRead : Io::kFailed;
  }
}

ServerStream::Io ServerStream::write(std::string_view head, std::string_view body,
                                     std::size_t& sent) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  return head.empty() ? write(parts + 1, 1, sent) : write(parts, 2, sent);
}

ServerStream::Io ServerStream::write(iovec* parts, std::size_t count, std::size_t& sent) {
  if (is_tls()) {
    ERR_clear_error();
    return ssl_outcome(SSL_write_ex(ssl_.get(), parts->iov_base, parts->iov_len, &sent));
  }
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t written = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (written >= 0) {
      sent = static_cast<std::size_t>(written);
      return Io::kDone;
    }
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? Io::kWantWrite : Io::kFailed;
  }
}

void ServerStream::finish() {
  if (is_tls() && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_, SHUT_WR);
}

}  // namespace scalectl::net
