#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace scalectl::test {
namespace {

constexpr int kBacklog = 1024;

void require(bool done, const char* what) {
  if (!done)
    throw std::runtime_error(std::string("ScriptedServer: ") + what + ": " + std::strerror(errno));
}

std::shared_ptr<void> tls_context(const TlsFiles& files) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  std::shared_ptr<void> owner(context,
                              [](void* held) { SSL_CTX_free(static_cast<SSL_CTX*>(held)); });
  require(SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) == 1 &&
              SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) == 1,
          "certificate");
  if (!files.client_ca.empty()) {
    require(SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) == 1, "CA");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return owner;
}

std::string word(const std::string& line, int which) {
  std::size_t from = 0;
  for (; which > 0; --which) from = line.find(' ', from) + 1;
  return line.substr(from, line.find(' ', from) - from);
}

}  // namespace

std::string Asked::method() const { return word(head, 0); }
std::string Asked::target() const { return word(head, 1); }

std::string answer(int status, const std::string& headers, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A connection, plain or TLS; every operation blocks.
class ScriptedServer::Line {
 public:
  Line(int fd, SSL_CTX* context) : fd_(fd), ssl_(context == nullptr ? nullptr : SSL_new(context)) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (ssl_ != nullptr) SSL_set_fd(ssl_, fd_);
  }
  ~Line() {
    if (ssl_ != nullptr) SSL_free(ssl_);
    ::close(fd_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  bool handshake() { return ssl_ == nullptr || SSL_accept(ssl_) == 1; }

  /// False at the end.
  bool fill(std::string& buffer) {
    char room[16384];
    const ssize_t got =
        ssl_ != nullptr ? SSL_read(ssl_, room, sizeof room) : ::recv(fd_, room, sizeof room, 0);
    if (got <= 0) return false;
    buffer.append(room, static_cast<std::size_t>(got));
    return true;
  }

  bool write(const std::string& bytes, bool trickle) {
    const std::size_t step = trickle ? 1 : std::max<std::size_t>(bytes.size(), 1);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = std::min(step, bytes.size() - at);
      const ssize_t put = ssl_ != nullptr
                              ? SSL_write(ssl_, bytes.data() + at, static_cast<int>(size))
                              : ::send(fd_, bytes.data() + at, size, MSG_NOSIGNAL);
      if (put <= 0) return false;
      at += static_cast<std::size_t>(put);
    }
    return true;
  }

  /// True where the server goes on with this connection.
  bool end(After after) {
    if (after == After::kKeep) return true;
    if (after == After::kHalfClose) return ::shutdown(fd_, SHUT_WR) == 0;
    if (after == After::kReset) {
      const linger now{.l_onoff = 1, .l_linger = 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    } else if (ssl_ != nullptr) {
      SSL_shutdown(ssl_);
    }
    return false;
  }

 private:
  int fd_;
  SSL* ssl_;
};

ScriptedServer::ScriptedServer(Script script, ServerOptions options)
    : script_(std::move(script)), options_(std::move(options)) {
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  if (options_.tls) tls_ = tls_context(*options_.tls);
  if (!options_.unix_path.empty()) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    options_.unix_path.copy(at.sun_path, sizeof at.sun_path - 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
  } else {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    require(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0, "bind");
    socklen_t size = sizeof at;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  require(::listen(listener_, kBacklog) == 0, "listen");
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stop_listening();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  stopped_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::string ScriptedServer::url(const std::string& target) const {
  return (tls_ ? "https" : "http") + std::string("://127.0.0.1:") + std::to_string(port_) + target;
}

std::vector<Asked> ScriptedServer::asked() const {
  const std::lock_guard lock(mutex_);
  std::vector<Asked> sorted = asked_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Asked& a, const Asked& b) { return a.number < b.number; });
  return sorted;
}

void ScriptedServer::stop_listening() {
  if (listener_ < 0) return;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  listener_ = -1;
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

bool ScriptedServer::pause_until(Clock::time_point instant) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_until(lock, instant, [this] { return stopping_; });
}

void ScriptedServer::serve(int fd) {
  {
    Line line(fd, static_cast<SSL_CTX*>(tls_.get()));
    const auto say = [&](const Reply& reply) {
      const Clock::time_point due = Clock::now() + reply.delay;
      const Clock::time_point until = std::max(due, reply.until.value_or(due));
      if (until > Clock::now() && !pause_until(until)) return false;
      if (!line.write(reply.bytes, reply.trickle)) return false;
      if (!reply.more.empty()) {
        if (!pause_until(Clock::now() + reply.more_delay)) return false;
        if (!line.write(reply.more, reply.trickle)) return false;
      }
      if (!reply.bytes.empty()) ++answers_;
      return line.end(reply.after);
    };
    std::string buffer;
    std::uint64_t of_connection = 0;
    bool going = options_.handshake_delay == Clock::duration::zero() ||
                 pause_until(Clock::now() + options_.handshake_delay);
    going = going && line.handshake() && (!options_.greeting || say(*options_.greeting));
    while (going) {
      std::size_t end = 0;
      for (std::size_t from = 0;
           going && (end = buffer.find("\r\n\r\n", from)) == std::string::npos;) {
        from = buffer.size() < 3 ? 0 : buffer.size() - 3;
        going = line.fill(buffer);
      }
      if (!going) break;
      Asked asked{.head = buffer.substr(0, end + 4)};
      std::size_t size = end + 4;
      const std::size_t length = asked.head.find("Content-Length: ");
      if (options_.reads_body && length != std::string::npos) {
        size += std::stoul(asked.head.substr(length + 16));
      }
      while (going && buffer.size() < size) going = line.fill(buffer);
      if (!going) break;
      asked.body = buffer.substr(end + 4, size - end - 4);
      asked.at = Clock::now();
      asked.number = requests_++;
      asked.of_connection = of_connection++;
      buffer.erase(0, size);
      {
        const std::lock_guard lock(mutex_);
        asked_.push_back(asked);
      }
      going = say(script_(asked));
    }
    const std::lock_guard lock(mutex_);
    open_.erase(std::find(open_.begin(), open_.end(), fd));
  }
}

Clock::time_point Fifo::next() {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  last_ = std::max(last_.value_or(now), now) + each_;
  return *last_;
}

Clock::time_point Freezes::thaw(Clock::time_point instant) const {
  const Clock::duration into = (instant - begin_) % period_;
  return into < length_ ? instant - into + length_ : instant;
}

}  // namespace scalectl::test
