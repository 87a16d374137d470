#include "net/ws_deflate.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/text.hpp"

namespace scalectl::net {
namespace {

constexpr std::string_view kName = "permessage-deflate";

/// A parameter's value where it is one of the lengths of a window.
std::optional<int> bits_of(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  for (int bits = DeflateWindow::kLeastBits; bits <= DeflateWindow::kMostBits; ++bits) {
    if (text == std::to_string(bits)) return bits;
  }
  return std::nullopt;
}

/// One extension of a list, as it is written there.
struct Extension {
  std::string name;
  bool fresh_client = false;  ///< client_no_context_takeover
  bool fresh_server = false;
  bool names_client_bits = false;
  std::optional<int> client_bits;
  std::optional<int> server_bits;
  std::string fault;  ///< empty where all of its parameters can be

  void read(const std::string& parameter) {
    const std::size_t equals = parameter.find('=');
    const std::string key{core::trim(parameter.substr(0, equals))};
    const bool has_value = equals != std::string::npos;
    const std::optional<int> bits =
        has_value ? bits_of(core::trim(std::string_view(parameter).substr(equals + 1)))
                  : std::nullopt;
    const bool fine =
        (key == "client_no_context_takeover" && !has_value && !std::exchange(fresh_client, true)) ||
        (key == "server_no_context_takeover" && !has_value && !std::exchange(fresh_server, true)) ||
        (key == "client_max_window_bits" && has_value == bits.has_value() &&
         !std::exchange(names_client_bits, true)) ||
        (key == "server_max_window_bits" && bits && !server_bits);
    if (!fine) fault = std::string(core::trim(parameter));
    if (key == "client_max_window_bits") client_bits = bits;
    if (key == "server_max_window_bits") server_bits = bits;
  }
};

std::vector<Extension> extensions_in(std::string_view list) {
  std::vector<Extension> found;
  for (const std::string& item : core::split(std::string(list), ',')) {
    const std::vector<std::string> parts = core::split(item, ';');
    Extension extension{.name = std::string(core::trim(parts.front()))};
    if (extension.name.empty() && parts.size() == 1) continue;
    if (extension.name == kName) {
      for (std::size_t i = 1; i < parts.size(); ++i) extension.read(parts[i]);
    }
    found.push_back(std::move(extension));
  }
  return found;
}

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

std::string parameter(std::string_view name, int bits) {
  return fmt::format("; {}={}", name, bits);
}

}  // namespace

std::string deflate_offer(const WsDeflate& wanted) {
  constexpr int kMost = DeflateWindow::kMostBits;
  std::string text{kName};
  if (!wanted.server.takeover) text += "; server_no_context_takeover";
  if (!wanted.client.takeover) text += "; client_no_context_takeover";
  if (wanted.server.bits < kMost) text += parameter("server_max_window_bits", wanted.server.bits);
  return text + (wanted.client.bits < kMost
                     ? parameter("client_max_window_bits", wanted.client.bits)
                     : "; client_max_window_bits");
}

std::optional<DeflateAnswer> answer_deflate(std::string_view offers) {
  for (const Extension& offer : extensions_in(offers)) {
    if (offer.name != kName || !offer.fault.empty()) continue;
    DeflateAnswer answer{.agreed = {}, .text = std::string(kName)};
    if (offer.fresh_server) answer.text += "; server_no_context_takeover";
    if (offer.fresh_client) answer.text += "; client_no_context_takeover";
    if (offer.server_bits) answer.text += parameter("server_max_window_bits", *offer.server_bits);
    if (offer.client_bits) answer.text += parameter("client_max_window_bits", *offer.client_bits);
    answer.agreed.server = {.takeover = !offer.fresh_server,
                            .bits = offer.server_bits.value_or(DeflateWindow::kMostBits)};
    answer.agreed.client = {.takeover = !offer.fresh_client,
                            .bits = offer.client_bits.value_or(DeflateWindow::kMostBits)};
    return answer;
  }
  return std::nullopt;
}

std::optional<WsDeflate> judge_deflate(std::string_view answer,
                                       const std::optional<WsDeflate>& wanted) {
  const std::vector<Extension> extensions = extensions_in(answer);
  if (extensions.empty()) return std::nullopt;
  const Extension& first = extensions.front();
  if (!wanted || first.name != kName) {
    refuse("an extension that nobody asked for: " + first.name);
  }
  if (extensions.size() > 1) refuse(fmt::format("more than one {}", kName));
  if (!first.fault.empty()) refuse(fmt::format("{} with \"{}\"", kName, first.fault));
  if (first.names_client_bits && !first.client_bits) {
    refuse(fmt::format("{} with client_max_window_bits of no number", kName));
  }
  // A server may do with less than it was allowed, never with more.
  if (!wanted->server.takeover && !first.fresh_server) {
    refuse(fmt::format("{} without the server_no_context_takeover asked for", kName));
  }
  const int server_bits = first.server_bits.value_or(DeflateWindow::kMostBits);
  if (server_bits > wanted->server.bits) {
    refuse(fmt::format("{} with a server's window of {} bits, not {}", kName, server_bits,
                       wanted->server.bits));
  }
  return WsDeflate{.client = {.takeover = wanted->client.takeover && !first.fresh_client,
                              .bits = std::min(wanted->client.bits, first.client_bits.value_or(
                                                                        DeflateWindow::kMostBits))},
                   .server = {.takeover = !first.fresh_server, .bits = server_bits}};
}

// --- Messages ---

namespace {

constexpr std::size_t kStep = 16 * 1024;
/// What ends a message in zlib's stream, and is left out on the wire (7.2.1).
constexpr std::string_view kTail("\x00\x00\xff\xff", 4);

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib's z_const is not on
}

/// The state that the connections of this thread share, by the length of the window.
template <typename Native>
Native& shared(int bits) {
  static thread_local std::array<std::unique_ptr<Native>, DeflateWindow::kMostBits + 1> states;
  std::unique_ptr<Native>& state = states[static_cast<std::size_t>(bits)];
  if (state == nullptr) state = std::make_unique<Native>(bits);
  return *state;
}

}  // namespace

struct WsCompressor::Native {
  explicit Native(int bits) {
    // zlib knows no window of 256 bytes. Without matches, which is what this strategy does, any
    // window is long enough.
    const int strategy = bits < 9 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -std::max(bits, 9), 8, strategy) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Native() { deflateEnd(&stream); }
  Native(const Native&) = delete;
  Native& operator=(const Native&) = delete;

  z_stream stream{};
};

WsCompressor::WsCompressor(const DeflateWindow& window)
    : window_(window), own_(window.takeover ? std::make_unique<Native>(window.bits) : nullptr) {}
WsCompressor::~WsCompressor() = default;

std::string_view WsCompressor::compress(std::string_view message) {
  if (message.empty()) return {"\0", 1};  // zlib flushes nothing twice (7.2.3.6)
  static thread_local std::string out;
  z_stream& stream = (own_ != nullptr ? *own_ : shared<Native>(window_.bits)).stream;
  if (own_ == nullptr) deflateReset(&stream);
  stream.next_in = bytes_of(message);
  stream.avail_in = static_cast<uInt>(message.size());
  std::size_t made = 0;
  do {
    out.resize(std::max(out.size(), made + kStep));
    stream.next_out = bytes_of(out) + made;
    stream.avail_out = static_cast<uInt>(out.size() - made);
    deflate(&stream, Z_SYNC_FLUSH);
    made = out.size() - stream.avail_out;
  } while (stream.avail_out == 0);
  return std::string_view(out).substr(0, made - kTail.size());
}

struct WsExpander::Native {
  explicit Native(int bits) {
    if (inflateInit2(&stream, -bits) != Z_OK) throw std::bad_alloc();
  }
  ~Native() { inflateEnd(&stream); }
  Native(const Native&) = delete;
  Native& operator=(const Native&) = delete;

  /// A block marked as the last ends zlib's stream, but neither message nor window (7.2.3.4).
  void go_on() {
    std::array<Bytef, 1U << DeflateWindow::kMostBits> window;
    uInt length = 0;
    inflateGetDictionary(&stream, window.data(), &length);
    inflateReset(&stream);
    inflateSetDictionary(&stream, window.data(), length);
  }

  /// Expands all of `input` behind the first `made` bytes of `out`.
  Fate expand(std::string_view input, std::size_t most, std::string& out, std::size_t& made) {
    stream.next_in = bytes_of(input);
    stream.avail_in = static_cast<uInt>(input.size());
    for (;;) {
      out.resize(std::max(out.size(), made + kStep));
      stream.next_out = bytes_of(out) + made;
      stream.avail_out = static_cast<uInt>(out.size() - made);
      const int code = inflate(&stream, Z_SYNC_FLUSH);
      made = out.size() - stream.avail_out;
      if (made > most) return Fate::kTooLong;
      if (code == Z_STREAM_END) {
        go_on();
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return Fate::kMalformed;
      }
      if (stream.avail_in == 0 && stream.avail_out != 0) return Fate::kWhole;
    }
  }

  /// True where the last block has come to its end (zlib.h, data_type).
  bool between_blocks() const { return (stream.data_type & 128) != 0; }

  z_stream stream{};
};

WsExpander::WsExpander(const DeflateWindow& window)
    : window_(window), own_(window.takeover ? std::make_unique<Native>(window.bits) : nullptr) {}
WsExpander::~WsExpander() = default;

WsExpander::Fate WsExpander::expand(std::string_view payload, std::size_t most,
                                    std::string_view& message) {
  static thread_local std::string out;
  Native& native = own_ != nullptr ? *own_ : shared<Native>(window_.bits);
  if (own_ == nullptr) inflateReset(&native.stream);
  std::size_t made = 0;
  for (const std::string_view part : {payload, kTail}) {
    const Fate fate = native.expand(part, most, out, made);
    if (fate != Fate::kWhole) return fate;
  }
  message = std::string_view(out).substr(0, made);
  return native.between_blocks() ? Fate::kWhole : Fate::kMalformed;
}

}  // namespace scalectl::net
