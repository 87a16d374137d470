// HttpServer: an HTTP/1.1 server for targets of our own: small answers at a high rate, protocol by
// the book (RFC 9110, 9112), counts that are exact.
//
// One thread is one event loop with its own listener, connections and counters; nothing is shared
// between threads on the way of a request. A connection's requests are answered one at a time and
// in order (pipelining is buffered, not reordered). HTTP/1.0 and 1.1, keep-alive, chunked and
// counted bodies, Expect: 100-continue, HEAD; TLS 1.2 and later where a certificate is given.
//
// What is wrong with a request is answered here and never reaches the handler: 400, 408, 413, 417,
// 431, 501, 505, each followed by a close. A connection over the limit gets 503 and is closed.
//
// A handler may answer with 101 and a WsPeer: the connection is a WebSocket from then on, see
// ws_server.hpp.
//
// The HttpServer belongs to one thread; counters() may be called from any.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/ws_deflate.hpp"
#include "net/ws_server.hpp"

namespace scalectl::net {

/// A complete request. Everything it names lives until its response has been sent.
struct ServerRequest {
  struct Field {
    std::string_view name;
    std::string_view value;
  };

  int thread = 0;           ///< the server's thread that calls, from 0
  std::string_view method;  ///< as sent; methods are case-sensitive
  std::string_view target;  ///< as sent
  std::string_view path;    ///< of the target, up to the question mark; not percent-decoded
  std::string_view query;   ///< after the question mark; "" without one
  std::string_view body;    ///< decoded from chunks
  const std::vector<Field>* fields = nullptr;
  bool http10 = false;  ///< HTTP/1.0

  /// The first header field called `name` (whatever its case), or "".
  std::string_view header(std::string_view name) const;
};

/// What the handler fills in. Content-Length, Date and Connection are the server's business, and so
/// is leaving out the body of an answer to HEAD or with status 101, 204, 205 or 304.
struct ServerResponse {
  int status = 200;                                    ///< 200 to 599, or 101 by accept_ws()
  std::string_view content_type = "application/json";  ///< static text, or the request's
  std::string_view body;               ///< static text, the request's body, or `buffer`
  std::string buffer;                  ///< room for a body made up; kept between requests
  std::string headers;                 ///< more header lines, each ended by CRLF
  std::chrono::milliseconds delay{0};  ///< sent that long after handle() returned
  std::unique_ptr<WsPeer> peer;        ///< with status 101: whom the connection is handed to
  std::optional<WsDeflate> deflate;    ///< with status 101: set by accept_ws()

  /// Makes `buffer` the body.
  void use_buffer() { body = buffer; }
  void add_header(std::string_view name, std::string_view value);
  void clear();
};

/// Called on all of the server's threads at once; what it throws is answered with 500.
class ServerHandler {
 public:
  ServerHandler() = default;
  ServerHandler(const ServerHandler&) = delete;
  ServerHandler& operator=(const ServerHandler&) = delete;
  virtual ~ServerHandler() = default;

  /// Answers at once; it must not block. An answer that is due later says so by its delay.
  virtual void handle(const ServerRequest& request, ServerResponse& response) = 0;
};

/// Why a request was turned away before the handler saw it, or a connection failed.
enum class ServerFault {
  kBadRequest,       ///< 400
  kTimeout,          ///< 408: begun, and not completed in time
  kBodyTooLarge,     ///< 413
  kExpectation,      ///< 417
  kHeadersTooLarge,  ///< 431
  kHandler,          ///< 500: the handler threw
  kNotImplemented,   ///< 501: a transfer coding other than chunked
  kVersion,          ///< 505
  kTruncated,        ///< the client closed in the midst of a request
  kTls,              ///< the handshake failed
};
inline constexpr std::size_t kServerFaults = 10;
/// "bad_request", …: the label of a fault.
std::string_view to_text(ServerFault fault);

/// What has happened since the start, over all threads.
struct ServerCounters {
  std::uint64_t opened = 0;    ///< connections accepted (those refused apart)
  std::uint64_t closed = 0;    ///< of them
  std::uint64_t refused = 0;   ///< connections over the limit
  std::uint64_t requests = 0;  ///< handed to the handler
  std::uint64_t bytes_in = 0;  ///< read from clients, before requests are answered; TLS decrypted
  /// Of responses, headers included, counted when a response is made: before its first byte leaves.
  /// And of WebSockets, once they have been taken by the socket.
  std::uint64_t bytes_out = 0;
  std::array<std::uint64_t, kServerFaults> faults{};

  std::uint64_t open() const { return opened - closed; }
  std::uint64_t all_faults() const;
};

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< IPv4 or IPv6
  int port = 8000;                    ///< 0 for any that is free
  std::string unix_path;              ///< a socket file in place of address and port; mode 0600
  int threads = 1;
  std::int64_t max_connections = 100'000;  ///< open at one time, over all threads
  /// For the next request, for its whole head, between two pieces of a body, for a client to read.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);
  std::chrono::microseconds accept_delay{0};  ///< a thread's wait before each connection it accepts
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 8 * 1024 * 1024;
  std::string tls_cert;  ///< PEM chain; TLS where it is given
  std::string tls_key;   ///< PEM
  WsOptions ws;
};

class HttpServer {
 public:
  /// Binds and listens; nothing is accepted yet. `handler` must outlive the server. Throws Error
  /// (usage) for options that cannot be: an address or port that is taken or not ours, a path that
  /// is no socket, TLS files that do not fit.
  HttpServer(ServerOptions options, ServerHandler& handler);
  /// Stops without a grace period.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Starts the threads. Once.
  void start();

  /// Stops accepting, closes idle connections, waits until requests in flight are answered, but at
  /// most `drain`; removes the socket file. How many connections were then cut off.
  std::uint64_t stop(std::chrono::milliseconds drain);

  /// Where it listens: http://127.0.0.1:8000, https://[::1]:8443, or unix:/path.
  const std::string& url() const;
  int port() const;  ///< 0 on a Unix socket
  ServerCounters counters() const;
  WsCounters ws_counters() const;

  /// Has `thread`, from 0, call `work` between what else it does; never where it has ended. Any
  /// thread may ask.
  void post(int thread, std::function<void()> work);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace scalectl::net
