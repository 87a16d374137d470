#include "load/scenario/wire_text.hpp"

namespace scalectl::load::scenario {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::string_view kForbidden = "\"<>\\^`{|}";

}  // namespace

std::string escaped(std::string_view target) {
  std::string text = target.starts_with('/') ? "" : "/";
  text.reserve(target.size() + 1);
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 127 && kForbidden.find(c) == std::string_view::npos) {
      text += c;
    } else {
      text += '%';
      text += kHex[byte >> 4U];
      text += kHex[byte & 15U];
    }
  }
  return text;
}

bool is_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace scalectl::load::scenario
