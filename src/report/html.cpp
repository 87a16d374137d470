#include <fmt/format.h>

#include "report/chart.hpp"
#include "report/formats.hpp"
#include "report/show.hpp"
#include "report/xml.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Table;
using core::Unit;

constexpr const char* kStyle = R"(:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6472;
  --line: #d5dae1; --ground: #ffffff; --band: #f4f6f8; --good: #00684a; --bad: #b3261e; --odd: #8a5a00; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e3e8ef; --soft: #a0a9b6;
  --line: #3b4452; --ground: #14181f; --band: #1c222b; --good: #4fd1a5; --bad: #ff8a80; --odd: #f0b429; } }
body { margin: 2rem auto; padding: 0 1.25rem; max-width: 70rem; background: var(--ground);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 2rem 0 .25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, ul { margin: .5rem 0; }
.verdict { font-weight: 600; }
.pass { color: var(--good); } .fail { color: var(--bad); } .warn, .inconclusive { color: var(--odd); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; white-space: pre-line; }
th { background: var(--band); font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; }
svg.chart { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
footer { margin: 2rem 0; color: var(--soft); font-size: 13px; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } table { font-size: 10px; }
  th, td { padding: .15rem .4rem; } table, figure, svg { break-inside: avoid; } .wide { overflow: visible; } }
)";

std::string tag(const char* name, const std::string& text, const std::string& style = "") {
  const std::string attribute = style.empty() ? "" : fmt::format(" class=\"{}\"", style);
  return fmt::format("<{0}{1}>{2}</{0}>", name, attribute, xml_escaped(text));
}

bool is_numeric(const Table& table, std::size_t column) {
  bool any = false;
  for (const core::Array& row : table.rows) {
    if (!row.at(column).is_number() && !row[column].is_null()) return false;
    any = any || row[column].is_number();
  }
  return any && table.columns[column].unit != Unit::kBar;
}

std::string render_table(const Table& table) {
  std::string out = table.title.empty() ? "" : tag("h2", table.title) + "\n";
  out += "<div class=\"wide\"><table>\n<thead><tr>";
  std::vector<std::string> styles;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    styles.emplace_back(is_numeric(table, c) ? "number" : "");
    out += tag("th", table.columns[c].title, styles.back());
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const core::Array& row : table.rows) {
    out += "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      out += tag("td", show(row.at(c), table.columns[c].unit), styles[c]);
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table></div>\n";
}

/// Parameters, and the metrics unless a table shows them.
std::string values_of(const Result& result) {
  Table values{.key = "",
               .title = "Parameters and metrics",
               .columns = {{"key", ""}, {"value", ""}},
               .rows = {}};
  for (const auto* object : {&result.params, &result.metrics}) {
    if (object == &result.metrics && tables_show_metrics(result)) continue;
    for (const auto& [key, value] : flatten(*object, ".")) {
      if (!value.is_null()) values.rows.push_back({label_of(key), show(value, unit_of(key))});
    }
  }
  return values.rows.empty() ? "" : render_table(values);
}

std::string checks_of(const Result& result) {
  if (result.checks.empty()) return "";
  Table checks{.key = "checks",
               .title = "Checks",
               .columns = {{"name", "check"}, {"observed", "observed"}, {"passed", "verdict"}},
               .rows = {}};
  for (const core::Check& check : result.checks) {
    checks.rows.push_back({check.name, check.observed, check.passed ? "pass" : "FAIL"});
  }
  return render_table(checks);
}

std::string title_of(const Result& result) {
  return result.name.empty() ? result.command : result.command + " " + result.name;
}

std::string head_of(const Result& result) {
  std::string line = tag("span", std::string(to_text(result.verdict)),
                         "verdict " + std::string(to_text(result.verdict)));
  if (result.band) line += ", " + xml_escaped(*result.band);
  line += fmt::format(" in {}", show(result.elapsed_s, Unit::kSeconds));
  if (result.threshold_s)
    line += fmt::format(" (threshold {})", show_threshold(*result.threshold_s));
  return tag("h1", title_of(result)) + "\n<p>" + line + ", begun " +
         core::format_time(result.started_at) + "</p>\n";
}

std::string figures_of(const Result& result) {
  std::string out;
  for (const core::Figure& figure : result.figures) {
    const Chart drawn = chart(figure);
    out += fmt::format(
        "<figure>\n<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} "
        "{1:.0f}\">\n<title>{2}</title>\n"
        "{3}</svg>\n</figure>\n",
        drawn.width, drawn.height, xml_escaped(figure.title), drawn.elements);
  }
  return out;
}

std::string notes_of(const Result& result) {
  if (result.notes.empty()) return "";
  std::string out = "<h2>Notes</h2>\n<ul>\n";
  for (const std::string& note : result.notes) out += tag("li", note) + "\n";
  return out + "</ul>\n";
}

std::string foot_of(const Result& result) {
  const core::Environment& environment = result.environment;
  std::string line = "scalectl " + environment.scalectl;
  if (environment.postgres) line += ", PostgreSQL " + *environment.postgres;
  if (environment.redis) line += ", Redis " + *environment.redis;
  if (environment.cores > 0) line += fmt::format(", {} cores", environment.cores);
  if (!environment.host.empty()) line += ", " + environment.host;
  return tag("footer", line) + "\n";
}

}  // namespace

std::string html(const Results& results, const Style& /*style*/) {
  std::string body;
  for (const Result& result : results) {
    body += "<section>\n" + head_of(result) + notes_of(result) + figures_of(result);
    for (const Table& table : result.tables) body += render_table(table);
    body += checks_of(result) + values_of(result) + foot_of(result) + "</section>\n";
  }
  // The policy says what the page keeps to: its own rules, no script, nothing from elsewhere.
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{}\n"
      "<style>\n{}{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      tag("title", "scalectl " + (results.empty() ? "" : title_of(results.front()))), kStyle,
      chart_style(), body);
}

}  // namespace scalectl::report
