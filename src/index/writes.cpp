#include "index/writes.hpp"

#include <fmt/format.h>

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

}  // namespace scalectl::index
