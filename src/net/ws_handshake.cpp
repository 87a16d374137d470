#include "net/ws_handshake.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <stdexcept>

namespace scalectl::net {
namespace {

namespace http = boost::beast::http;

constexpr const char* kMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::uint32_t kHeaderLimit = 64 * 1024;

std::string base64(const unsigned char* bytes, int size) {
  std::string text(static_cast<std::size_t>((size + 2) / 3 * 4 + 1), '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, size);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace

std::string make_ws_key() {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  return base64(bytes, sizeof bytes);
}

std::string ws_accept(std::string_view key) {
  const std::string text = std::string(key) + kMagic;
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return base64(digest, sizeof digest);
}

std::string ws_upgrade(const Url& url, const WsRequest& request, const std::string& key) {
  std::string text = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n",
      url.target, url.authority(), key);
  if (!request.protocols.empty()) {
    text += fmt::format("Sec-WebSocket-Protocol: {}\r\n", fmt::join(request.protocols, ", "));
  }
  if (request.deflate) {
    text += fmt::format("Sec-WebSocket-Extensions: {}\r\n", deflate_offer(*request.deflate));
  }
  for (const std::string& header : request.headers) text += header + "\r\n";
  return text + "\r\n";
}

struct WsAnswer::Native {
  std::string key;
  std::vector<std::string> protocols;
  std::optional<WsDeflate> wanted;
  http::response_parser<http::empty_body> parser;
  std::string carry;
  bool done = false;
  int status = 0;
  std::string refusal;
  std::string protocol;
  std::optional<WsDeflate> deflate;

  void judge() {
    const auto& answer = parser.get();
    status = static_cast<int>(answer.result_int());
    protocol = std::string(answer[http::field::sec_websocket_protocol]);
    if (answer.result() != http::status::switching_protocols) {
      refusal = fmt::format("status {} {}", status, std::string(answer.reason()));
    } else if (!http::token_list(answer[http::field::connection]).exists("upgrade") ||
               !http::token_list(answer[http::field::upgrade]).exists("websocket")) {
      refusal = "the answer does not upgrade to websocket";
    } else if (answer[http::field::sec_websocket_accept] != ws_accept(key)) {
      refusal = "wrong Sec-WebSocket-Accept";
    } else if (!protocol.empty() &&
               std::find(protocols.begin(), protocols.end(), protocol) == protocols.end()) {
      refusal = "a subprotocol that nobody asked for: " + protocol;
    } else if (protocol.empty() && !protocols.empty()) {
      refusal = "none of the subprotocols was taken";
    } else {
      judge_extensions();
    }
  }

  void judge_extensions() {
    std::string extensions;  // a list may stand in several fields
    const auto [begin, end] = parser.get().equal_range(http::field::sec_websocket_extensions);
    for (auto field = begin; field != end; ++field) {
      extensions += (extensions.empty() ? "" : ", ") + std::string(field->value());
    }
    try {
      deflate = judge_deflate(extensions, wanted);
    } catch (const std::invalid_argument& fault) {
      refusal = fault.what();
    }
  }
};

WsAnswer::WsAnswer(std::string key, const WsRequest& request)
    : native_(new Native{
          .key = std::move(key), .protocols = request.protocols, .wanted = request.deflate}) {
  native_->parser.header_limit(kHeaderLimit);
  native_->parser.skip(true);  // what follows the head is the WebSocket's
}
WsAnswer::~WsAnswer() = default;

std::size_t WsAnswer::feed(std::string_view bytes) {
  Native& self = *native_;
  const std::size_t before = self.carry.size();
  self.carry += bytes;
  boost::system::error_code error;
  const std::size_t used =
      self.parser.put(boost::asio::const_buffer(self.carry.data(), self.carry.size()), error);
  if (error == http::error::need_more) {
    self.carry.erase(0, used);
    return bytes.size();
  }
  self.done = true;
  if (error) {
    self.refusal = "not HTTP: " + error.message();
    return bytes.size();
  }
  self.judge();
  return used > before ? used - before : 0;
}

bool WsAnswer::complete() const { return native_->done; }
const std::string& WsAnswer::refusal() const { return native_->refusal; }
int WsAnswer::status() const { return native_->status; }
const std::string& WsAnswer::protocol() const { return native_->protocol; }
const std::optional<WsDeflate>& WsAnswer::deflate() const { return native_->deflate; }

}  // namespace scalectl::net
