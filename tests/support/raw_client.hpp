// RawClient: a socket that says exactly what a test wants said, and reads what an HTTP server
// answers.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace scalectl::test {

/// A response as it came; header names in lower case.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  std::size_t bytes = 0;  ///< all of it

  std::string header(const std::string& name) const;
};

/// Every wait ends after half a minute with std::runtime_error.
class RawClient {
 public:
  /// Connects to 127.0.0.1.
  explicit RawClient(int port) : RawClient(port, "127.0.0.1") {}
  /// Connects to an IPv4 or IPv6 address.
  RawClient(int port, const std::string& address);
  /// Connects to a Unix socket.
  explicit RawClient(const std::string& unix_path);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes);
  /// One byte in each write, so that most arrive alone.
  void trickle(std::string_view bytes);
  /// The next response, by its Content-Length; `has_body` is false after HEAD.
  RawResponse receive(bool has_body = true);
  /// send() and receive().
  RawResponse ask(std::string_view bytes);
  /// The next `size` bytes; throws where the server closes first.
  std::string take(std::size_t size);
  /// What comes until the server closes.
  std::string receive_all();
  /// Waits for the server's close; false if it sends something instead.
  bool closed();
  /// No more from this side.
  void finish();

 private:
  /// False at the end of the stream.
  bool fill();

  int fd_ = -1;
  std::string buffer_;
};

/// "GET `path` HTTP/1.1" with a Host.
std::string get(const std::string& path);
/// "POST `path` HTTP/1.1" with a Host, a Content-Length and the body.
std::string post(const std::string& path, const std::string& body);

}  // namespace scalectl::test
