#include "net/ws_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/rfc7230.hpp>
#include <numeric>

#include "net/http_server.hpp"
#include "net/ws_handshake.hpp"

namespace scalectl::net {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kVersion = "13";

bool is_named(const ServerRequest::Field& field, std::string_view name) {
  return boost::beast::iequals({field.name.data(), field.name.size()}, {name.data(), name.size()});
}

/// Whether a list of tokens, over however many fields, has `token` in it.
bool lists(const ServerRequest& request, std::string_view name, std::string_view token) {
  return std::any_of(request.fields->begin(), request.fields->end(), [&](const auto& field) {
    return is_named(field, name) && http::token_list({field.value.data(), field.value.size()})
                                        .exists({token.data(), token.size()});
  });
}

/// As lists(), but with the case that protocols have.
bool offers(const ServerRequest& request, std::string_view protocol) {
  for (const ServerRequest::Field& field : *request.fields) {
    if (!is_named(field, "Sec-WebSocket-Protocol")) continue;
    for (const auto token : http::token_list({field.value.data(), field.value.size()})) {
      if (std::string_view(token.data(), token.size()) == protocol) return true;
    }
  }
  return false;
}

std::size_t count(const ServerRequest& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.fields->begin(), request.fields->end(),
                    [&](const auto& field) { return is_named(field, name); }));
}

/// The values of all fields called `name`, as one list.
std::string joined(const ServerRequest& request, std::string_view name) {
  std::string list;
  for (const ServerRequest::Field& field : *request.fields) {
    if (is_named(field, name)) list += (list.empty() ? "" : ", ") + std::string(field.value);
  }
  return list;
}

/// Sixteen bytes in base64.
bool is_key(std::string_view text) {
  constexpr std::size_t kDigits = 22;
  return text.size() == kDigits + 2 && text.substr(kDigits) == "==" &&
         std::all_of(text.begin(), text.begin() + kDigits, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

bool refuse(ServerResponse& response, int status, std::string_view words) {
  response.status = status;
  response.buffer = fmt::format("{{\"error\":\"{}\"}}\n", words);
  response.use_buffer();
  if (status == 426) {
    response.add_header("Upgrade", "websocket");
    response.add_header("Connection", "Upgrade");
    response.add_header("Sec-WebSocket-Version", kVersion);
  }
  return false;
}

}  // namespace

std::uint64_t WsCounters::open() const {
  return std::accumulate(closed.begin(), closed.end(), opened,
                         [](std::uint64_t left, const auto& row) { return left - row.second; });
}

WsFramePtr encode_ws(std::string_view message, bool text) {
  constexpr std::size_t kShort = 125;  // RFC 6455, 5.2
  auto frame = std::make_shared<WsFrame>();
  std::string& bytes = frame->bytes;
  const std::size_t size = message.size();
  const int width = size <= kShort ? 0 : size <= 0xFFFF ? 2 : 8;
  frame->head = 2 + static_cast<std::size_t>(width);
  bytes.reserve(frame->head + size);
  bytes += static_cast<char>(text ? 0x81 : 0x82);
  bytes += static_cast<char>(width == 0 ? size : width == 2 ? 126 : 127);
  for (int i = width; i-- > 0;) {
    bytes += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i) & 0xFF);
  }
  bytes += message;
  return frame;
}

bool accept_ws(const ServerRequest& request, std::string_view subprotocol, bool deflate,
               ServerResponse& response) {
  if (request.http10) return refuse(response, 400, "a WebSocket needs HTTP/1.1");
  if (!lists(request, "Upgrade", "websocket") || !lists(request, "Connection", "upgrade")) {
    return refuse(response, 426, "this path speaks WebSocket");
  }
  const std::string_view version = request.header("Sec-WebSocket-Version");
  if (version.empty()) return refuse(response, 400, "Sec-WebSocket-Version is missing");
  if (version != kVersion || count(request, "Sec-WebSocket-Version") != 1) {
    const bool number =
        std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number ? refuse(response, 426, "only version 13 of WebSocket is spoken")
                  : refuse(response, 400, "Sec-WebSocket-Version is no number");
  }
  const std::string_view key = request.header("Sec-WebSocket-Key");
  if (!is_key(key) || count(request, "Sec-WebSocket-Key") != 1) {
    return refuse(response, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
  }
  response.status = 101;
  response.add_header("Upgrade", "websocket");
  response.add_header("Connection", "Upgrade");
  response.add_header("Sec-WebSocket-Accept", ws_accept(key));
  if (!subprotocol.empty() && offers(request, subprotocol)) {
    response.add_header("Sec-WebSocket-Protocol", subprotocol);
  }
  if (!deflate) return true;
  if (const auto answer = answer_deflate(joined(request, "Sec-WebSocket-Extensions"))) {
    response.add_header("Sec-WebSocket-Extensions", answer->text);
    response.deflate = answer->agreed;
  }
  return true;
}

}  // namespace scalectl::net
