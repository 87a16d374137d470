// permessage-deflate (RFC 7692): what the two sides of a WebSocket agree on in the handshake, and
// the compressing of messages by zlib.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace scalectl::net {

/// What one side compresses its messages with.
struct DeflateWindow {
  static constexpr int kLeastBits = 8;
  static constexpr int kMostBits = 15;

  bool takeover = true;  ///< kept from message to message
  int bits = kMostBits;  ///< it is 2^bits bytes long

  bool operator==(const DeflateWindow&) const = default;
};

struct WsDeflate {
  DeflateWindow client;
  DeflateWindow server;

  bool operator==(const WsDeflate&) const = default;
};

// --- Handshake: values of Sec-WebSocket-Extensions ---

/// What a client asks for.
std::string deflate_offer(const WsDeflate& wanted);

struct DeflateAnswer {
  WsDeflate agreed;
  std::string text;
};
/// The server's answer to the first of `offers` that it can keep to; nothing where there is none.
std::optional<DeflateAnswer> answer_deflate(std::string_view offers);

/// What a server's `answer` to deflate_offer(wanted) comes to; nothing where it says nothing.
/// Throws std::invalid_argument, which says why, for an answer that the offer does not allow
/// (5.1, 7.1).
std::optional<WsDeflate> judge_deflate(std::string_view answer,
                                       const std::optional<WsDeflate>& wanted);

// --- Messages ---
// Without takeover, the connections of a thread share zlib's state: it is as large for one as for
// all. With it, each has its own: about 260 KiB to compress and 40 KiB to expand at 15 bits.

class WsCompressor {
 public:
  explicit WsCompressor(const DeflateWindow& window);
  ~WsCompressor();
  WsCompressor(const WsCompressor&) = delete;
  WsCompressor& operator=(const WsCompressor&) = delete;

  /// The payload that stands for `message`, until the next call on this thread.
  std::string_view compress(std::string_view message);

 private:
  struct Native;
  const DeflateWindow window_;
  std::unique_ptr<Native> own_;
};

class WsExpander {
 public:
  enum class Fate { kWhole, kMalformed, kTooLong };

  explicit WsExpander(const DeflateWindow& window);
  ~WsExpander();
  WsExpander(const WsExpander&) = delete;
  WsExpander& operator=(const WsExpander&) = delete;

  /// Sets `message`, until the next call on this thread. What would be longer than `most` bytes is
  /// given up there. Of no more use after another fate than kWhole.
  Fate expand(std::string_view payload, std::size_t most, std::string_view& message);

 private:
  struct Native;
  const DeflateWindow window_;
  std::unique_ptr<Native> own_;
};

}  // namespace scalectl::net
