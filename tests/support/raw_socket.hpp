// RawSocket: a WebSocket client that sends exactly the frames a test wants sent, right or wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/raw_client.hpp"

namespace scalectl::test {

/// RFC 6455, 5.2.
struct RawFrame {
  bool fin = true;
  int opcode = 1;
  std::string payload;
  bool masked = true;
  int reserved = 0;  ///< RSV1 to RSV3, as three bits

  std::string bytes() const;
  /// Of a close frame; 1005 where it has none.
  int code() const;
};

enum RawOpcode : int {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

/// The request of a handshake with the key of the RFC's example; `more` header lines end with CRLF.
std::string ws_request(const std::string& path, const std::string& more = "");
/// The payload of a close frame.
std::string close_payload(int code, const std::string& reason = "");

class RawSocket {
 public:
  /// Connects to 127.0.0.1 and shakes hands; throws std::runtime_error where it is refused.
  RawSocket(int port, const std::string& path);

  void send(const RawFrame& frame) { client_.send(frame.bytes()); }
  void say(const std::string& text) { send({.payload = text}); }
  RawFrame receive();
  /// The payloads of the next `count` frames, each a whole text.
  std::vector<std::string> hear(std::size_t count);
  /// Sends a close frame.
  void close(int code) { send({.opcode = kClose, .payload = close_payload(code)}); }
  /// The code of the server's close frame, which comes next; answers it, and expects the end of the
  /// connection. 1006 where the connection ends without one.
  int closed_with();
  RawClient& client() { return client_; }

 private:
  RawClient client_;
};

}  // namespace scalectl::test
