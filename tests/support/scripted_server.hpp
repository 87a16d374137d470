// ScriptedServer: an HTTP server that does what a test says, and counts exactly what it was asked.
// It knows nothing of the client under test: its sockets block, and each connection has a thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace scalectl::test {

using Clock = std::chrono::steady_clock;

/// A request that was read to its end.
struct Asked {
  std::string head;  ///< its line and headers
  std::string body;
  std::uint64_t number = 0;         ///< of all that the server read, from 0
  std::uint64_t of_connection = 0;  ///< of those that came over this connection, from 0
  Clock::time_point at;             ///< when its last byte was read

  std::string method() const;
  std::string target() const;
  bool has(const std::string& line) const { return head.find(line) != std::string::npos; }
};

enum class After {
  kKeep,       ///< waits for the next request
  kClose,      ///< closes in order
  kReset,      ///< closes with a reset
  kHalfClose,  ///< says that no more will come, and goes on reading
};

/// What the server says to a request: nothing where `bytes` is empty.
struct Reply {
  std::string bytes;
  Clock::duration delay{};                   ///< before it is written
  std::optional<Clock::time_point> until{};  ///< not before this instant either
  std::string more{};                        ///< a second part, written after `more_delay`
  Clock::duration more_delay{};
  bool trickle = false;  ///< one byte in each write
  After after = After::kKeep;
};

/// A whole answer with a status, header lines ("Name: value\r\n") and a body of its length.
std::string answer(int status, const std::string& headers = "", const std::string& body = "ok");

struct TlsFiles {
  std::string certificate;  ///< PEM files
  std::string key;
  std::string client_ca{};  ///< demands a client's certificate from this authority
};

struct ServerOptions {
  std::string unix_path{};  ///< listens there in place of a port
  std::optional<TlsFiles> tls{};
  Clock::duration handshake_delay{};
  std::optional<Reply> greeting{};  ///< said to each connection before it has asked
  bool reads_body = true;           ///< false: answers once the headers are read
  int port = 0;                     ///< 0: any
};

class ScriptedServer {
 public:
  using Script = std::function<Reply(const Asked&)>;

  /// Listens on 127.0.0.1. `script` is called by the connections' threads, several at once.
  explicit ScriptedServer(Script script, ServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& target = "/") const;

  std::uint64_t requests() const { return requests_; }        ///< read to their end
  std::uint64_t answers() const { return answers_; }          ///< written to their end
  std::uint64_t connections() const { return connections_; }  ///< accepted
  std::vector<Asked> asked() const;                           ///< in the order of their numbers

  /// Refuses connections from now on; those that stand go on.
  void stop_listening();

 private:
  class Line;
  void accept_all();
  void serve(int fd);
  bool pause_until(Clock::time_point instant);

  const Script script_;
  const ServerOptions options_;
  std::shared_ptr<void> tls_;  // SSL_CTX
  int listener_ = -1;
  int port_ = 0;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<std::uint64_t> connections_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<Asked> asked_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// Serves one request after another, `per_second` of them: when the next one is done.
class Fifo {
 public:
  explicit Fifo(int per_second) : each_(std::chrono::nanoseconds(1'000'000'000 / per_second)) {}
  Clock::time_point next();

 private:
  const Clock::duration each_;
  std::mutex mutex_;
  std::optional<Clock::time_point> last_;
};

/// Stands still for the first `length` of each `period`.
class Freezes {
 public:
  Freezes(Clock::duration length, Clock::duration period)
      : length_(length), period_(period), begin_(Clock::now()) {}
  /// `instant`, or the end of the freeze that it falls into.
  Clock::time_point thaw(Clock::time_point instant) const;

 private:
  Clock::duration length_;
  Clock::duration period_;
  Clock::time_point begin_;
};

}  // namespace scalectl::test
