#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/formats.hpp"
#include "report/plot.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Table;
using core::Unit;
using core::Value;
using core::Verdict;

/// Characters, not bytes, of UTF-8 text: what a terminal shows for the letters we use.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// A value in one line of its list or table. Some of it was said by servers: no terminal is to obey
/// it.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

std::string pad(const std::string& text, std::size_t width, bool right) {
  const std::size_t have = columns_of(text);
  const std::string blanks(width > have ? width - have : 0, ' ');
  return right ? blanks + text : text + blanks;
}

std::string paint(const std::string& word, Verdict verdict, const Style& style) {
  if (!style.color) return word;
  const int color = verdict == Verdict::kPass ? 32 : verdict == Verdict::kFail ? 31 : 33;
  return fmt::format("\x1b[{}m{}\x1b[0m", color, word);
}

std::string headline(const Result& result, const Style& style) {
  std::string line = result.command;
  if (!result.name.empty()) line += " " + result.name;
  line += ": " + paint(std::string(to_text(result.verdict)), result.verdict, style);
  if (result.band) line += ", " + *result.band;
  line += " (" + show(result.elapsed_s, Unit::kSeconds);
  if (result.threshold_s) {
    line += ", threshold " + show_threshold(*result.threshold_s);
  }
  return line + ")\n";
}

std::string details(const Result& result) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto* object : {&result.params, &result.metrics}) {
    if (object == &result.metrics && tables_show_metrics(result)) continue;
    for (const auto& [key, value] : flatten(*object, ".")) {
      if (!value.is_null()) {
        lines.emplace_back(label_of(key), one_line(show(value, unit_of(key))));
      }
    }
  }
  std::size_t width = 0;
  for (const auto& [label, value] : lines) width = std::max(width, columns_of(label));
  std::string text;
  for (const auto& [label, value] : lines) {
    text += fmt::format("  {}  {}\n", pad(label, width, false), value);
  }
  return text;
}

std::string render_table(const Table& table) {
  const std::size_t count = table.columns.size();
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths(count);
  std::vector<bool> numeric(count, true);
  for (std::size_t c = 0; c < count; ++c) widths[c] = columns_of(table.columns[c].title);
  for (const core::Array& row : table.rows) {
    auto& line = cells.emplace_back();
    for (std::size_t c = 0; c < count; ++c) {
      line.push_back(one_line(show(row.at(c), table.columns[c].unit)));
      widths[c] = std::max(widths[c], columns_of(line.back()));
      const bool bar = table.columns[c].unit == Unit::kBar;
      if (bar || (!row[c].is_number() && !row[c].is_null())) numeric[c] = false;
    }
  }
  const auto join = [&](const auto& cell) {
    std::string line;
    for (std::size_t c = 0; c < count; ++c) {
      line += (c == 0 ? "" : "  ") + pad(cell(c), widths[c], numeric[c]);
    }
    return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  std::string text = table.title.empty() ? "" : table.title + "\n\n";
  text += join([&](std::size_t c) { return table.columns[c].title; });
  std::string rule;
  for (std::size_t c = 0; c < count; ++c)
    rule += (c == 0 ? "" : "  ") + std::string(widths[c], '-');
  text += rule + "\n";
  for (const auto& line : cells) text += join([&](std::size_t c) { return line[c]; });
  if (cells.empty()) text += "(none)\n";
  return text;
}

std::string checks_of(const Result& result, const Style& style) {
  std::string text;
  std::size_t width = 0;
  for (const core::Check& check : result.checks) width = std::max(width, columns_of(check.name));
  for (const core::Check& check : result.checks) {
    const Verdict verdict = check.passed ? Verdict::kPass : Verdict::kFail;
    text += fmt::format("{}  {}  {}\n", paint(check.passed ? "pass" : "FAIL", verdict, style),
                        pad(check.name, width, false), check.observed);
  }
  return text;
}

/// Results that are nothing but a table (lists, status) need no line about themselves.
bool is_listing(const Result& result) {
  return !result.tables.empty() && result.verdict == Verdict::kPass && !result.band &&
         result.metrics.empty();
}

}  // namespace

std::string text(const Results& results, const Style& style) {
  std::string out;
  for (const Result& result : results) {
    if (!is_listing(result)) out += headline(result, style) + details(result);
    for (const Table& table : result.tables) {
      if (!out.empty()) out += "\n";
      out += render_table(table);
    }
    for (const core::Figure& figure : result.figures) out += "\n" + plot(figure);
    if (!result.checks.empty()) out += "\n" + checks_of(result, style);
    if (!result.notes.empty() && (!result.tables.empty() || !result.checks.empty())) out += "\n";
    for (const std::string& note : result.notes) out += "note: " + note + "\n";
  }
  return out;
}

}  // namespace scalectl::report
