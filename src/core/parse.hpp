// Text to quantities, as the command line and the catalog write them. Every function takes the
// whole text or throws Error (usage) that quotes it; nothing is silently cut off or rounded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace scalectl::core {

using Seconds = std::chrono::duration<double>;

/// "300ms", "5s", "1m30s", "1.5h", "2d"; a bare number is seconds. Never negative.
Seconds parse_duration(std::string_view text);

/// A whole number, with k, M or G for thousands, millions and billions: "100k", "1.5M". Never
/// negative, at most 10^15.
std::int64_t parse_count(std::string_view text);

/// Bytes: "512", "64KiB", "1MiB", "2GB" (powers of 1000 without the i, of 1024 with it).
std::int64_t parse_size(std::string_view text);

/// A share between 0 and 1: "0.05" or "5%".
double parse_ratio(std::string_view text);

/// A whole number with an optional sign, for parameters that may be negative.
std::int64_t parse_integer(std::string_view text);

/// "2026-01-01T00:00:00Z" (UTC; the time may be left out), or "now".
std::chrono::system_clock::time_point parse_time(std::string_view text,
                                                 std::chrono::system_clock::time_point now);

/// The duration as people write it: "5s", "1m30s", "300ms".
std::string format_duration(Seconds duration);

}  // namespace scalectl::core
