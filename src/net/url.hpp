// Url: the http, https, ws and wss URLs that load is driven against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scalectl::net {

struct Url {
  bool websocket = false;  ///< ws or wss
  bool tls = false;
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  std::string target = "/";  ///< path and query

  /// What the Host header says: the port is left out where it is the scheme's own.
  std::string authority() const;
  std::string text() const;
};

/// "http://host[:port][/path][?query]". Without a scheme it is http. Throws Error (usage) that quotes
/// the URL and names the place.
Url parse_url(std::string_view text);

/// The same of "ws://…" and "wss://…"; without a scheme it is ws.
Url parse_ws_url(std::string_view text);

/// Where a redirect from `url` to `location` leads, as path and query; nothing where that is another
/// server, or no URL at all.
std::optional<std::string> redirect_target(const Url& url, std::string_view location);

}  // namespace scalectl::net
