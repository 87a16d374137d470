#include "net/http_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

namespace scalectl::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

/// A last chunk but for one byte. Beast 1.74, which has seen "0\r\n" before, asserts that it is there.
constexpr std::string_view kAllButTheEnd = "0\r\n\r";

/// Keeps the status, the body's size and where a redirect points to. Beast's own response object
/// would allocate for each field.
class Parser : public http::basic_parser<false> {
 public:
  Parser(const HttpLimits& limits, bool head, HttpResponse& response) : response_(response) {
    header_limit(limits.header_bytes);
    body_limit(limits.body_bytes);
    eager(true);
    skip(head);
    response_ = {};
  }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override {
    response_.status = status;
  }
  void on_field_impl(http::field name, string_view, string_view value, error_code&) override {
    if (name == http::field::location) response_.location.assign(value.data(), value.size());
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override {
    response_.body_bytes += body.size();
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    response_.body_bytes += body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  HttpResponse& response_;
};

}  // namespace

struct HttpParser::Native {
  explicit Native(const HttpLimits& given) : limits(given) {}

  void begin(bool is_head) {
    head = is_head;
    parser.emplace(limits, head, response);
  }

  HttpLimits limits;
  bool head = false;
  HttpResponse response;
  std::optional<Parser> parser;
};

HttpParser::HttpParser(const HttpLimits& limits) : native_(std::make_unique<Native>(limits)) {
  native_->begin(false);
}
HttpParser::~HttpParser() = default;

void HttpParser::reset(bool head) {
  native_->begin(head);
  carry_.clear();
  error_.clear();
}

std::size_t HttpParser::parse(const char* data, std::size_t size) {
  std::size_t used = 0;
  while (used < size) {
    Parser& parser = *native_->parser;
    error_code error;
    used += parser.put(boost::asio::const_buffer(data + used, size - used), error);
    if (error == http::error::need_more) break;
    if (error) {
      error_ = error.message();
      break;
    }
    if (!parser.is_done()) continue;
    const int status = native_->response.status;
    if (status < 100 || status > 199 || status == 101) {
      native_->response.keep_alive = parser.keep_alive();
      break;
    }
    native_->begin(native_->head);  // an interim response: the real one follows
  }
  return used;
}

std::size_t HttpParser::feed(const char* data, std::size_t size) {
  if (carry_.empty()) {
    const std::size_t used = parse(data, size);
    if (complete() || failed()) return used;
    carry_.assign(data + used, size - used);
    return size;
  }
  const std::size_t before = carry_.size();
  carry_.append(data, size);
  if (carry_ == kAllButTheEnd) return size;
  const std::size_t used = parse(carry_.data(), carry_.size());
  if (complete() || failed()) {
    carry_.clear();
    return used > before ? used - before : 0;
  }
  carry_.erase(0, used);
  return size;
}

void HttpParser::finish() {
  error_code error;
  if (!native_->parser->got_some()) return;
  native_->parser->put_eof(error);
  if (error) {
    error_ = "the connection closed inside the response";
    return;
  }
  native_->response.keep_alive = false;
}

bool HttpParser::complete() const { return native_->parser->is_done(); }
bool HttpParser::started() const { return native_->parser->got_some() || !carry_.empty(); }
const HttpResponse& HttpParser::response() const { return native_->response; }

}  // namespace scalectl::net
