// Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios": one line
// "SERVICE STATUS - text | 'label'=value[unit];warn;crit;min".
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/parse.hpp"
#include "report/formats.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Unit;
using core::Verdict;

int code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return 0;
    case Verdict::kWarn:
      return 1;
    case Verdict::kFail:
      return 2;
    case Verdict::kInconclusive:
      break;
  }
  return 3;
}

/// CRITICAL outranks UNKNOWN, which outranks WARNING.
int rank(int code) { return code == 2 ? 4 : code; }

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

std::string summary(const Result& result) {
  std::string text = result.name.empty() ? std::string(to_text(result.verdict)) : result.name;
  text += result.band ? " " + *result.band : "";
  text += " " + show(result.elapsed_s, Unit::kSeconds);
  if (result.threshold_s)
    text +=
        fmt::format(" (threshold {})", core::format_duration(core::Seconds(*result.threshold_s)));
  return text;
}

std::string label(std::string text) {
  for (char& c : text) {
    if (c == '\'' || c == '=' || std::isspace(static_cast<unsigned char>(c)) != 0) c = '_';
  }
  return text;
}

/// The guidelines allow digits, sign and point, no exponent; U is a value that is not known.
std::string number(double value) {
  if (!std::isfinite(value)) return "U";
  std::string text = fmt::format("{:.9f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

const char* unit_suffix(const std::string& key) {
  if (key.size() > 3 && key.substr(key.size() - 3) == "_ms") return "ms";
  const Unit unit = unit_of(key);
  return unit == Unit::kSeconds ? "s" : unit == Unit::kBytes ? "B" : "";
}

std::string performance(const Result& result, bool prefixed) {
  const std::string prefix = prefixed ? label(result.name) + "_" : "";
  std::string out =
      fmt::format("{}elapsed={}s;{};;0", prefix, number(result.elapsed_s),
                  result.threshold_s ? number(*result.threshold_s) : "");
  for (const auto& [key, value] : flatten(result.metrics, "_")) {
    if (!value.is_number()) continue;
    out += fmt::format(" {}{}={}{}", prefix, label(key), number(value.number()), unit_suffix(key));
  }
  return out;
}

}  // namespace

int nagios_code(const Results& results) {
  int worst = 0;
  for (const Result& result : results) {
    const int code = code_of(result.verdict);
    if (rank(code) > rank(worst)) worst = code;
  }
  return worst;
}

std::string nagios(const Results& results, const Style& /*style*/) {
  constexpr const char* kWords[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  std::string service = "SCALECTL";
  if (!results.empty()) {
    for (const char c : " " + results.front().command) {
      service += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  std::string texts;
  std::string numbers;
  for (const Result& result : results) {
    texts += (texts.empty() ? "" : ", ") + one_line(summary(result));
    numbers += (numbers.empty() ? "" : " ") + performance(result, results.size() > 1);
  }
  return fmt::format("{} {} - {} | {}\n", service, kWords[nagios_code(results)], texts, numbers);
}

}  // namespace scalectl::report
