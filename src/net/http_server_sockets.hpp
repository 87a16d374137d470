// The sockets an HttpServer listens on, and TLS or not on the ones it accepts. Internal to net.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_server.hpp"

namespace scalectl::net {

/// A file descriptor that is closed with its owner.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int fd = -1) : fd_(fd) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept : fd_(other.release()) {}
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept;
  ~OwnedDescriptor();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// One listening, non-blocking socket for each thread, and the socket file, removed at the end if
/// it is still the one that was made.
class ServerSockets {
 public:
  /// Throws Error (usage).
  explicit ServerSockets(const ServerOptions& options);
  ~ServerSockets();
  ServerSockets(const ServerSockets&) = delete;
  ServerSockets& operator=(const ServerSockets&) = delete;

  /// The socket of `thread`, given away.
  int take(int thread) { return sockets_.at(static_cast<std::size_t>(thread)).release(); }
  const std::string& url() const { return url_; }
  int port() const { return port_; }
  bool is_unix() const { return !path_.empty(); }

 private:
  void listen_tcp(const ServerOptions& options);
  void listen_unix(const ServerOptions& options);

  std::vector<OwnedDescriptor> sockets_;
  std::string url_;
  int port_ = 0;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

struct FreeSslContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// The server's side of TLS, or null where the options name no certificate. Throws Error (usage).
SslContext server_tls(const ServerOptions& options);

/// An accepted connection's bytes, plain or through TLS. No call ever waits.
class ServerStream {
 public:
  enum class Io {
    kDone,
    kWantRead,
    kWantWrite,
    kEnd,     ///< the client has closed its side
    kFailed,  ///< reset, or no TLS
  };

  /// `context` is null for a plain connection. Borrows `fd`.
  ServerStream(int fd, SSL_CTX* context);

  bool is_tls() const { return ssl_ != nullptr; }
  Io handshake();
  /// Up to `size` bytes; `got` of them where it is done.
  Io read(char* data, std::size_t size, std::size_t& got);
  /// As much as goes of `head` and then `body`; `sent` bytes where it is done.
  Io write(std::string_view head, std::string_view body, std::size_t& sent);
  /// As much as goes of `count` parts, one after the other.
  Io write(iovec* parts, std::size_t count, std::size_t& sent);
  /// Tells the client that nothing more will come.
  void finish();

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  Io ssl_outcome(int code);

  int fd_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace scalectl::net
