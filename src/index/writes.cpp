#include "index/writes.hpp"

#include <fmt/format.h>

#include <regex>

#include "catalog/front_matter.hpp"
#include "core/text.hpp"

namespace scalectl::index {
namespace {

using catalog::file_error;
using catalog::Section;

constexpr const char* kFolder = "sql/writes";

Write parse_write(const catalog::File& file, const Section& section) {
  constexpr std::string_view kHead = "write ";
  if (section.head.rfind(kHead, 0) != 0) {
    throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                     "expected: -- @write NAME");
  }
  check(file, section, {{.key = "why", .required = true}});
  const auto statements = catalog::split_statements(file, section.body, section.body_line);
  if (statements.size() != 1) {
    throw file_error(file, section.line,
                     fmt::format("expected one statement, found {}", statements.size()));
  }
  if (statements[0].identifiers().empty() || !statements[0].values().empty()) {
    throw file_error(file, statements[0].line(),
                     "expected tables as :\"name\", and no other placeholder");
  }
  return {.name = std::string(core::trim(section.head.substr(kHead.size()))),
          .why = section.get("why"),
          .sql = statements[0]};
}

}  // namespace

std::vector<Write> parse_writes(const catalog::Entry& entry) {
  const auto sections = catalog::parse_sections(entry.file);
  check(entry.file, sections[0],
        {{.key = "writes", .required = true}, {.key = "summary", .required = true}});
  std::vector<Write> writes;
  for (std::size_t i = 1; i < sections.size(); ++i) {
    writes.push_back(parse_write(entry.file, sections[i]));
  }
  return writes;
}

std::vector<Write> load_writes(const catalog::Catalog& catalog, const std::string& family) {
  for (const catalog::Entry& entry : catalog.newest(kFolder)) {
    if (entry.name == family) return parse_writes(entry);
  }
  return {};
}

std::set<std::string> columns_set(const Write& write) {
  const std::string sql =
      write.sql.bind([](const std::string& table) { return ":" + table; }, {}).sql;
  static const std::regex kUpdate(R"(^UPDATE\s+\S+(\s+AS\s+\w+)?\s+SET\s)", std::regex::icase);
  static const std::regex kAssignment(R"re(^\s*"?(\w+)"?\s*=)re");
  std::smatch found;
  if (!std::regex_search(sql, found, kUpdate)) return {};
  std::set<std::string> columns;
  bool quoted = false;
  int depth = 0;
  for (std::size_t at = static_cast<std::size_t>(found.length(0)) - 1; at < sql.size(); ++at) {
    const char c = sql[at];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '(') ++depth;
    if (c == ')') --depth;
    const bool first = at + 1 == static_cast<std::size_t>(found.length(0));
    std::smatch column;
    const std::string left = depth == 0 && (first || c == ',') ? sql.substr(at + 1) : "";
    if (std::regex_search(left, column, kAssignment)) columns.insert(column[1]);
  }
  return columns;
}

}  // namespace scalectl::index
