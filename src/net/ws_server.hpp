// WebSockets on an HttpServer (RFC 6455): a handler that answers an upgrade with status 101 gives
// the response a WsPeer, and the connection goes on as a WebSocket on the thread that it is on.
//
// Frames are built once and shared by all who receive them, on whatever thread; a connection with
// permessage-deflate compresses them for itself. One that takes less than it is sent has a queue
// with a bound; past that its waiting messages are thrown away and it is closed with 1013. Masked
// frames are required (1002), text is UTF-8 (1007), messages have a limit (1009). A client that is
// silent for half of the server's idle timeout is sent a ping, and dropped when that brings nothing
// either. While the server drains, clients are closed with 1001.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace scalectl::net {

struct ServerRequest;
struct ServerResponse;

/// An encoded frame, as a server sends it: unmasked.
struct WsFrame {
  std::string bytes;
  bool message = true;   ///< false for control frames
  std::size_t head = 0;  ///< of a message: bytes before its payload

  std::string_view payload() const { return std::string_view(bytes).substr(head); }
  bool is_text() const { return (bytes.front() & 0x0F) == 1; }
};
using WsFramePtr = std::shared_ptr<const WsFrame>;

/// A whole message in one frame, not compressed.
WsFramePtr encode_ws(std::string_view message, bool text);

/// A connection, for its peer. Everything is called on the connection's own thread.
class WsSocket {
 public:
  virtual ~WsSocket() = default;
  /// Queues a message; nothing where the connection is closing. What is sent from without
  /// on_message() leaves with flush().
  virtual void send(WsFramePtr frame) = 0;
  /// Writes what is queued. May end the connection: WsPeer::on_close() is then called within.
  virtual void flush() = 0;
  /// Closes once what has been sent in this turn of the loop, delayed or not, has been queued.
  /// Messages that arrive meanwhile are ignored. `reason` is static text.
  virtual void close_soon(int code, std::string_view reason) = 0;
};

/// What a connection is for. Made in ServerHandler::handle(); lives as long as the connection and
/// is called on its thread.
class WsPeer {
 public:
  WsPeer() = default;
  WsPeer(const WsPeer&) = delete;
  WsPeer& operator=(const WsPeer&) = delete;
  virtual ~WsPeer() = default;

  /// The answer to the handshake has been sent. `socket` is there until on_close().
  virtual void on_open(WsSocket& socket) = 0;
  virtual void on_message(std::string_view message, bool text) = 0;
  virtual void on_close() = 0;
  /// True where all that the client is sent answers what it has said: nothing more is then read
  /// from a client that does not read, in place of the close with 1013.
  virtual bool paced() const { return false; }
};

/// What holds for all WebSockets of a server.
struct WsOptions {
  std::size_t max_message = 1024 * 1024;  ///< from a client, in bytes
  std::size_t max_queue = 1024 * 1024;    ///< bytes that wait for one client to read
  std::chrono::microseconds delay{0};     ///< what is sent waits so long before it is queued
  std::int64_t delay_every = 1;           ///< only for the Nth, 2Nth, … WebSocket opened
};

/// What has happened since the start, over all threads.
struct WsCounters {
  std::uint64_t opened = 0;
  std::uint64_t compressed = 0;  ///< of them, with permessage-deflate
  std::uint64_t messages = 0;    ///< received, whole
  std::uint64_t ignored = 0;     ///< of them, because they came after the server's close
  std::uint64_t deliveries = 0;  ///< messages given to connections, delayed ones included
  std::uint64_t undelivered =
      0;                         ///< of them, thrown away: connection gone, or its queue overflowed
  std::uint64_t delayed = 0;     ///< of deliveries
  std::uint64_t overflowed = 0;  ///< connections that did not read
  /// Connections by the code of the close frame that came first, whichever side's: 1005 for one
  /// without a code, 1006 where there was none, or ours could not be written.
  std::map<int, std::uint64_t> closed;

  std::uint64_t open() const;
};

/// Judges the request of a handshake (RFC 6455, 4.2). True where it is one: `response` is then the
/// answer, and only needs its peer. Otherwise `response` is the refusal: 426 where there is no
/// upgrade to WebSocket or not to version 13, 400 for what is not well-formed. `subprotocol` (""
/// for none) and, with `deflate`, permessage-deflate are taken where the client offers them.
bool accept_ws(const ServerRequest& request, std::string_view subprotocol, bool deflate,
               ServerResponse& response);

}  // namespace scalectl::net
