#include "net/http_server_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <utility>

namespace scalectl::net {
namespace {

namespace http = boost::beast::http;

/// A body's buffer larger than this is given back after its request.
constexpr std::size_t kKeptBody = 64 * 1024;

void append(std::string& text, boost::beast::string_view part) {
  text.append(part.data(), part.size());
}

bool has_chunked(boost::beast::string_view value) {
  const http::token_list codings(value);
  std::size_t count = 0;
  bool chunked = false;
  for (const auto coding : codings) {
    chunked = boost::beast::iequals(coding, "chunked");
    ++count;
  }
  return count == 1 && chunked;
}

}  // namespace

ServerParser::ServerParser(const ServerOptions& options) : options_(options) {}

void ServerParser::reset() {
  hooks_.reset();
  begun_ = head_done_ = is_head_ = has_host_ = foreign_coding_ = expects_continue_ = false;
  own_fault_.reset();
  text_.clear();
  places_.clear();
  if (body_.capacity() > kKeptBody) {
    std::string().swap(body_);
  } else {
    body_.clear();
  }
}

ServerParser::State ServerParser::parse(std::string_view data, std::size_t& used) {
  used = 0;
  if (!begun_) {
    // Empty lines before a request are to be passed over (RFC 9112, 2.2).
    while (used < data.size() && (data[used] == '\r' || data[used] == '\n')) ++used;
    if (used == data.size()) return State::kNeedMore;
    hooks_.emplace(*this);
    hooks_->eager(true);
    hooks_->header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    hooks_->body_limit(options_.max_body_bytes);
    begun_ = true;
  }
  while (used < data.size()) {
    ErrorCode error;
    const std::string_view rest = data.substr(used);
    const std::size_t taken = hooks_->put({rest.data(), rest.size()}, error);
    used += taken;
    if (error == http::error::need_more) return State::kNeedMore;
    if (error) return bad(own_fault_.value_or(fault_of(error, rest)));
    if (hooks_->is_done()) {
      begun_ = false;
      return State::kComplete;
    }
    if (taken == 0) return State::kNeedMore;
  }
  return State::kNeedMore;
}

ServerParser::State ServerParser::bad(ServerFault fault) {
  fault_ = fault;
  return State::kBad;
}

ServerFault ServerParser::fault_of(const ErrorCode& error, std::string_view at) {
  if (error == http::error::header_limit) return ServerFault::kHeadersTooLarge;
  if (error == http::error::body_limit) return ServerFault::kBodyTooLarge;
  // Beast says the same of "HTTP/2.0" and of no version at all; only the former is another version.
  const std::string_view line = at.substr(0, at.find('\r'));
  if (error == http::error::bad_version && line.find(" HTTP/") != line.npos) {
    return ServerFault::kVersion;
  }
  return ServerFault::kBadRequest;
}

void ServerParser::on_request(Text method, Text target, int version) {
  version_ = version;
  is_head_ = method == "HEAD";
  append(text_, method);
  append(text_, target);
  method_size_ = method.size();
  target_size_ = target.size();
}

void ServerParser::on_field(Field name, Text text, Text value, ErrorCode& ec) {
  // Beast limits the request line and the fields each for itself; this is for both together.
  if (text_.size() + 4 * places_.size() + text.size() + value.size() > options_.max_header_bytes) {
    ec = http::error::header_limit;
    return;
  }
  if (name == Field::host) {
    if (has_host_) ec = http::error::bad_field;  // two of them: RFC 9112, 3.2
    has_host_ = true;
  } else if (name == Field::transfer_encoding) {
    foreign_coding_ = foreign_coding_ || !has_chunked(value);
  } else if (name == Field::expect) {
    expects_continue_ = boost::beast::iequals(value, "100-continue");
    if (!expects_continue_) own_fault_ = ServerFault::kExpectation;
  }
  places_.push_back({text_.size(), text.size(), value.size()});
  append(text_, text);
  append(text_, value);
}

void ServerParser::on_header(const Hooks& hooks, ErrorCode& ec) {
  head_done_ = true;
  keep_alive_ = hooks.keep_alive();
  if (foreign_coding_) {
    own_fault_ = ServerFault::kNotImplemented;
  } else if (version_ == 11 && !has_host_) {
    own_fault_ = ServerFault::kBadRequest;
  }
  // HTTP/1.0 knows neither expectations nor chunks; a proxy may have passed on the former.
  if (version_ == 10 && own_fault_ == ServerFault::kExpectation) own_fault_.reset();
  if (version_ == 10) expects_continue_ = false;
  if (own_fault_) ec = http::error::bad_value;
}

std::size_t ServerParser::on_body(Text body) {
  expects_continue_ = false;  // it has not waited
  append(body_, body);
  return body.size();
}

bool ServerParser::take_expectation() {
  return head_done_ && begun_ && std::exchange(expects_continue_, false);
}

const ServerRequest& ServerParser::request(int thread) {
  const std::string_view text = text_;
  fields_.clear();
  for (const Place& place : places_) {
    fields_.push_back({text.substr(place.at, place.name_size),
                       text.substr(place.at + place.name_size, place.value_size)});
  }
  request_.thread = thread;
  request_.method = text.substr(0, method_size_);
  request_.target = text.substr(method_size_, target_size_);
  std::string_view path = request_.target;
  // "GET http://host/path" is a request, too (RFC 9112, 3.2.2).
  if (const auto scheme = path.find("://"); scheme != path.npos && path[0] != '/') {
    const auto slash = path.find_first_of("/?", scheme + 3);
    path = slash == path.npos ? "/" : path.substr(slash);
  }
  const auto mark = path.find('?');
  request_.path = path.substr(0, mark);
  request_.query = mark == path.npos ? std::string_view() : path.substr(mark + 1);
  request_.body = body_;
  request_.fields = &fields_;
  request_.http10 = is_http10();
  return request_;
}

}  // namespace scalectl::net
