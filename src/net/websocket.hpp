// WebSocket: the protocol of RFC 6455 after the handshake, from bytes to messages and back, for
// either side. It does no input or output: its owner feeds what was read, and writes what is due.
//
// Pings are answered, a close is answered, and what breaks the protocol (a mask where none may be,
// text that is not UTF-8, fragments that interleave, a message past the limit) is answered with the
// close code that the RFC names; closing() and close_sent() tell.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/ws_deflate.hpp"

namespace scalectl::net {

class WebSocket {
 public:
  enum class Role { kClient, kServer };

  /// What arrives. Called from within feed().
  class Sink {
   public:
    virtual ~Sink() = default;
    /// A whole message; `text` tells it from a binary one. The view ends with the call.
    virtual void on_message(std::string_view message, bool text) = 0;
  };

  /// Close codes that no frame carries (RFC 6455, 7.1.5).
  static constexpr int kNoStatus = 1005;
  static constexpr int kAbnormal = 1006;

  /// `max_message` in bytes, of a message as its sender wrote it. With `deflate`, what is sent is
  /// compressed, and what comes may be.
  WebSocket(Role role, Sink& sink, std::size_t max_message,
            const std::optional<WsDeflate>& deflate = {});
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  /// Takes all of `bytes`; false once the connection is of no more use (broken, or closed by both).
  bool feed(std::string_view bytes);

  void send(std::string_view message, bool text = true);
  bool is_compressing() const;
  void ping(std::string_view payload);
  /// Begins to close; the first one counts.
  void close(int code, std::string_view reason = "");

  /// Bytes to write. The owner removes what it has written from the front.
  std::string& due();

  bool close_sent() const;
  bool close_received() const;
  /// What the peer closed with: its code, kNoStatus where its frame had none, kAbnormal where there
  /// was no frame.
  int peer_code() const;
  const std::string& peer_reason() const;
  /// What we closed with, of our own or because the peer broke the protocol; 0 while not.
  int own_code() const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
