// The formats, one file each; report.cpp holds their table.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "report/report.hpp"

namespace scalectl::report {

using Results = std::vector<core::Result>;

/// For people at a terminal.
std::string text(const Results& results, const Style& style);
/// One JSON object a line (schema scalectl.result/1).
std::string json(const Results& results, const Style& style);
/// RFC 4180: the tables where the results have any, else one row for each result.
std::string csv(const Results& results, const Style& style);
/// GitHub's Markdown.
std::string markdown(const Results& results, const Style& style);
/// One page that needs nothing else: no script, nothing loaded. Figures are drawn in it.
std::string html(const Results& results, const Style& style);
/// The figures alone, as one drawing. Throws Error (usage) where the results have none.
std::string svg(const Results& results, const Style& style);
/// JUnit XML: a test case for each result, so that CI shows them.
std::string junit(const Results& results, const Style& style);
/// Prometheus text format for node_exporter's textfile collector; samples carry no timestamps.
std::string prometheus(const Results& results, const Style& style);
/// One line of a Nagios plug-in, with performance data.
std::string nagios(const Results& results, const Style& style);
/// "export NAME='value'" lines for a shell, from the results' metric "env". A value {"file": path}
/// (a secret) becomes a command that reads the file.
std::string environment(const Results& results, const Style& style);

}  // namespace scalectl::report
