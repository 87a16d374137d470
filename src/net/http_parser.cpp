#include "net/http_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

namespace scalectl::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

/// What every response begins with: whatever differs is none, however long it goes on. Beast looks
/// for the end of the header before it looks at its beginning again.
constexpr std::string_view kBeginning = "HTTP/1.";

/// A last chunk but for one byte. Beast 1.74, which has seen "0\r\n" before, asserts that it is
/// there.
constexpr std::string_view kAllButTheEnd = "0\r\n\r";

/// Keeps the status, the body's size, cookies and where a redirect points to, and the rest where it
/// is asked for. Beast's own response object would allocate for each field.
class Parser : public http::basic_parser<false> {
 public:
  Parser(const HttpLimits& limits, const AnswerShape& shape, HttpResponse& response)
      : response_(response), content_(shape.content) {
    header_limit(limits.header_bytes);
    body_limit(limits.body_bytes);
    eager(true);
    skip(shape.head);
    response_ = {};
  }

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override {
    response_.status = status;
  }
  void on_field_impl(http::field name, string_view text, string_view value, error_code&) override {
    if (name == http::field::location) response_.location.assign(value.data(), value.size());
    if (name == http::field::set_cookie) {
      response_.cookies.emplace_back(value.data(), value.size());
    }
    if (!content_) return;
    response_.fields.append(text.data(), text.size()).append(": ");
    response_.fields.append(value.data(), value.size()).append("\r\n");
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
    return take(body);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t take(string_view body) {
    response_.body_bytes += body.size();
    if (content_) response_.body.append(body.data(), body.size());
    return body.size();
  }

  HttpResponse& response_;
  const bool content_;
};

}  // namespace

struct HttpParser::Native {
  explicit Native(const HttpLimits& given) : limits(given) {}

  void begin(const AnswerShape& its_shape) {
    shape = its_shape;
    parser.emplace(limits, shape, response);
  }

  HttpLimits limits;
  AnswerShape shape;
  HttpResponse response;
  std::optional<Parser> parser;
};

HttpParser::HttpParser(const HttpLimits& limits) : native_(std::make_unique<Native>(limits)) {
  native_->begin({});
}
HttpParser::~HttpParser() = default;

void HttpParser::reset(const AnswerShape& shape) {
  native_->begin(shape);
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
    native_->begin(native_->shape);  // an interim response: the real one follows
  }
  return used;
}

std::size_t HttpParser::feed(const char* data, std::size_t size) {
  if (carry_.empty()) {
    const std::size_t used = parse(data, size);
    if (complete() || failed()) return used;
    carry_.assign(data + used, size - used);
    check_beginning();
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
  check_beginning();
  return size;
}

void HttpParser::check_beginning() {
  if (native_->response.status != 0) return;
  const auto begun = std::string_view(carry_).substr(0, kBeginning.size());
  if (begun != kBeginning.substr(0, begun.size())) error_ = "not an HTTP/1 response";
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
HttpResponse HttpParser::take_response() { return std::move(native_->response); }

}  // namespace scalectl::net
