#include "net/utf8.hpp"

#include <cstddef>

namespace scalectl::net {

// The table of well-formed sequences (RFC 3629, 4): what follows the first byte lies between 80 and
// BF, but for the second byte of a few.
bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto first = static_cast<unsigned char>(bytes[at++]);
    if (first < 0x80) continue;
    std::size_t more = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF) {
      more = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
      more = 2;
      if (first == 0xE0) low = 0xA0;
      if (first == 0xED) high = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      more = 3;
      if (first == 0xF0) low = 0x90;
      if (first == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (; more > 0; --more, low = 0x80, high = 0xBF) {
      if (at == bytes.size()) return false;
      const auto next = static_cast<unsigned char>(bytes[at++]);
      if (next < low || next > high) return false;
    }
  }
  return true;
}

}  // namespace scalectl::net
