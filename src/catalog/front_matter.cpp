#include "catalog/front_matter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"

namespace scalectl::catalog {
namespace {

bool is_comment(std::string_view line) { return line.rfind("--", 0) == 0; }
bool is_section_head(std::string_view line) { return line.rfind("-- @", 0) == 0; }

/// Adds one comment line of front matter to `section`.
void add_field(const File& file, Section& section, std::string_view line, int number) {
  const std::string_view text = line.substr(2);
  if (text.rfind("  ", 0) == 0 && !section.fields.empty()) {
    section.fields.back().value += "\n" + std::string(core::trim(text));
    return;
  }
  const auto colon = text.find(':');
  const std::string key(core::trim(text.substr(0, colon)));
  const bool word = !key.empty() && key.find_first_of(" \t") == std::string::npos;
  if (colon == std::string_view::npos || !word) {
    throw file_error(file, number, fmt::format("expected \"-- key: value\", found \"{}\"", line),
                     "an empty line ends the front matter; comments may follow it");
  }
  section.fields.push_back(
      {.key = key, .value = std::string(core::trim(text.substr(colon + 1))), .line = number});
}

}  // namespace

std::optional<std::string> Section::find(std::string_view key) const {
  for (const Field& field : fields) {
    if (field.key == key) return field.value;
  }
  return std::nullopt;
}

std::string Section::get(std::string_view key) const { return find(key).value(); }

std::vector<Section> parse_sections(const File& file) {
  std::vector<Section> sections(1);
  bool in_front_matter = true;
  int number = 0;
  for (const std::string& line : core::split(file.text, '\n')) {
    ++number;
    if (is_section_head(line)) {
      Section next;
      next.head = core::trim(std::string_view(line).substr(4));
      next.line = number;
      sections.push_back(std::move(next));
      in_front_matter = true;
    } else if (in_front_matter && is_comment(line)) {
      add_field(file, sections.back(), line, number);
    } else {
      if (in_front_matter) sections.back().body_line = number;
      in_front_matter = false;
      sections.back().body += line + "\n";
    }
  }
  return sections;
}

void check(const File& file, const Section& section, const std::vector<Rule>& rules) {
  std::vector<std::string> keys;
  for (const Rule& rule : rules) keys.emplace_back(rule.key);
  std::vector<std::string_view> seen;
  for (const Field& field : section.fields) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const Rule& r) { return r.key == field.key; });
    if (rule == rules.end()) {
      throw file_error(file, field.line, fmt::format("unknown key \"{}\"", field.key),
                       core::did_you_mean(field.key, keys,
                                          fmt::format("expected one of: {}",
                                                      core::join(keys, ", "))));
    }
    if (field.value.empty()) {
      throw file_error(file, field.line, fmt::format("\"{}\" has no value", field.key));
    }
    if (!rule->repeated && std::find(seen.begin(), seen.end(), field.key) != seen.end()) {
      throw file_error(file, field.line, fmt::format("\"{}\" stands here twice", field.key));
    }
    seen.push_back(field.key);
  }
  for (const Rule& rule : rules) {
    if (rule.required && !section.find(rule.key)) {
      throw file_error(file, section.line,
                       fmt::format("expected \"-- {}: …\" in the front matter{}", rule.key,
                                   section.head.empty() ? "" : " of @" + section.head));
    }
  }
}

core::Error file_error(const File& file, int line, const std::string& message,
                       const std::string& hint) {
  return core::usage_error(fmt::format("{}:{}: {}", file.path, line, message),
                           hint.empty() ? "the files below sql/ show the shape" : hint);
}

}  // namespace scalectl::catalog
