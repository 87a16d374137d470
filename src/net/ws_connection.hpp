// WsConnection: a client's WebSocket, from connecting through the upgrade to the close, on a Loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/transport.hpp"
#include "net/websocket.hpp"
#include "net/ws_handshake.hpp"

namespace scalectl::net {

/// How a WebSocket ended.
struct WsClose {
  int code = WebSocket::kAbnormal;  ///< kAbnormal where the connection ended without a close frame
  std::string reason;    ///< of the close frame, or what ended the connection where there was none
  bool by_peer = false;  ///< the peer's close frame came before ours, or the peer ended it without
};

class WsConnection {
 public:
  /// What happens to it. None of these is called from within a call of the owner's.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The upgrade is done. `upgraded`: the instant of it.
    virtual void on_open(const OpenTimes& times, core::Nanos upgraded) = 0;
    virtual void on_message(std::string_view message, bool text, core::Nanos now) = 0;
    /// It was open and is closed.
    virtual void on_close(const WsClose& close) = 0;
    /// It never was open: no connection, or the upgrade was refused.
    virtual void on_failure(const Failure& failure) = 0;
  };

  /// `max_message` in bytes: a longer one is answered with close code 1009.
  WsConnection(Loop& loop, Owner& owner, Traffic& traffic, std::size_t max_message);
  ~WsConnection();
  WsConnection(const WsConnection&) = delete;
  WsConnection& operator=(const WsConnection&) = delete;

  void open(const Url& url, const WsRequest& request, const Address& to, const Address* source,
            const TlsContext* tls);
  /// Only when open.
  void send(std::string_view message, bool text = true);
  /// Sends a close frame; on_close() tells when the peer has answered it. Only when open.
  void close(int code, std::string_view reason = "");
  /// Ends it without a word to anybody.
  void drop();
  void read(bool wanted);

  bool is_open() const;
  bool is_compressing() const;
  /// Bytes that wait for the socket to take them.
  std::size_t queued() const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
