// The binary COPY format of PostgreSQL (documentation of COPY, "Binary Format"): all integers in
// network byte order, each field preceded by its length in bytes.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace scalectl::pg {

/// Appends rows to a buffer. The caller states how many fields a row has and writes as many.
class CopyBuffer {
 public:
  /// The header that a stream begins with and the trailer that ends it.
  static std::string header() {
    return std::string("PGCOPY\n\377\r\n\0", 11) + std::string(8, '\0');
  }
  static std::string trailer() { return "\377\377"; }

  void clear() { bytes_.clear(); }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  std::string_view bytes() const { return bytes_; }

  void begin_row(std::int16_t fields) { put(static_cast<std::uint16_t>(fields)); }
  void null() { put(~std::uint32_t{0}); }
  void boolean(bool value) {
    put(std::uint32_t{1});
    bytes_.push_back(value ? '\1' : '\0');
  }
  void int4(std::int32_t value) {
    put(std::uint32_t{4});
    put(static_cast<std::uint32_t>(value));
  }
  void int8(std::int64_t value) {
    put(std::uint32_t{8});
    put(static_cast<std::uint64_t>(value));
  }
  void float4(float value) {
    put(std::uint32_t{4});
    put(std::bit_cast<std::uint32_t>(value));
  }
  void text(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  /// jsonb: version 1, then the text.
  void jsonb(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size() + 1));
    bytes_.push_back('\1');
    bytes_.append(value);
  }
  /// timestamptz, and timestamp where it is read as UTC: microseconds since 2000-01-01 00:00 UTC.
  void timestamp(std::chrono::sys_time<std::chrono::microseconds> value) {
    constexpr std::chrono::sys_days kEpoch = std::chrono::year(2000) / 1 / 1;
    int8((value - kEpoch).count());
  }

 private:
  template <typename T>
  void put(T value) {
    for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
      bytes_.push_back(static_cast<char>(value >> shift));
    }
  }

  std::string bytes_;
};

}  // namespace scalectl::pg
