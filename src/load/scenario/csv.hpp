// CSV as RFC 4180 has it, for the data files of scenarios.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json_document.hpp"

namespace scalectl::load::scenario {

struct CsvField {
  std::string text;
  core::Place place;
};

using CsvRecord = std::vector<CsvField>;

/// The records of `text`: fields between commas, lines ending in LF or CR LF; a field may stand in
/// quotes, "" for a quote in it, and then hold commas and line ends. Throws Error (usage) that
/// names `file` and place of a quote that is not closed, or stands amid a field.
std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& file);

}  // namespace scalectl::load::scenario
