#include "net/ws_server_session.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/ws_server_delay.hpp"

namespace scalectl::net {
namespace {

using boost::system::error_code;

constexpr int kGoingAway = 1001;
constexpr int kTryAgainLater = 1013;
/// How long a client has to answer a close, and to close its side of the connection.
constexpr std::chrono::milliseconds kCloseWait{2000};
/// Reads from one client before others get their turn.
constexpr int kMaxReads = 16;
/// Messages that leave with one system call.
constexpr std::size_t kGather = 64;
/// So much is written without waiting for the end of a turn.
constexpr std::size_t kEager = 64 * 1024;

}  // namespace

WsSession::WsSession(ServerWorker& worker, int fd, ServerStream stream,
                     std::unique_ptr<WsPeer> peer, const std::optional<WsDeflate>& deflate)
    : worker_(worker),
      socket_(worker.context(), fd),
      stream_(std::move(stream)),
      ws_(WebSocket::Role::kServer, *this, worker.options().ws.max_message, deflate),
      peer_(std::move(peer)),
      delayed_(worker.delays_next()) {}

void WsSession::start(std::string_view rest) {
  const boost::intrusive_ptr<WsSession> self(this);
  heard();
  peer_->on_open(*this);
  flush();
  if (state_ == State::kClosed) return;
  if (!rest.empty()) take(rest);
  // A socket tells of what it holds, OpenSSL does not.
  if (stream_.is_tls()) return read();
  wait_for(ServerStream::Io::kWantRead);
}

void WsSession::heard() {
  if (!is_open()) return;
  deadline_ = worker_.deadline_in(worker_.options().idle_timeout);
  pinged_ = false;
}

void WsSession::wait_for(ServerStream::Io io) {
  if (state_ == State::kClosed) return;
  const bool write = io == ServerStream::Io::kWantWrite;
  bool& waiting = write ? waiting_to_write_ : waiting_to_read_;
  if (waiting) return;
  waiting = true;
  socket_.async_wait(
      write ? ServerWorker::Descriptor::wait_write : ServerWorker::Descriptor::wait_read,
      [self = boost::intrusive_ptr<WsSession>(this), write](const error_code& /*error*/) {
        (write ? self->waiting_to_write_ : self->waiting_to_read_) = false;
        if (write) {
          self->flush();
          self->resume();
        }
        // TLS may have to write in order to read, and the other way round.
        if (!write && self->stream_.is_tls()) self->flush();
        if (!write || self->stream_.is_tls()) self->read();
      });
}

// --- In ---

void WsSession::read() {
  for (int reads = 0; state_ != State::kClosed; ++reads) {
    held_ = is_held();
    if (held_) return;
    if (reads == kMaxReads) {
      boost::asio::post(worker_.context(),
                        [self = boost::intrusive_ptr<WsSession>(this)] { self->read(); });
      return;
    }
    std::size_t got = 0;
    std::vector<char>& room = worker_.scratch();
    switch (const auto io = stream_.read(room.data(), room.size(), got)) {
      case ServerStream::Io::kDone:
        worker_.counters().bytes_in.add(got);
        take({room.data(), got});
        // A socket that gave less has no more; OpenSSL may hold some that no socket will tell of.
        if (!stream_.is_tls() && got < room.size() && !is_held()) {
          return wait_for(ServerStream::Io::kWantRead);
        }
        break;
      case ServerStream::Io::kWantRead:
      case ServerStream::Io::kWantWrite:
        return wait_for(io);
      default:
        return close();
    }
  }
}

void WsSession::take(std::string_view bytes) {
  if (state_ != State::kOpen || ending_) return;  // nobody wants it: read for the end to come
  heard();
  ending_ = !ws_.feed(bytes);
  we_closed_ = we_closed_ || (ws_.close_sent() && !ws_.close_received());
  queue_due();
  flush();
}

void WsSession::on_message(std::string_view message, bool text) {
  worker_.counters().ws.messages.add();
  if (closing_soon_ || ws_.close_sent()) {
    worker_.counters().ws.ignored.add();
    return;
  }
  peer_->on_message(message, text);
}

bool WsSession::is_held() const {
  return peer_->paced() && is_open() &&
         queued_ + delayed_bytes_ > worker_.options().ws.max_queue / 2;
}

void WsSession::resume() {
  if (held_ && !is_held()) read();
}

// --- Out ---

void WsSession::send(WsFramePtr frame) {
  if (!is_open() || failed_) return;
  worker_.counters().ws.deliveries.add();
  if (!delayed_) return enqueue(std::move(frame));
  worker_.counters().ws.delayed.add();
  delayed_bytes_ += frame->bytes.size();
  worker_.delays().add(*this, std::move(frame));
}

void WsSession::arrive(WsFramePtr frame) {
  if (frame == nullptr) return begin_close(soon_code_, soon_reason_);
  delayed_bytes_ -= frame->bytes.size();
  if (is_open() && !failed_) {
    enqueue(std::move(frame));
    flush();
    resume();
  } else {
    worker_.counters().ws.undelivered.add();
  }
}

void WsSession::enqueue(WsFramePtr frame) {
  if (ws_.is_compressing()) frame = compressed(*frame);
  const std::size_t size = frame->bytes.size();
  if (queued_ + size > kEager && !failed_) failed_ = !write();
  if (failed_ ||
      (!peer_->paced() && queued_ != 0 && queued_ + size > worker_.options().ws.max_queue)) {
    worker_.counters().ws.undelivered.add();
    if (!failed_) overflow();
    return;
  }
  queued_ += size;
  queue_.push_back(std::move(frame));
}

/// A pong that is due may go along.
WsFramePtr WsSession::compressed(const WsFrame& frame) {
  queue_due();
  ws_.send(frame.payload(), frame.is_text());
  return std::make_shared<WsFrame>(WsFrame{.bytes = std::exchange(ws_.due(), {})});
}

/// What the protocol itself has to say: pongs, pings and closes.
void WsSession::queue_due() {
  std::string& due = ws_.due();
  if (due.empty()) return;
  queued_ += due.size();
  queue_.push_back(std::make_shared<WsFrame>(WsFrame{.bytes = std::move(due), .message = false}));
  due.clear();
}

void WsSession::overflow() {
  worker_.counters().ws.overflowed.add();
  discard();
  ws_.close(kTryAgainLater, "too much waits for you to read");
  we_closed_ = true;
  deadline_ = worker_.deadline_in(std::min(kCloseWait, worker_.options().idle_timeout));
  queue_due();
}

/// Throws away what waits, but for a frame that has been begun.
void WsSession::discard() {
  const std::size_t keep = first_ + (front_begun_ ? 1 : 0);
  while (queue_.size() > keep) {
    if (queue_.back()->message) worker_.counters().ws.undelivered.add();
    queued_ -= queue_.back()->bytes.size();
    queue_.pop_back();
  }
}

bool WsSession::write() {
  while (first_ < queue_.size() && !waiting_to_write_) {
    iovec parts[kGather];
    const std::size_t count = std::min(kGather, queue_.size() - first_);
    std::size_t skip = front_sent_;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& bytes = queue_[first_ + i]->bytes;
      parts[i] = {const_cast<char*>(bytes.data()) + skip, bytes.size() - skip};
      skip = 0;
    }
    std::size_t sent = 0;
    switch (const auto io = stream_.write(parts, count, sent)) {
      case ServerStream::Io::kDone:
        written(sent);
        break;
      case ServerStream::Io::kWantRead:
      case ServerStream::Io::kWantWrite:
        front_begun_ = front_begun_ || stream_.is_tls();  // a record cannot be taken back
        wait_for(io);
        return true;
      default:
        return false;
    }
  }
  return true;
}

void WsSession::written(std::size_t count) {
  worker_.counters().bytes_out.add(count);
  queued_ -= count;
  if (held_) heard();
  while (count != 0) {
    const std::size_t left = queue_[first_]->bytes.size() - front_sent_;
    if (count < left) {
      front_sent_ += count;
      break;
    }
    count -= left;
    front_sent_ = 0;
    queue_[first_++].reset();
  }
  front_begun_ = front_sent_ != 0;
  if (first_ == queue_.size()) {
    queue_.clear();
    first_ = 0;
  } else if (first_ >= kGather && first_ * 2 > queue_.size()) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void WsSession::flush() {
  if (state_ != State::kOpen) return;
  if (failed_ || !write()) return close();
  if (!queue_.empty()) return;
  close_written_ = ws_.close_sent();
  if (!ending_) return;
  stream_.finish();
  if (ws_.close_received()) return close();  // it has nothing more to say
  // As an HTTP connection that is closed while the client may still send: a while for the end of
  // that.
  state_ = State::kLinger;
  settle();
  deadline_ = worker_.deadline_in(std::min(kCloseWait, worker_.options().idle_timeout));
  wait_for(ServerStream::Io::kWantRead);
}

// --- The end ---

void WsSession::close_soon(int code, std::string_view reason) {
  if (closing_soon_) return;
  closing_soon_ = true;
  soon_code_ = code;
  soon_reason_ = reason;
  boost::asio::post(worker_.context(), [self = boost::intrusive_ptr<WsSession>(this)] {
    if (!self->delayed_) return self->arrive(nullptr);
    self->worker_.delays().add(*self, nullptr);
  });
}

void WsSession::begin_close(int code, std::string_view reason) {
  if (!is_open()) return;
  ws_.close(code, reason);
  we_closed_ = we_closed_ || !ws_.close_received();
  deadline_ = worker_.deadline_in(std::min(kCloseWait, worker_.options().idle_timeout));
  queue_due();
  flush();
  resume();
}

void WsSession::drain() { begin_close(kGoingAway, "the server is ending"); }

void WsSession::check_time(ServerWorker::Clock::time_point now) {
  if (state_ == State::kClosed) return;
  const auto half = worker_.options().idle_timeout / 2;
  if (is_open() && !pinged_ && now >= deadline_ - half) {
    pinged_ = true;
    ws_.ping("");
    queue_due();
    flush();
  } else if (now >= deadline_ && !(worker_.draining() && state_ == State::kOpen)) {
    close();  // where a drain is on, that has a limit of its own
  }
}

int WsSession::close_code() const {
  if (we_closed_) return close_written_ ? ws_.own_code() : WebSocket::kAbnormal;
  return ws_.peer_code();
}

/// It is a WebSocket no more.
void WsSession::settle() {
  front_begun_ = false;
  discard();
  worker_.counters().ws.count_close(close_code());
  peer_->on_close();
}

void WsSession::close() {
  if (state_ == State::kClosed) return;
  const boost::intrusive_ptr<WsSession> self(this);
  if (std::exchange(state_, State::kClosed) == State::kOpen) settle();
  error_code ignored;
  socket_.close(ignored);
  worker_.forget(*this);
}

}  // namespace scalectl::net
