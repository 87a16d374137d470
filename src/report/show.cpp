#include "report/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::report {
namespace {

using core::Unit;
using core::Value;

bool ends_with(const std::string& text, std::string_view suffix) {
  return text.size() > suffix.size() && std::string_view(text).substr(text.size() - suffix.size()) == suffix;
}

std::string show_seconds(double s) {
  // What was asked for, in whole hours or days, and not measured.
  if (s >= 7200 && std::fmod(s, 3600) == 0) return core::format_duration(core::Seconds(s));
  if (s >= 100) return fmt::format("{:.0f} s", s);
  if (s >= 10) return fmt::format("{:.1f} s", s);
  if (s >= 1) return fmt::format("{:.2f} s", s);
  if (s >= 0.1) return fmt::format("{:.0f} ms", s * 1e3);
  if (s >= 0.001) return fmt::format("{:.1f} ms", s * 1e3);
  return s == 0 ? "0 s" : fmt::format("{:.0f} us", s * 1e6);
}

std::string show_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (std::abs(bytes) >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string show_bar(double share) {
  constexpr double kColumns = 30;
  std::string bar;
  for (double column = 0.5; column < std::clamp(share, 0.0, 1.0) * kColumns; ++column) bar += "▇";
  return bar;
}

std::string show_times(double factor) {
  if (factor >= 100) return fmt::format("{:.0f}x", factor);
  return factor >= 10 ? fmt::format("{:.1f}x", factor) : fmt::format("{:.2f}x", factor);
}

std::string show_number(const Value& value) {
  if (const auto* integer = value.if_integer()) return core::grouped(*integer);
  const double real = value.number();
  if (std::abs(real) >= 1000) return core::grouped(static_cast<std::int64_t>(std::llround(real)));
  return fmt::format("{:.4g}", real);
}

}  // namespace

std::string show(const Value& value, Unit unit) {
  if (value.is_null()) return "-";
  if (const auto* flag = value.if_bool()) return *flag ? "yes" : "no";
  if (const auto* text = value.if_text()) return *text;
  if (!value.is_number()) return "…";
  if (!std::isfinite(value.number())) return "-";
  switch (unit) {
    case Unit::kSeconds:
      return show_seconds(value.number());
    case Unit::kBytes:
      return show_bytes(value.number());
    case Unit::kRatio:
      return fmt::format("{:.1f} %", value.number() * 100);
    case Unit::kTimes:
      return show_times(value.number());
    case Unit::kCount:
      return core::grouped(static_cast<std::int64_t>(std::llround(value.number())));
    case Unit::kId:
      return plain(value);
    case Unit::kBar:
      return show_bar(value.number());
    case Unit::kPlain:
      break;
  }
  return show_number(value);
}

std::string show_threshold(double seconds) {
  constexpr double kShortest = 1e-4;  // what %g writes without an exponent
  constexpr double kLongest = 1e6;
  return seconds < kShortest || seconds >= kLongest ? core::format_duration(core::Seconds(seconds))
                                                    : fmt::format("{:g} s", seconds);
}

std::string plain(const Value& value) {
  if (const auto* flag = value.if_bool()) return *flag ? "true" : "false";
  if (const auto* integer = value.if_integer()) return std::to_string(*integer);
  if (const auto* real = value.if_real()) return std::isfinite(*real) ? fmt::format("{}", *real) : "";
  if (const auto* text = value.if_text()) return *text;
  return "";
}

Unit unit_of(const std::string& key) {
  if (ends_with(key, "_s")) return Unit::kSeconds;
  if (ends_with(key, "_bytes")) return Unit::kBytes;
  if (ends_with(key, "time_ratio")) return Unit::kTimes;  // of a time to another, not a share
  if (ends_with(key, "_ratio")) return Unit::kRatio;
  if (ends_with(key, "_rps")) return Unit::kCount;
  return Unit::kPlain;
}

std::vector<std::pair<std::string, Value>> flatten(const core::Object& object,
                                                   const std::string& separator) {
  std::vector<std::pair<std::string, Value>> flat;
  for (const auto& [key, value] : object) {
    if (const auto* nested = value.if_object()) {
      for (auto& [inner, leaf] : flatten(*nested, separator)) {
        flat.emplace_back(key + separator + inner, std::move(leaf));
      }
    } else if (value.if_array() == nullptr) {
      flat.emplace_back(key, value);
    }
  }
  return flat;
}

bool tables_show_metrics(const core::Result& result) {
  return std::any_of(result.tables.begin(), result.tables.end(),
                     [](const core::Table& table) { return table.shows_metrics; });
}

std::string label_of(const std::string& key) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::any_of(key.begin(), key.end(), is_upper)) return key;  // the name of a variable
  std::string label = key;
  for (const std::string_view suffix : {"_bytes", "_s", "_rps"}) {
    if (ends_with(label, suffix)) {
      label.resize(label.size() - suffix.size());
      if (suffix == "_rps") label += "/s";
    }
  }
  for (char& c : label) {
    if (c == '_') c = ' ';
  }
  return label;
}

}  // namespace scalectl::report
