#include "net/http_server_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/status.hpp>
#include <exception>
#include <iterator>

#include "net/ws_server_session.hpp"

namespace scalectl::net {
namespace {

using boost::system::error_code;

/// How long a client has to read the answer to what it should not have sent.
constexpr std::chrono::milliseconds kLinger{2000};
/// Responses to one client before others get their turn.
constexpr int kMaxStreak = 64;
/// What fits a TLS record goes out as one.
constexpr std::size_t kTlsRecord = 16 * 1024;

struct Refusal {
  int status;
  std::string_view words;
};

Refusal refusal_of(ServerFault fault) {
  switch (fault) {
    case ServerFault::kTimeout:
      return {408, "the request was not complete in time"};
    case ServerFault::kBodyTooLarge:
      return {413, "the body is too large"};
    case ServerFault::kExpectation:
      return {417, "only 100-continue can be expected"};
    case ServerFault::kHeadersTooLarge:
      return {431, "the header is too large"};
    case ServerFault::kHandler:
      return {500, "the server failed"};
    case ServerFault::kNotImplemented:
      return {501, "only the transfer coding chunked is known"};
    case ServerFault::kVersion:
      return {505, "only HTTP/1.0 and HTTP/1.1 are spoken"};
    default:
      return {400, "this is not an HTTP request"};
  }
}

bool without_body(int status) {
  return status == 101 || status == 204 || status == 205 || status == 304;
}

void append_status_line(std::string& head, int status) {
  if (status == 200) {
    head += "HTTP/1.1 200 OK\r\n";
    return;
  }
  namespace http = boost::beast::http;
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  const auto reason = known == http::status::unknown ? boost::beast::string_view("Unnamed")
                                                     : http::obsolete_reason(known);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", status,
                 std::string_view(reason.data(), reason.size()));
}

}  // namespace

ServerConnection::ServerConnection(ServerWorker& worker, int fd, bool refused)
    : worker_(worker),
      socket_(worker.context(), fd),
      stream_(fd, worker.tls()),
      parser_(worker.options()),
      refused_(refused),
      state_(stream_.is_tls() ? State::kHandshake : State::kRead) {}

void ServerConnection::start() {
  touch();
  if (refused_) {
    refuse(503, fmt::format("the server has all the connections it takes ({})",
                            worker_.options().max_connections));
    advance();
  } else if (state_ == State::kRead) {
    wait_for(ServerStream::Io::kWantRead);
  } else {
    advance();
  }
}

void ServerConnection::touch() { deadline_ = worker_.deadline_in(worker_.options().idle_timeout); }

void ServerConnection::wait_for(ServerStream::Io io) {
  const bool write = io == ServerStream::Io::kWantWrite;
  bool& waiting = write ? waiting_to_write_ : waiting_to_read_;
  if (waiting) return;
  waiting = true;
  socket_.async_wait(
      write ? ServerWorker::Descriptor::wait_write : ServerWorker::Descriptor::wait_read,
      [self = boost::intrusive_ptr<ServerConnection>(this), write](const error_code& /*error*/) {
        (write ? self->waiting_to_write_ : self->waiting_to_read_) = false;
        self->may_have_more_ = true;
        self->advance();
      });
}

void ServerConnection::later() {
  boost::asio::post(worker_.context(),
                    [self = boost::intrusive_ptr<ServerConnection>(this)] { self->advance(); });
}

void ServerConnection::advance() {
  for (bool more = true; more;) {
    switch (state_) {
      case State::kHandshake:
        more = handshake();
        break;
      case State::kRead:
        more = read();
        break;
      case State::kWrite:
        more = write();
        break;
      case State::kLinger:
        more = linger();
        break;
      case State::kDelay:
      case State::kClosed:
        more = false;
        break;
    }
  }
}

bool ServerConnection::handshake() {
  switch (const auto io = stream_.handshake()) {
    case ServerStream::Io::kDone:
      touch();
      state_ = State::kRead;
      may_have_more_ = true;
      return true;
    case ServerStream::Io::kWantRead:
    case ServerStream::Io::kWantWrite:
      wait_for(io);
      return false;
    default:
      worker_.counters().faults[static_cast<std::size_t>(ServerFault::kTls)].add();
      close();
      return false;
  }
}

/// Answers what has been read, if that is a whole request; else reads more.
bool ServerConnection::read() {
  if (parsed_ < in_.size() && parse()) return true;
  if (!may_have_more_ && !worker_.draining()) {
    streak_ = 0;
    wait_for(ServerStream::Io::kWantRead);
    return false;
  }
  std::size_t got = 0;
  std::vector<char>& room = worker_.scratch();
  const auto io = stream_.read(room.data(), room.size(), got);
  switch (io) {
    case ServerStream::Io::kDone:
      worker_.counters().bytes_in.add(got);
      // A socket that gave less has no more; OpenSSL may hold some that no socket will tell of.
      may_have_more_ = stream_.is_tls() || got == room.size();
      in_.erase(0, parsed_);
      parsed_ = 0;
      in_.append(room.data(), got);
      return true;
    case ServerStream::Io::kWantRead:
    case ServerStream::Io::kWantWrite:
      may_have_more_ = false;
      if (worker_.draining() && !parser_.begun()) {
        stream_.finish();
        close();
        return false;
      }
      streak_ = 0;
      wait_for(io);
      return false;
    default:
      if (parser_.begun()) {
        worker_.counters().faults[static_cast<std::size_t>(ServerFault::kTruncated)].add();
      }
      close();
      return false;
  }
}

/// True if there is something to do other than to read on.
bool ServerConnection::parse() {
  const bool begun_before = parser_.begun();
  std::size_t used = 0;
  const auto outcome = parser_.parse(std::string_view(in_).substr(parsed_), used);
  parsed_ += used;
  if (parsed_ == in_.size()) {
    in_.clear();
    parsed_ = 0;
  }
  switch (outcome) {
    case ServerParser::State::kComplete:
      answer();
      return true;
    case ServerParser::State::kBad:
      refuse(parser_.fault());
      return true;
    default:
      break;
  }
  // The whole head has one deadline, each piece of a body its own.
  if (parser_.begun() && (!begun_before || parser_.head_done())) touch();
  if (!parser_.take_expectation()) return false;
  head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  interim_ = no_body_ = true;
  worker_.counters().bytes_out.add(head_.size());
  state_ = State::kWrite;
  return true;
}

void ServerConnection::answer() {
  response_.clear();
  worker_.counters().requests.add();
  try {
    worker_.handler().handle(parser_.request(worker_.index()), response_);
  } catch (const std::exception&) {
    refuse(ServerFault::kHandler);
    return;
  }
  if (response_.peer && worker_.draining()) {
    refuse(503, "the server is ending");
    return;
  }
  if (response_.delay.count() <= 0) {
    make_head();
    state_ = State::kWrite;
    return;
  }
  state_ = State::kDelay;
  if (!delay_) delay_ = std::make_unique<ServerWorker::Timer>(worker_.context());
  delay_->expires_after(response_.delay);
  delay_->async_wait(
      [self = boost::intrusive_ptr<ServerConnection>(this)](const error_code& error) {
        if (error || self->state_ != State::kDelay) return;
        self->make_head();
        self->state_ = State::kWrite;
        self->advance();
      });
}

void ServerConnection::make_head() {
  touch();
  // While draining, what has arrived is answered, and nothing after it.
  close_after_ = close_after_ || !parser_.keep_alive() || (worker_.draining() && in_.empty());
  const bool bodiless = without_body(response_.status);
  no_body_ = bodiless || parser_.is_head();
  head_.clear();
  append_status_line(head_, response_.status);
  head_ += worker_.date_line();
  head_ += response_.headers;
  if (!bodiless) {
    head_ += "Content-Type: ";
    head_ += response_.content_type;
    head_ += "\r\nContent-Length: ";
    const fmt::format_int length(response_.body.size());
    head_.append(length.data(), length.size());
    head_ += "\r\n";
  } else if (response_.status == 205) {
    head_ += "Content-Length: 0\r\n";
  }
  if (response_.peer) {
    close_after_ = false;  // and "Connection: Upgrade" is there
    worker_.counters().ws.opened.add();
    if (response_.deflate) worker_.counters().ws.compressed.add();
  } else if (close_after_) {
    head_ += "Connection: close\r\n";
  } else if (parser_.is_http10()) {
    head_ += "Connection: keep-alive\r\n";
  }
  head_ += "\r\n";
  if (stream_.is_tls() && body().size() <= kTlsRecord) {
    head_ += body();
    no_body_ = true;
  }
  worker_.counters().bytes_out.add(head_.size() + body().size());
}

void ServerConnection::refuse(ServerFault fault) {
  worker_.counters().faults[static_cast<std::size_t>(fault)].add();
  const Refusal refusal = refusal_of(fault);
  refuse(refusal.status, refusal.words);
}

void ServerConnection::refuse(int status, std::string_view words) {
  response_.clear();
  response_.status = status;
  response_.buffer = fmt::format("{{\"error\":\"{}\"}}\n", words);
  response_.use_buffer();
  if (status == 503) response_.add_header("Retry-After", "1");
  close_after_ = linger_after_ = true;
  make_head();
  state_ = State::kWrite;
}

bool ServerConnection::write() {
  const std::string_view head = std::string_view(head_).substr(std::min(sent_, head_.size()));
  const std::string_view rest = body().substr(sent_ > head_.size() ? sent_ - head_.size() : 0);
  std::size_t sent = 0;
  switch (const auto io = stream_.write(head, rest, sent)) {
    case ServerStream::Io::kDone:
      sent_ += sent;
      if (sent == head.size() + rest.size()) return finish_response();
      touch();
      return true;
    case ServerStream::Io::kWantRead:
    case ServerStream::Io::kWantWrite:
      wait_for(io);
      return false;
    default:
      close();
      return false;
  }
}

bool ServerConnection::finish_response() {
  sent_ = 0;
  touch();
  if (interim_) {
    interim_ = false;
    state_ = State::kRead;
    return true;
  }
  if (response_.peer) {
    upgrade();
    return false;
  }
  if (close_after_) {
    if (linger_after_ || !in_.empty()) {
      begin_linger();
      return true;
    }
    stream_.finish();
    close();
    return false;
  }
  parser_.reset();
  state_ = State::kRead;
  if (++streak_ < kMaxStreak) return true;
  streak_ = 0;
  later();
  return false;
}

void ServerConnection::upgrade() {
  state_ = State::kClosed;
  const boost::intrusive_ptr<ServerConnection> self(this);
  const boost::intrusive_ptr<WsSession> session(
      new WsSession(worker_, socket_.release(), std::move(stream_), std::move(response_.peer),
                    response_.deflate));
  worker_.replace(*this, session);
  session->start(std::string_view(in_).substr(parsed_));
}

/// Closing while the client still sends would reset the connection, and the client might never see
/// the answer (RFC 9112, 9.6): what it sends is read and thrown away for a while.
void ServerConnection::begin_linger() {
  stream_.finish();
  state_ = State::kLinger;
  deadline_ = worker_.deadline_in(std::min(kLinger, worker_.options().idle_timeout));
}

bool ServerConnection::linger() {
  std::size_t got = 0;
  std::vector<char>& room = worker_.scratch();
  switch (const auto io = stream_.read(room.data(), room.size(), got)) {
    case ServerStream::Io::kDone:
      worker_.counters().bytes_in.add(got);
      return true;
    case ServerStream::Io::kWantRead:
    case ServerStream::Io::kWantWrite:
      wait_for(io);
      return false;
    default:
      close();
      return false;
  }
}

void ServerConnection::check_time(Clock::time_point now) {
  if (now < deadline_ || state_ == State::kDelay || state_ == State::kClosed) return;
  if (state_ == State::kRead && parser_.begun()) {
    refuse(ServerFault::kTimeout);
    advance();
    return;
  }
  if (state_ == State::kHandshake) {
    worker_.counters().faults[static_cast<std::size_t>(ServerFault::kTls)].add();
  } else if (state_ == State::kRead) {
    stream_.finish();
  }
  close();
}

void ServerConnection::drain() {
  if (state_ == State::kRead) advance();
}

void ServerConnection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (delay_) delay_->cancel();
  if (response_.peer) worker_.counters().ws.count_close(WebSocket::kAbnormal);
  error_code ignored;
  socket_.close(ignored);
  worker_.forget(*this);
}

}  // namespace scalectl::net
