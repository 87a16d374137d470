#include "load/stamp.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace scalectl::load {
namespace {

/// Marker, then run, sender, sequence and instant in hexadecimal digits of fixed number.
constexpr std::string_view kMarker = "#sc:";
constexpr int kRunDigits = 4;
constexpr int kSenderDigits = 6;
constexpr int kSequenceDigits = 8;
constexpr int kInstantDigits = 16;
constexpr std::size_t kDigits = kRunDigits + kSenderDigits + kSequenceDigits + kInstantDigits;

void put_hex(char*& at, std::uint64_t number, int digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = kHex[number & 15U];
    number >>= 4U;
  }
  at += digits;
}

/// The value of each hexadecimal digit; 255 for what is none.
constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(255);
  for (int c = 0; c < 10; ++c)
    values[static_cast<std::size_t>('0' + c)] = static_cast<std::uint8_t>(c);
  for (int c = 0; c < 6; ++c) {
    values[static_cast<std::size_t>('a' + c)] = static_cast<std::uint8_t>(10 + c);
  }
  return values;
}();

bool take_hex(const char*& at, int digits, std::uint64_t& number) {
  number = 0;
  std::uint8_t all = 0;
  for (int i = 0; i < digits; ++i) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(at[i])];
    all |= value;
    number = number << 4U | (value & 15U);
  }
  at += digits;
  return all < 16;
}

}  // namespace

StampedText::StampedText(std::string_view text, std::size_t length) {
  const std::string blank = std::string(kMarker) + std::string(kDigits, '0');
  const std::string_view trimmed = core::trim(text);
  if (!trimmed.empty() && trimmed.front() == '{' && trimmed.back() == '}') {
    const std::string_view rest = core::trim(trimmed.substr(1));
    text_ = R"({"_":")" + blank + (rest == "}" ? "\"" : "\",") + std::string(rest);
    const std::size_t missing = length > text_.size() ? length - text_.size() : 0;
    text_.insert(text_.size() - 1, missing, ' ');
  } else {
    text_ = std::string(text) + (text.empty() ? "" : " ") + blank;
    if (length > text_.size()) text_.append(length - text_.size(), ' ');
  }
  at_ = text_.find(blank) + kMarker.size();
}

std::string_view StampedText::with(const Stamp& stamp) {
  char* at = text_.data() + at_;
  put_hex(at, stamp.run, kRunDigits);
  put_hex(at, stamp.sender, kSenderDigits);
  put_hex(at, stamp.sequence, kSequenceDigits);
  put_hex(at, static_cast<std::uint64_t>(stamp.planned), kInstantDigits);
  return text_;
}

std::optional<Stamp> find_stamp(std::string_view message) {
  const std::size_t found = message.find(kMarker);
  if (found == std::string_view::npos || message.size() < found + kMarker.size() + kDigits) {
    return std::nullopt;
  }
  const char* at = message.data() + found + kMarker.size();
  std::uint64_t run = 0;
  std::uint64_t sender = 0;
  std::uint64_t sequence = 0;
  std::uint64_t planned = 0;
  if (!take_hex(at, kRunDigits, run) || !take_hex(at, kSenderDigits, sender) ||
      !take_hex(at, kSequenceDigits, sequence) || !take_hex(at, kInstantDigits, planned)) {
    return std::nullopt;
  }
  return Stamp{.run = static_cast<std::uint32_t>(run),
               .sender = static_cast<std::uint32_t>(sender),
               .sequence = static_cast<std::uint32_t>(sequence),
               .planned = static_cast<core::Nanos>(planned)};
}

}  // namespace scalectl::load
