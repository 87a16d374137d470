// ServerConnection: one client of a ServerWorker, from the accept to the close, as a state machine
// that goes on until it would have to wait; or to its upgrade, when a WsSession takes its place.
// Internal to net.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http_server_parser.hpp"
#include "net/http_server_sockets.hpp"
#include "net/http_server_worker.hpp"

namespace scalectl::net {

class ServerConnection final : public ServerClient {
 public:
  /// Takes `fd` over.
  ServerConnection(ServerWorker& worker, int fd, bool refused);

  void start();
  void check_time(Clock::time_point now) override;
  /// No more requests than those that have arrived.
  void drain() override;
  void close() override;
  bool refused() const override { return refused_; }
  bool lingering() const override { return state_ == State::kLinger; }

 private:
  enum class State { kHandshake, kRead, kDelay, kWrite, kLinger, kClosed };

  void advance();
  /// These do one step and return false where they have to wait (or have closed).
  bool handshake();
  bool read();
  bool write();
  bool linger();

  bool parse();
  void answer();
  void make_head();
  void refuse(ServerFault fault);
  void refuse(int status, std::string_view words);
  bool finish_response();
  void upgrade();
  void begin_linger();
  void touch();
  void wait_for(ServerStream::Io io);
  void later();
  std::string_view body() const { return no_body_ ? std::string_view() : response_.body; }

  ServerWorker& worker_;
  ServerWorker::Descriptor socket_;
  ServerStream stream_;
  ServerParser parser_;
  const bool refused_;
  State state_;
  bool may_have_more_ = false;  ///< a read may find something without a wait
  bool close_after_ = false;
  bool linger_after_ = false;
  bool no_body_ = false;
  bool interim_ = false;  ///< it is 100 (Continue) that is being sent
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  int streak_ = 0;  ///< requests answered without letting others come in between
  ServerWorker::Clock::time_point deadline_;
  std::string in_;  ///< what was read and not yet parsed
  std::size_t parsed_ = 0;
  ServerResponse response_;
  std::string head_;
  std::size_t sent_ = 0;  ///< of head and body
  std::unique_ptr<ServerWorker::Timer> delay_;
};

}  // namespace scalectl::net
