#include "net/websocket.hpp"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

#include "net/utf8.hpp"

namespace scalectl::net {
namespace {

/// Close codes that were registered with IANA after the RFC: 1012 service restart, 1013 try again
/// later, 1014 bad gateway.
constexpr int kServiceRestart = 1012;
constexpr int kBadGateway = 1014;

/// Masks need to be unpredictable to proxies, not to cryptographers; SplitMix64 from a random seed.
std::uint64_t next_random() {
  static thread_local std::uint64_t state = [] {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) ^ device();
  }();
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

struct WebSocket::Native {
  Native(Role own_role, Sink& its_sink, std::size_t its_max_message,
         const std::optional<WsDeflate>& deflate)
      : role(own_role), sink(its_sink), max_message(its_max_message) {
    const wslay_event_callbacks callbacks{.recv_callback = receive,
                                          .send_callback = transmit,
                                          .genmask_callback = make_mask,
                                          .on_frame_recv_start_callback = begin_frame,
                                          .on_frame_recv_chunk_callback = take_part,
                                          .on_frame_recv_end_callback = end_frame,
                                          .on_msg_recv_callback = take_message};
    const int failed = role == Role::kClient
                           ? wslay_event_context_client_init(&context, &callbacks, this)
                           : wslay_event_context_server_init(&context, &callbacks, this);
    if (failed != 0) throw std::bad_alloc();
    wslay_event_config_set_max_recv_msg_length(context, max_message);
    if (!deflate) return;
    // What cannot be compressed is longer on the wire. What it comes to is judged when it is there.
    wslay_event_config_set_max_recv_msg_length(context, max_message + max_message / 8 + 64);
    wslay_event_config_set_allowed_rsv_bits(context, WSLAY_RSV1_BIT);
    const bool client = role == Role::kClient;
    compressor.emplace(client ? deflate->client : deflate->server);
    expander.emplace(client ? deflate->server : deflate->client);
  }
  ~Native() { wslay_event_context_free(context); }

  static Native& of(void* user) { return *static_cast<Native*>(user); }

  static ssize_t receive(wslay_event_context_ptr context, std::uint8_t* buffer, std::size_t size,
                         int /*flags*/, void* user) {
    Native& self = of(user);
    if (self.input.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t taken = std::min(size, self.input.size());
    std::memcpy(buffer, self.input.data(), taken);
    self.input.remove_prefix(taken);
    return static_cast<ssize_t>(taken);
  }

  static ssize_t transmit(wslay_event_context_ptr /*context*/, const std::uint8_t* data,
                          std::size_t size, int /*flags*/, void* user) {
    of(user).output.append(reinterpret_cast<const char*>(data), size);
    return static_cast<ssize_t>(size);
  }

  static int make_mask(wslay_event_context_ptr /*context*/, std::uint8_t* buffer, std::size_t size,
                       void* /*user*/) {
    for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
      const std::uint64_t random = next_random();
      std::memcpy(buffer + at, &random, std::min(sizeof random, size - at));
    }
    return 0;
  }

  static void begin_frame(wslay_event_context_ptr /*context*/,
                          const wslay_event_on_frame_recv_start_arg* frame, void* user) {
    Native& self = of(user);
    self.in_close = frame->opcode == WSLAY_CONNECTION_CLOSE;
    self.close_body.clear();
  }

  static void take_part(wslay_event_context_ptr /*context*/,
                        const wslay_event_on_frame_recv_chunk_arg* part, void* user) {
    Native& self = of(user);
    if (!self.in_close) return;
    self.close_body.append(reinterpret_cast<const char*>(part->data), part->data_length);
  }

  /// wslay knows the codes of the RFC only, and meets younger ones with 1002. A close that is
  /// queued already stays, so they are answered here, before wslay looks at them.
  static void end_frame(wslay_event_context_ptr context, void* user) {
    Native& self = of(user);
    if (!self.in_close || self.close_body.size() < 2) return;
    const int code = static_cast<unsigned char>(self.close_body[0]) << 8 |
                     static_cast<unsigned char>(self.close_body[1]);
    if (code < kServiceRestart || code > kBadGateway) return;
    self.younger_code = code;
    self.reason = self.close_body.substr(2);
    wslay_event_queue_close(context, static_cast<std::uint16_t>(code),
                            reinterpret_cast<const std::uint8_t*>(self.reason.data()),
                            self.reason.size());
  }

  static void take_message(wslay_event_context_ptr /*context*/,
                           const wslay_event_on_msg_recv_arg* message, void* user) {
    Native& self = of(user);
    const std::string_view payload(reinterpret_cast<const char*>(message->msg),
                                   message->msg_length);
    switch (message->opcode) {
      case WSLAY_TEXT_FRAME:
      case WSLAY_BINARY_FRAME:
        if (wslay_get_rsv1(message->rsv) != 0) {
          return self.expand(payload, message->opcode == WSLAY_TEXT_FRAME);
        }
        if (payload.size() > self.max_message) return self.refuse(WSLAY_CODE_MESSAGE_TOO_BIG);
        return self.sink.on_message(payload, message->opcode == WSLAY_TEXT_FRAME);
      case WSLAY_CONNECTION_CLOSE:
        // The payload begins with the two bytes of the code.
        self.reason = payload.substr(std::min<std::size_t>(2, payload.size()));
        self.malformed = payload.size() == 1;
        return;
      default:
        return;
    }
  }

  void expand(std::string_view payload, bool text) {
    std::string_view message;
    switch (expander->expand(payload, max_message, message)) {
      case WsExpander::Fate::kTooLong:
        return refuse(WSLAY_CODE_MESSAGE_TOO_BIG);
      case WsExpander::Fate::kMalformed:
        return refuse(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
      case WsExpander::Fate::kWhole:
        break;
    }
    if (text && !is_utf8(message)) return refuse(WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
    sink.on_message(message, text);
  }

  /// Closes because of what came; nothing more is read.
  void refuse(std::uint16_t code) {
    wslay_event_queue_close(context, code, nullptr, 0);
    wslay_event_shutdown_read(context);
  }

  void queue(std::uint8_t opcode, std::string_view payload) {
    const bool compress =
        compressor && (opcode == WSLAY_TEXT_FRAME || opcode == WSLAY_BINARY_FRAME);
    if (compress) payload = compressor->compress(payload);
    const wslay_event_msg message{.opcode = opcode,
                                  .msg = reinterpret_cast<const std::uint8_t*>(payload.data()),
                                  .msg_length = payload.size()};
    wslay_event_queue_msg_ex(context, &message, compress ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE);
    wslay_event_send(context);
  }

  /// Where a frame's own form is wrong, wslay closes without a code: the RFC has one for that
  /// (7.1.7, 7.4.1). Its empty close frame is the last of the output.
  void name_the_error() {
    malformed = true;
    const std::uint16_t code = WSLAY_CODE_PROTOCOL_ERROR;
    const char body[] = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    output.resize(output.size() - (role == Role::kClient ? 6 : 2));
    output += '\x88';
    if (role == Role::kServer) {
      output += '\x02';
      output.append(body, sizeof body);
      return;
    }
    std::uint8_t mask[4];
    make_mask(context, mask, sizeof mask, this);
    output += '\x82';
    output.append(reinterpret_cast<const char*>(mask), sizeof mask);
    for (std::size_t i = 0; i < sizeof body; ++i) output += static_cast<char>(body[i] ^ mask[i]);
  }

  const Role role;
  wslay_event_context_ptr context = nullptr;
  Sink& sink;
  const std::size_t max_message;
  std::optional<WsCompressor> compressor;
  std::optional<WsExpander> expander;
  std::string_view input;
  std::string output;
  std::string reason;
  bool in_close = false;  // the frame that is being received is a close
  std::string close_body;
  int younger_code = 0;  // the peer's, where wslay does not know it
  bool malformed = false;
};

WebSocket::WebSocket(Role role, Sink& sink, std::size_t max_message,
                     const std::optional<WsDeflate>& deflate)
    : native_(std::make_unique<Native>(role, sink, max_message, deflate)) {}
WebSocket::~WebSocket() = default;

bool WebSocket::feed(std::string_view bytes) {
  native_->input = bytes;
  const bool fine = wslay_event_recv(native_->context) == 0;
  native_->input = {};
  // Answers to pings and closes, and the close that a broken frame is met with.
  const bool closed_before = close_sent();
  wslay_event_send(native_->context);
  if ((!fine || native_->malformed) && !closed_before && close_sent() &&
      wslay_event_get_status_code_sent(native_->context) == WSLAY_CODE_NO_STATUS_RCVD) {
    native_->name_the_error();
  }
  return fine && (wslay_event_want_read(native_->context) != 0 ||
                  wslay_event_want_write(native_->context) != 0);
}

void WebSocket::send(std::string_view message, bool text) {
  native_->queue(text ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME, message);
}

bool WebSocket::is_compressing() const { return native_->compressor.has_value(); }

void WebSocket::ping(std::string_view payload) { native_->queue(WSLAY_PING, payload); }

void WebSocket::close(int code, std::string_view reason) {
  wslay_event_queue_close(native_->context, static_cast<std::uint16_t>(code),
                          reinterpret_cast<const std::uint8_t*>(reason.data()), reason.size());
  wslay_event_send(native_->context);
}

std::string& WebSocket::due() { return native_->output; }

bool WebSocket::close_sent() const { return wslay_event_get_close_sent(native_->context) != 0; }
bool WebSocket::close_received() const {
  if (native_->malformed) return false;
  return native_->younger_code != 0 || wslay_event_get_close_received(native_->context) != 0;
}

int WebSocket::peer_code() const {
  if (!close_received()) return kAbnormal;
  if (native_->younger_code != 0) return native_->younger_code;
  const int code = wslay_event_get_status_code_received(native_->context);
  return code == 0 ? kNoStatus : code;
}

const std::string& WebSocket::peer_reason() const { return native_->reason; }

int WebSocket::own_code() const {
  if (!close_sent()) return 0;
  if (native_->malformed) return WSLAY_CODE_PROTOCOL_ERROR;
  const int code = wslay_event_get_status_code_sent(native_->context);
  return code == 0 ? kNoStatus : code;
}

}  // namespace scalectl::net
