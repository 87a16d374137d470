// How snapshots of a long run are drawn.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/terminal.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::cli {
namespace {

constexpr int kWidestBar = 40;

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

/// "rate_rps": 38201.0 as "38,201/s"; "p50_ms": 0.412 as "p50 0.41 ms"; "in_flight": 64 as "in flight 64".
std::string show(std::string key, const core::Value& value) {
  const auto whole = [&] { return core::grouped(static_cast<std::int64_t>(std::llround(value.number()))); };
  if (ends_with(key, "_rps")) return whole() + "/s";
  const bool milliseconds = ends_with(key, "_ms");
  if (milliseconds) key.resize(key.size() - 3);
  std::replace(key.begin(), key.end(), '_', ' ');
  if (!milliseconds) return fmt::format("{} {}", key, whole());
  const double ms = value.number();
  return fmt::format("{} {:.{}f} ms", key, ms, ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

std::string numbers(const core::Snapshot& now, std::string_view separator) {
  std::vector<std::string> words;
  for (const auto& [key, value] : now.values) words.push_back(show(key, value));
  return core::join(words, separator);
}

/// Whole seconds, as "1m30s".
std::string seconds(double s) { return core::format_duration(core::Seconds(std::round(s))); }

}  // namespace

std::vector<std::string> render_panel(const core::Snapshot& now, int width) {
  const auto room = static_cast<std::size_t>(std::max(1, width - 1));
  std::string head(now.what);
  if (now.share > 0) {
    const double left = now.elapsed_s / now.share - now.elapsed_s;
    const std::string right = fmt::format(" {:3.0f} %  {}, {} left", now.share * 100,
                                          seconds(now.elapsed_s), seconds(left));
    const int bar = std::min(kWidestBar, width - 1 - static_cast<int>(head.size() + right.size()) - 3);
    if (bar >= 10) {
      const int filled = static_cast<int>(now.share * bar);
      head += fmt::format(" [{}{}]", std::string(static_cast<std::size_t>(filled), '='),
                          std::string(static_cast<std::size_t>(bar - filled), ' '));
    }
    head += right;
  } else {
    head += " " + seconds(now.elapsed_s);
  }
  return {head.substr(0, room), ("  " + numbers(now, "   ")).substr(0, room)};
}

std::string render_snapshot(const core::Snapshot& now) {
  return seconds(now.elapsed_s) + ": " + numbers(now, ", ");
}

}  // namespace scalectl::cli
