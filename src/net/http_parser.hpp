// HttpParser: the responses in a stream of bytes. What nobody asked for is counted and thrown away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::net {

/// What of a response is kept.
struct HttpResponse {
  int status = 0;
  bool keep_alive = false;
  std::string location;              ///< of a redirect
  std::vector<std::string> cookies;  ///< values of Set-Cookie
  std::uint64_t body_bytes = 0;
  std::string fields;  ///< "Name: value\r\n" each; only where the content is asked for
  std::string body;    ///< only where the content is asked for
};

/// What is known of a response before it comes.
struct AnswerShape {
  bool head = false;     ///< it answers a HEAD request: no body, whatever its header says
  bool content = false;  ///< fields and body are asked for
};

struct HttpLimits {
  std::uint32_t header_bytes = 256 * 1024;
  std::uint64_t body_bytes = 64ULL * 1024 * 1024;
};

class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  /// Forgets a response that is under way; the next one has this shape.
  void reset(const AnswerShape& shape);
  /// Takes bytes up to the end of one response, and says how many. Interim responses (1xx) are
  /// passed over.
  std::size_t feed(const char* data, std::size_t size);
  /// The peer has closed: the end of a body without a length.
  void finish();

  bool complete() const;
  /// True once a byte of a response has come.
  bool started() const;
  /// True after feed() or finish() met something that is not a response, or went past a limit.
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  const HttpResponse& response() const;
  /// The response, which the parser then no longer has.
  HttpResponse take_response();

 private:
  struct Native;
  std::size_t parse(const char* data, std::size_t size);
  void check_beginning();

  std::unique_ptr<Native> native_;
  std::string carry_;  // the beginning of a header that has not come to its end
  std::string error_;
};

}  // namespace scalectl::net
