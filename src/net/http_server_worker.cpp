#include "net/http_server_worker.hpp"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "net/http_server_connection.hpp"
#include "net/ws_server_delay.hpp"

namespace scalectl::net {
namespace {

using boost::system::error_code;

constexpr std::size_t kScratch = 64 * 1024;
/// Refused clients that are being told so at one time; the rest are closed without a word.
constexpr std::size_t kMaxRefusedOpen = 256;
/// How long not to accept when the system has no descriptors or memory left.
constexpr auto kPause = std::chrono::milliseconds(50);

std::string make_date_line() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[64];
  const std::size_t size =
      std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
  return {text, size};
}

}  // namespace

void WsOwnCounters::count_close(int code) {
  const auto place = static_cast<std::size_t>(code - 1000);
  closed[place < closed.size() ? place : WebSocket::kAbnormal - 1000].add();
}

void WsOwnCounters::add_to(WsCounters& sum) const {
  sum.compressed += compressed.get();
  sum.opened += opened.get();
  sum.messages += messages.get();
  sum.ignored += ignored.get();
  sum.deliveries += deliveries.get();
  sum.undelivered += undelivered.get();
  sum.delayed += delayed.get();
  sum.overflowed += overflowed.get();
  for (std::size_t i = 0; i < closed.size(); ++i) {
    if (const std::uint64_t count = closed[i].get())
      sum.closed[static_cast<int>(i) + 1000] += count;
  }
}

void WorkerCounters::add_to(ServerCounters& sum) const {
  sum.opened += opened.get();
  sum.closed += closed.get();
  sum.refused += refused.get();
  sum.requests += requests.get();
  sum.bytes_in += bytes_in.get();
  sum.bytes_out += bytes_out.get();
  for (std::size_t i = 0; i < kServerFaults; ++i) sum.faults[i] += faults[i].get();
}

ServerWorker::ServerWorker(ServerShared& shared, int index, int listener)
    : shared_(shared),
      index_(index),
      listener_(context_, listener),
      ticker_(context_),
      pause_(context_),
      drain_limit_(context_),
      tick_length_(std::clamp<Clock::duration>(shared.options.idle_timeout / 4,
                                               std::chrono::milliseconds(5),
                                               std::chrono::milliseconds(500))),
      now_(Clock::now()),
      date_line_(make_date_line()),
      scratch_(kScratch) {}

ServerWorker::~ServerWorker() = default;

void ServerWorker::run() {
  // OpenSSL writes without MSG_NOSIGNAL: what it raises stays pending on this thread.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  wait_for_clients();
  tick();
  context_.run();
}

void ServerWorker::wait_for_clients() {
  listener_.async_wait(Descriptor::wait_read, [this](const error_code& error) {
    if (error || draining_) return;
    options().accept_delay.count() > 0 ? accept_slowly() : accept();
  });
}

void ServerWorker::accept_slowly() {
  pause_.expires_after(options().accept_delay);
  pause_.async_wait([this](const error_code& error) {
    if (error || draining_) return;
    const int fd =
        ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) admit(fd);
    wait_for_clients();
  });
}

void ServerWorker::accept() {
  for (;;) {
    const int fd =
        ::accept4(listener_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      admit(fd);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (draining_) return;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return wait_for_clients();
    pause_.expires_after(kPause);
    pause_.async_wait([this](const error_code& error) {
      if (!error && !draining_) accept();
    });
    return;
  }
}

void ServerWorker::admit(int fd) {
  const bool refused = shared_.open.fetch_add(1) >= options().max_connections;
  if (refused) {
    --shared_.open;
    counters_.refused.add();
    // A client that speaks TLS would have to be shaken hands with before it could be told.
    if (tls() != nullptr || refused_open_ >= kMaxRefusedOpen) {
      ::close(fd);
      return;
    }
    ++refused_open_;
  } else {
    counters_.opened.add();
  }
  const boost::intrusive_ptr<ServerConnection> connection(new ServerConnection(*this, fd, refused));
  connection->place = connections_.size();
  connections_.push_back(connection);
  connection->start();
}

void ServerWorker::replace(ServerClient& before, boost::intrusive_ptr<ServerClient> after) {
  after->place = before.place;
  connections_[before.place] = std::move(after);
}

bool ServerWorker::delays_next() {
  const std::int64_t number = ++shared_.websockets;
  return options().ws.delay.count() > 0 && number % options().ws.delay_every == 0;
}

WsDelayLine& ServerWorker::delays() {
  if (!delays_) delays_ = std::make_unique<WsDelayLine>(*this);
  return *delays_;
}

void ServerWorker::forget(ServerClient& connection) {
  if (connection.refused()) {
    --refused_open_;
  } else {
    --shared_.open;
    counters_.closed.add();
  }
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  connections_.pop_back();
  end_if_drained();
}

void ServerWorker::tick() {
  now_ = Clock::now();
  date_line_ = make_date_line();
  // Backwards: a connection that goes is replaced by the last one, which has been looked at.
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const boost::intrusive_ptr<ServerClient> connection = connections_[i];
    connection->check_time(now_);
  }
  if (draining_ && connections_.empty()) return;
  ticker_.expires_after(tick_length_);
  ticker_.async_wait([this](const error_code& error) {
    if (!error) tick();
  });
}

void ServerWorker::begin_drain(Clock::time_point deadline) {
  boost::asio::post(context_, [this, deadline] { drain(deadline); });
}

void ServerWorker::drain(Clock::time_point deadline) {
  if (draining_) return;
  draining_ = true;
  accept();  // those who believe that they are connected
  error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const boost::intrusive_ptr<ServerClient> connection = connections_[i];
    connection->drain();
  }
  if (connections_.empty()) return end_if_drained();
  drain_limit_.expires_at(deadline);
  drain_limit_.async_wait([this](const error_code& error) {
    if (!error) cut_all();
  });
}

void ServerWorker::cut_all() {
  while (!connections_.empty()) {
    const boost::intrusive_ptr<ServerClient> connection = connections_.back();
    if (!connection->lingering()) ++cut_off_;
    connection->close();
  }
}

void ServerWorker::end_if_drained() {
  if (!draining_ || !connections_.empty()) return;
  if (delays_) delays_->end();
  ticker_.cancel();
  drain_limit_.cancel();
}

}  // namespace scalectl::net
