// ServerWorker: one thread of an HttpServer: its event loop, listener, connections and counters.
// Internal to net. All of it runs on its own thread, but for begin_drain() and counters().
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/http_server.hpp"
#include "net/http_server_sockets.hpp"

namespace scalectl::net {

class ServerConnection;
class WsDelayLine;

/// A count that one thread makes and any may read; costs what a plain one does.
class OwnCounter {
 public:
  void add(std::uint64_t count = 1) {
    count_.store(count_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }
  std::uint64_t get() const { return count_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> count_ = 0;
};

/// As WsCounters, of one thread.
struct WsOwnCounters {
  OwnCounter opened, compressed, messages, ignored, deliveries, undelivered, delayed, overflowed;
  std::array<OwnCounter, 4000> closed;  ///< by code, from 1000

  void count_close(int code);
  void add_to(WsCounters& sum) const;
};

struct alignas(64) WorkerCounters {
  OwnCounter opened, closed, refused, requests, bytes_in, bytes_out;
  std::array<OwnCounter, kServerFaults> faults;
  WsOwnCounters ws;

  void add_to(ServerCounters& sum) const;
};

/// What the threads of a server have in common.
struct ServerShared {
  const ServerOptions& options;
  ServerHandler& handler;
  SSL_CTX* tls;
  std::atomic<std::int64_t> open = 0;        ///< connections, over all threads
  std::atomic<std::int64_t> websockets = 0;  ///< opened so far
};

/// A connection, whatever it speaks, as its worker sees it.
class ServerClient
    : public boost::intrusive_ref_counter<ServerClient, boost::thread_unsafe_counter> {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~ServerClient() = default;
  /// The worker's clock has moved on: closes what has waited too long.
  virtual void check_time(Clock::time_point now) = 0;
  /// The server ends: no more than what has begun.
  virtual void drain() = 0;
  virtual void close() = 0;
  /// Over the limit: it is only told so.
  virtual bool refused() const = 0;
  /// Everything is said, and only the client's end is waited for.
  virtual bool lingering() const = 0;

  std::size_t place = 0;  ///< among the worker's connections
};

class ServerWorker {
 public:
  using Clock = std::chrono::steady_clock;
  using Executor = boost::asio::io_context::executor_type;
  /// Asio only waits for readiness here; reading and writing are plain calls, without the attempt
  /// in vain that async_read_some makes before each wait.
  using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor>;

  ServerWorker(ServerShared& shared, int index, int listener);
  ~ServerWorker();
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;

  /// The thread: until a drain is over.
  void run();
  /// Asks for the end: no more connections, and those there are have until `deadline`.
  void begin_drain(Clock::time_point deadline);
  std::uint64_t cut_off() const { return cut_off_; }  ///< once run() is over

  // For the connections.
  const ServerOptions& options() const { return shared_.options; }
  ServerHandler& handler() const { return shared_.handler; }
  SSL_CTX* tls() const { return shared_.tls; }
  int index() const { return index_; }
  bool draining() const { return draining_; }
  boost::asio::io_context& context() { return context_; }
  WorkerCounters& counters() { return counters_; }
  const WorkerCounters& counters() const { return counters_; }
  /// "Date: …\r\n", at most a second old.
  const std::string& date_line() const { return date_line_; }
  /// `length` from now or, since the worker's clock ticks coarsely, a little later.
  Clock::time_point deadline_in(Clock::duration length) const {
    return now_ + length + tick_length_;
  }
  /// Room to read into, for the length of one read.
  std::vector<char>& scratch() { return scratch_; }
  void forget(ServerClient& connection);
  /// `after` goes on where `before` was.
  void replace(ServerClient& before, boost::intrusive_ptr<ServerClient> after);
  /// A WebSocket is opened: whether what it is sent has to wait.
  bool delays_next();
  WsDelayLine& delays();

 private:
  void wait_for_clients();
  void accept();
  void accept_slowly();
  void admit(int fd);
  void tick();
  void drain(Clock::time_point deadline);
  void cut_all();
  void end_if_drained();

  ServerShared& shared_;
  const int index_;
  boost::asio::io_context context_{1};
  Descriptor listener_;
  Timer ticker_;
  Timer pause_;
  Timer drain_limit_;
  Clock::duration tick_length_;
  Clock::time_point now_;
  std::string date_line_;
  std::vector<char> scratch_;
  std::vector<boost::intrusive_ptr<ServerClient>> connections_;
  std::unique_ptr<WsDelayLine> delays_;
  std::size_t refused_open_ = 0;
  bool draining_ = false;
  std::uint64_t cut_off_ = 0;
  WorkerCounters counters_;
};

}  // namespace scalectl::net
