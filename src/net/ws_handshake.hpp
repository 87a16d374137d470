// The opening handshake of a WebSocket, on the client's side (RFC 6455, 4.1).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/url.hpp"
#include "net/ws_deflate.hpp"

namespace scalectl::net {

struct WsRequest {
  std::vector<std::string> headers;    ///< "Name: value"
  std::vector<std::string> protocols;  ///< subprotocols, the one we like best first
  std::optional<WsDeflate> deflate;    ///< to ask for permessage-deflate
};

/// Sixteen random bytes in base64: the Sec-WebSocket-Key.
std::string make_ws_key();
/// What the server must answer to `key`.
std::string ws_accept(std::string_view key);
/// The bytes of the upgrade request.
std::string ws_upgrade(const Url& url, const WsRequest& request, const std::string& key);

/// The server's answer, from its first byte to the first of the WebSocket.
class WsAnswer {
 public:
  /// To `request`, which was sent with `key`.
  WsAnswer(std::string key, const WsRequest& request);
  ~WsAnswer();
  WsAnswer(const WsAnswer&) = delete;
  WsAnswer& operator=(const WsAnswer&) = delete;

  /// Takes bytes up to the end of the answer's head, and says how many.
  std::size_t feed(std::string_view bytes);
  bool complete() const;
  /// Why it is no upgrade, for people: "status 403 Forbidden", "wrong Sec-WebSocket-Accept"; empty
  /// where it is one.
  const std::string& refusal() const;
  /// 0 where what came is not HTTP.
  int status() const;
  /// The subprotocol that the server chose; empty where it chose none.
  const std::string& protocol() const;
  /// What messages are compressed with; nothing where the server does not.
  const std::optional<WsDeflate>& deflate() const;

 private:
  struct Native;
  std::unique_ptr<Native> native_;
};

}  // namespace scalectl::net
