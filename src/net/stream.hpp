// Stream: a non-blocking connection as a socket or TLS over one. It never waits: an operation that
// would have to says what to wait for.
#pragma once

#include <cstddef>
#include <memory>

#include "net/address.hpp"
#include "net/failure.hpp"
#include "net/tls.hpp"

namespace scalectl::net {

enum class Io {
  kDone,       ///< it is done, or `bytes` of it are
  kWantRead,   ///< again once the socket can be read
  kWantWrite,  ///< again once it can be written
  kEnd,        ///< the peer has closed
  kFailed,     ///< failure() says why
};

struct IoResult {
  Io io = Io::kDone;
  std::size_t bytes = 0;
};

class Stream {
 public:
  Stream();
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Begins to connect to `to`, from `source` if there is one; over TLS where `tls` is given.
  IoResult open(const Address& to, const Address* source, const TlsContext* tls);
  /// After open() said kWantWrite and the socket can be written: whether it is connected.
  IoResult finish_connect();
  /// Goes on with the TLS handshake; done at once without TLS.
  IoResult handshake();
  IoResult read(char* data, std::size_t size);
  IoResult write(const char* data, std::size_t size);
  /// Closes the socket; `reset` makes the peer see a reset, and leaves no TIME_WAIT behind.
  void close(bool reset = false);

  int fd() const { return fd_; }
  /// True while read() can give bytes that are no longer in the socket.
  bool has_buffered() const;
  bool is_tls() const { return ssl_ != nullptr; }
  const Failure& failure() const { return failure_; }

 private:
  IoResult fail(const char* what, int error);
  IoResult tls_result(const char* what, int returned);

  struct SslDeleter {
    void operator()(void* ssl) const;
  };
  int fd_ = -1;
  std::unique_ptr<void, SslDeleter> ssl_;  // SSL
  Failure failure_;
};

}  // namespace scalectl::net
