#include "net/stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "net/tls_native.hpp"

namespace scalectl::net {
namespace {

int set_int(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

void Stream::SslDeleter::operator()(void* ssl) const { SSL_free(static_cast<SSL*>(ssl)); }

Stream::Stream() = default;
Stream::~Stream() { close(); }

IoResult Stream::fail(const char* what, int error) {
  failure_ = failure_of(what, error);
  return {Io::kFailed};
}

IoResult Stream::open(const Address& to, const Address* source, const TlsContext* tls) {
  close();
  fd_ = socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return fail("socket", errno);
  if (to.family() != AF_UNIX) set_int(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  if (source != nullptr) {
    // The port is chosen when the peer is known: each source has all its ports for each peer.
    set_int(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (bind(fd_, source->get(), source->length) != 0) return fail("bind to --source", errno);
  }
  if (tls != nullptr) {
    const TlsContext::Native& context = *tls->native_;
    SSL* ssl = SSL_new(context.context);
    if (ssl == nullptr) return fail("SSL_new", ENOMEM);
    ssl_.reset(ssl);
    SSL_set_fd(ssl, fd_);
    SSL_set_connect_state(ssl);
    if (!context.is_ip) SSL_set_tlsext_host_name(ssl, context.name.c_str());
    if (context.verify && context.is_ip) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), context.name.c_str());
    } else if (context.verify) {
      SSL_set1_host(ssl, context.name.c_str());
    }
  }
  if (connect(fd_, to.get(), to.length) == 0) return {Io::kDone};
  // A Unix socket whose queue is full says EAGAIN, which no wait would change: a failure, like others.
  if (errno == EINPROGRESS || errno == EINTR) return {Io::kWantWrite};
  return fail("connect", errno);
}

IoResult Stream::finish_connect() {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  return error == 0 ? IoResult{Io::kDone} : fail("connect", error);
}

IoResult Stream::tls_result(const char* what, int returned) {
  SSL* ssl = static_cast<SSL*>(ssl_.get());
  const int error = errno;
  switch (SSL_get_error(ssl, returned)) {
    case SSL_ERROR_WANT_READ: return {Io::kWantRead};
    case SSL_ERROR_WANT_WRITE: return {Io::kWantWrite};
    case SSL_ERROR_ZERO_RETURN: return {Io::kEnd};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      if (error == 0) return {Io::kEnd};
      return fail(what, error);
    default: break;
  }
  const long verdict = SSL_get_verify_result(ssl);
  const unsigned long reason = ERR_peek_error();
  if (ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {Io::kEnd};
  }
  std::string detail = take_ssl_error();
  if (verdict != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
    detail = std::string("certificate: ") + X509_verify_cert_error_string(verdict);
  }
  failure_ = {FailureClass::kTls, std::string(what) + ": " + detail};
  return {Io::kFailed};
}

IoResult Stream::handshake() {
  if (!ssl_) return {Io::kDone};
  errno = 0;
  const int returned = SSL_do_handshake(static_cast<SSL*>(ssl_.get()));
  if (returned == 1) return {Io::kDone};
  const IoResult result = tls_result("TLS handshake", returned);
  if (result.io != Io::kEnd) return result;
  failure_ = {FailureClass::kTls, "TLS handshake: the server closed the connection"};
  return {Io::kFailed};
}

IoResult Stream::read(char* data, std::size_t size) {
  if (ssl_) {
    errno = 0;
    std::size_t got = 0;
    const int returned = SSL_read_ex(static_cast<SSL*>(ssl_.get()), data, size, &got);
    return returned == 1 ? IoResult{Io::kDone, got} : tls_result("read", returned);
  }
  const ssize_t got = recv(fd_, data, size, 0);
  if (got > 0) return {Io::kDone, static_cast<std::size_t>(got)};
  if (got == 0) return {Io::kEnd};
  if (errno == EAGAIN || errno == EINTR) return {Io::kWantRead};
  return fail("read", errno);
}

IoResult Stream::write(const char* data, std::size_t size) {
  if (ssl_) {
    errno = 0;
    std::size_t put = 0;
    const int returned = SSL_write_ex(static_cast<SSL*>(ssl_.get()), data, size, &put);
    return returned == 1 ? IoResult{Io::kDone, put} : tls_result("write", returned);
  }
  const ssize_t put = send(fd_, data, size, MSG_NOSIGNAL);
  if (put >= 0) return {Io::kDone, static_cast<std::size_t>(put)};
  if (errno == EAGAIN || errno == EINTR) return {Io::kWantWrite};
  return fail("write", errno);
}

bool Stream::has_buffered() const {
  return ssl_ != nullptr && SSL_has_pending(static_cast<SSL*>(ssl_.get())) == 1;
}

void Stream::close(bool reset) {
  if (fd_ < 0) return;
  if (ssl_) {
    if (!reset && SSL_is_init_finished(static_cast<SSL*>(ssl_.get()))) {
      SSL_shutdown(static_cast<SSL*>(ssl_.get()));
      ERR_clear_error();
    }
    ssl_.reset();
  }
  if (reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(fd_);
  fd_ = -1;
}

}  // namespace scalectl::net
