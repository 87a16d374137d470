#include "index/pack.hpp"

#include <fmt/format.h>

#include <regex>

#include "catalog/front_matter.hpp"
#include "core/text.hpp"

namespace scalectl::index {
namespace {

using catalog::file_error;
using catalog::Section;

constexpr const char* kFolder = "sql/indexes";
constexpr std::size_t kMaxNameBytes = 63;  // NAMEDATALEN - 1

IndexDefinition parse_index(const catalog::File& file, const Section& section) {
  constexpr std::string_view kHead = "index ";
  if (section.head.rfind(kHead, 0) != 0) {
    throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                     "expected: -- @index NAME");
  }
  check(file, section, {{.key = "why", .required = true}, {.key = "query", .required = true}});
  const std::string name(core::trim(section.head.substr(kHead.size())));
  if (name.size() > kMaxNameBytes || !std::regex_match(name, std::regex("[a-z_][a-z0-9_]*"))) {
    throw file_error(file, section.line, fmt::format("\"{}\" is not an index name", name),
                     "expected lower-case letters, digits and _, at most 63");
  }
  const auto statements = catalog::split_statements(file, section.body, section.body_line);
  if (statements.size() != 1) {
    throw file_error(file, section.line,
                     fmt::format("expected one CREATE INDEX, found {} statements", statements.size()));
  }
  const catalog::SqlText& create = statements[0];
  if (create.identifiers().size() != 1 || !create.values().empty()) {
    throw file_error(file, create.line(), "expected the table as :\"name\", and no other placeholder");
  }
  const std::string text =
      create.bind([](const std::string& table) { return ":" + table; }, {}).sql;
  // The name is the section's; building is always concurrent, so that writers are never blocked.
  const std::regex shape(R"(^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(\S+)\s+ON\s+:)",
                         std::regex::icase);
  std::smatch found;
  if (!std::regex_search(text, found, shape) || found[2] != name) {
    throw file_error(file, create.line(),
                     fmt::format("expected CREATE [UNIQUE] INDEX CONCURRENTLY {} ON :\"table\" …", name));
  }
  return {.name = name,
          .why = section.get("why"),
          .query = section.get("query"),
          .table = create.identifiers().front(),
          .create = create};
}

}  // namespace

Pack parse(const catalog::Entry& entry) {
  const catalog::File& file = entry.file;
  const auto sections = catalog::parse_sections(file);
  const Section& head = sections[0];
  check(file, head,
        {{.key = "pack", .required = true}, {.key = "summary", .required = true}, {.key = "family"},
         {.key = "prefix"}});
  if (head.get("pack") != entry.name) {
    throw file_error(file, 1,
                     fmt::format("expected \"-- pack: {}\", found \"{}\"", entry.name, head.get("pack")),
                     "a pack is called what its file is called");
  }
  if (!core::trim(head.body).empty()) {
    throw file_error(file, head.body_line, "SQL stands before the first \"-- @index NAME\"");
  }
  Pack pack{.name = entry.name,
            .version = entry.version,
            .summary = head.get("summary"),
            .family = head.find("family").value_or(""),
            .prefix = head.find("prefix").value_or("")};
  for (std::size_t i = 1; i < sections.size(); ++i) {
    pack.indexes.push_back(parse_index(file, sections[i]));
  }
  if (pack.indexes.empty()) throw file_error(file, 1, "expected at least one \"-- @index NAME\"");
  return pack;
}

std::vector<Pack> load_all(const catalog::Catalog& catalog) {
  std::vector<Pack> packs;
  for (const catalog::Entry& entry : catalog.newest(kFolder)) packs.push_back(parse(entry));
  return packs;
}

Pack load(const catalog::Catalog& catalog, const std::string& name) {
  return parse(catalog.find(kFolder, name, "index pack"));
}

}  // namespace scalectl::index
