#include <fmt/format.h>

#include <cctype>
#include <string_view>

#include "report/formats.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Table;
using core::Unit;

/// `text` so that GitHub shows it as it is: no tags, emphasis, links, entities or table borders. An
/// underscore inside a word means nothing and stays readable.
std::string escaped(const std::string& text) {
  const auto in_word = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      out += "<br>";
      continue;
    }
    const bool edge = text[i] == '_' && !(i > 0 && in_word(i - 1) && in_word(i + 1));
    if (edge || std::string_view("\\|<&*`~[").find(text[i]) != std::string_view::npos) out += '\\';
    out += text[i];
  }
  return out;
}

std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + escaped(cell) + " |";
  return out + "\n";
}

std::string render_table(const Table& table) {
  std::vector<std::string> head;
  std::string rule = "|";
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    head.push_back(table.columns[c].title);
    bool numeric = !table.rows.empty();
    for (const core::Array& cells : table.rows) {
      if (!cells.at(c).is_number() && !cells[c].is_null()) numeric = false;
    }
    rule += numeric ? "---:|" : "---|";
  }
  std::string out = table.title.empty() ? "" : "### " + escaped(table.title) + "\n\n";
  out += row(head) + rule + "\n";
  for (const core::Array& cells : table.rows) {
    std::vector<std::string> shown;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      shown.push_back(show(cells.at(c), table.columns[c].unit));
    }
    out += row(shown);
  }
  return out;
}

std::string head_of(const Result& result) {
  std::string out = "## " + result.command;
  if (!result.name.empty()) out += " " + escaped(result.name);
  out += fmt::format("\n\n**{}**", to_text(result.verdict));
  if (result.band) out += ", " + *result.band;
  out += fmt::format(" in {}", show(result.elapsed_s, Unit::kSeconds));
  if (result.threshold_s)
    out += fmt::format(" (threshold {})", show_threshold(*result.threshold_s));
  return out + "\n";
}

}  // namespace

std::string markdown(const Results& results, const Style& /*style*/) {
  std::string out;
  for (const Result& result : results) {
    if (!out.empty()) out += "\n";
    out += head_of(result);
    Table values{.key = "", .title = "", .columns = {{"key", ""}, {"value", ""}}, .rows = {}};
    for (const auto* object : {&result.params, &result.metrics}) {
      if (object == &result.metrics && tables_show_metrics(result)) continue;
      for (const auto& [key, value] : flatten(*object, ".")) {
        if (!value.is_null()) values.rows.push_back({label_of(key), show(value, unit_of(key))});
      }
    }
    if (!values.rows.empty()) out += "\n" + render_table(values);
    for (const Table& table : result.tables) out += "\n" + render_table(table);
    if (!result.checks.empty()) {
      Table checks{.key = "checks", .title = "",
                   .columns = {{"name", "check"}, {"observed", "observed"}, {"passed", "verdict"}},
                   .rows = {}};
      for (const core::Check& check : result.checks) {
        checks.rows.push_back({check.name, check.observed, check.passed ? "pass" : "FAIL"});
      }
      out += "\n" + render_table(checks);
    }
    if (!result.notes.empty()) out += "\n";
    for (const std::string& note : result.notes) out += "- " + escaped(note) + "\n";
  }
  return out;
}

}  // namespace scalectl::report
