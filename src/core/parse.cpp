#include "core/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.hpp"

namespace scalectl::core {
namespace {

constexpr double kMaxSeconds = 100.0 * 365 * 86400;
constexpr double kMaxCount = 1e15;

/// Reads a plain decimal (digits and at most one point, no sign, no exponent) off the front.
std::optional<double> take_decimal(std::string_view& text) {
  std::size_t length = 0;
  bool digits = false;
  bool point = false;
  while (length < text.size()) {
    const char c = text[length];
    if (c >= '0' && c <= '9') {
      digits = true;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
    ++length;
  }
  if (!digits) return std::nullopt;
  double value = 0;
  const auto parsed =
      std::from_chars(text.data(), text.data() + length, value, std::chars_format::fixed);
  if (parsed.ec != std::errc()) return std::nullopt;  // more digits than a double can hold
  text.remove_prefix(length);
  return value;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() &&
         ((text[length] >= 'a' && text[length] <= 'z') ||
          (text[length] >= 'A' && text[length] <= 'Z'))) {
    ++length;
  }
  const std::string_view letters = text.substr(0, length);
  text.remove_prefix(length);
  return letters;
}

struct Suffix {
  std::string_view name;
  double factor;
};

template <std::size_t N>
std::optional<double> factor_of(std::string_view name, const std::array<Suffix, N>& suffixes) {
  for (const Suffix& suffix : suffixes) {
    if (suffix.name == name) return suffix.factor;
  }
  return std::nullopt;
}

constexpr std::array<Suffix, 7> kDurationSuffixes{{{"us", 1e-6},
                                                   {"ms", 1e-3},
                                                   {"s", 1},
                                                   {"m", 60},
                                                   {"min", 60},
                                                   {"h", 3600},
                                                   {"d", 86400}}};
constexpr std::array<Suffix, 5> kCountSuffixes{
    {{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}}};
constexpr std::array<Suffix, 10> kSizeSuffixes{{{"", 1},
                                                {"B", 1},
                                                {"KB", 1e3},
                                                {"kB", 1e3},
                                                {"MB", 1e6},
                                                {"GB", 1e9},
                                                {"KiB", 1024},
                                                {"MiB", 1048576},
                                                {"GiB", 1073741824},
                                                {"TB", 1e12}}};

Error not_a(std::string_view text, std::string_view what, std::string hint) {
  return usage_error(fmt::format("\"{}\" is not {}", text, what), std::move(hint));
}

/// A decimal times one suffix that must come out whole: the shape of counts and sizes.
template <std::size_t N>
std::int64_t parse_scaled(std::string_view text, const std::array<Suffix, N>& suffixes,
                          std::string_view what, const std::string& hint) {
  std::string_view rest = text;
  const auto value = take_decimal(rest);
  const auto factor = factor_of(rest, suffixes);
  if (!value || !factor) throw not_a(text, what, hint);
  const double product = *value * *factor;
  if (product > kMaxCount) throw not_a(text, what, "at most 10^15");
  const double whole = std::round(product);
  // 1.1k is 1100 but for the last bit of a double; what is further off was not written whole.
  const double slack = std::min(product * std::numeric_limits<double>::epsilon(), 1e-6);
  if (std::abs(whole - product) > slack) throw not_a(text, what, "it must come out as a whole number");
  return static_cast<std::int64_t>(whole);
}

}  // namespace

Seconds parse_duration(std::string_view text) {
  const std::string hint = "write 300ms, 5s, 1m30s or 1.5h; a bare number is seconds";
  std::string_view rest = text;
  double total = 0;
  double previous = 0;  // factors must fall: 1m30s, never 30s1m or 5s5s
  do {
    const auto value = take_decimal(rest);
    const std::string_view unit = take_letters(rest);
    const bool bare = unit.empty() && rest.empty() && previous == 0;
    const auto factor = bare ? std::optional<double>(1) : factor_of(unit, kDurationSuffixes);
    if (!value || !factor || (previous != 0 && *factor >= previous)) {
      throw not_a(text, "a duration", hint);
    }
    total += *value * *factor;
    previous = *factor;
  } while (!rest.empty());
  if (total > kMaxSeconds) throw not_a(text, "a duration", "at most 100 years");
  return Seconds(total);
}

std::int64_t parse_count(std::string_view text) {
  return parse_scaled(text, kCountSuffixes, "a count",
                      "write a whole number such as 5000, 10k, 1.5M or 1G");
}

std::int64_t parse_size(std::string_view text) {
  return parse_scaled(text, kSizeSuffixes, "a size", "write 512, 64KiB, 2GB");
}

double parse_ratio(std::string_view text) {
  std::string_view rest = text;
  auto value = take_decimal(rest);
  if (value && rest == "%") {
    *value /= 100;
    rest = "";
  }
  if (!value || !rest.empty() || *value > 1) {
    throw not_a(text, "a share", "write a number from 0 to 1, such as 0.05 or 5%");
  }
  return *value;
}

std::int64_t parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw not_a(text, "a whole number", "write digits, with a minus sign where needed");
  }
  return value;
}

std::chrono::system_clock::time_point parse_time(std::string_view text,
                                                 std::chrono::system_clock::time_point now) {
  if (text == "now") return now;
  const std::string hint = "write now, 2026-01-31 or 2026-01-31T12:00:00Z (UTC)";
  const auto field = [&](std::size_t at, std::size_t length) {
    unsigned value = 0;
    const char* end = text.data() + at + length;
    const auto parsed = std::from_chars(text.data() + at, end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) throw not_a(text, "a time", hint);
    return value;
  };
  const bool date_only = text.size() == 10;
  const bool complete = text.size() == 20 && text[10] == 'T' && text[13] == ':' && text[16] == ':' &&
                        text[19] == 'Z';
  if ((!date_only && !complete) || text[4] != '-' || text[7] != '-') {
    throw not_a(text, "a time", hint);
  }
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(field(0, 4))), month(field(5, 2)),
                            day(field(8, 2))};
  const unsigned h = complete ? field(11, 2) : 0;
  const unsigned m = complete ? field(14, 2) : 0;
  const unsigned s = complete ? field(17, 2) : 0;
  if (!date.ok() || h > 23 || m > 59 || s > 59) {
    throw not_a(text, "a time", hint);
  }
  return sys_days(date) + hours(h) + minutes(m) + seconds(s);
}

std::string format_duration(Seconds duration) {
  const double total = duration.count();
  if (total < 1 && total > 0) return fmt::format("{:g}ms", total * 1e3);
  std::string text;
  auto rest = static_cast<std::int64_t>(total);
  const double fraction = total - static_cast<double>(rest);
  for (const auto& [name, factor] : {std::pair{"d", 86400}, {"h", 3600}, {"m", 60}}) {
    if (rest >= factor) {
      text += fmt::format("{}{}", rest / factor, name);
      rest %= factor;
    }
  }
  if (rest > 0 || fraction > 0 || text.empty()) {
    text += fmt::format("{:g}s", static_cast<double>(rest) + fraction);
  }
  return text;
}

}  // namespace scalectl::core
