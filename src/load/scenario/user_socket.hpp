// UserSocket: a user's WebSocket: what it says is stamped, what it hears is timed, counted and kept
// for those who expect it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "load/deliveries.hpp"
#include "load/scenario/crowd.hpp"
#include "net/ws_connection.hpp"

namespace scalectl::load::scenario {

/// A message as it was heard.
struct Heard {
  std::string text;
  From from = From::kAnyone;  ///< kSelf or kOthers by its stamp; kAnyone without one of this run
};

class UserSocket : net::WsConnection::Owner {
 public:
  /// Who hears what. Never called from within a call of the owner's.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_connected(core::Nanos now) = 0;
    virtual void on_not_connected(const net::Failure& failure, core::Nanos now) = 0;
    /// There is a message to take.
    virtual void on_heard(core::Nanos now) = 0;
    virtual void on_closed(const net::WsClose& close, core::Nanos now) = 0;
  };

  UserSocket(Crowd& crowd, Owner& owner) : crowd_(crowd), owner_(owner) {}

  void connect(int origin, const std::string& target, net::WsRequest request);
  /// Says `message`, which was due at `due`; false where so much waits to be sent already that the
  /// server cannot be reading. Only when open.
  bool send(const SendStep& step, const std::string& message, core::Nanos due);
  /// Only when open; on_closed() tells when the peer has answered.
  void close(int code, const std::string& reason);
  /// Ends it without a word.
  void drop();
  bool is_open() const { return connection_ && connection_->is_open(); }

  /// Whether messages are kept: `wanted` where the user's flow has an expect.
  void keep_messages(bool wanted) { keeps_ = wanted; }
  /// The oldest message that nobody has looked at; nothing where there is none.
  std::optional<Heard> take();

 private:
  void on_open(const net::OpenTimes& times, core::Nanos upgraded) override;
  void on_message(std::string_view message, bool text, core::Nanos now) override;
  void on_close(const net::WsClose& close) override;
  void on_failure(const net::Failure& failure) override;

  From measure(std::string_view message, core::Nanos now);
  void keep(std::string_view message, From from);
  void settle();

  Crowd& crowd_;
  Owner& owner_;
  std::unique_ptr<net::WsConnection> connection_;
  std::uint32_t speaker_ = 0;  // our number on this WebSocket: those who hear us see no gaps
  std::uint32_t sequence_ = 0;
  std::unordered_map<std::uint32_t, Deliveries> heard_;  // by speaker
  std::deque<Heard> inbox_;
  std::size_t inbox_bytes_ = 0;
  bool keeps_ = false;
  bool closing_ = false;
  core::Nanos lost_at_ = 0;  // when it was disconnected; 0 once it hears again
};

}  // namespace scalectl::load::scenario
