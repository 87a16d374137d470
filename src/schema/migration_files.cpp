// Reading the files of sql/schema/.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "catalog/checksum.hpp"
#include "catalog/front_matter.hpp"
#include "core/text.hpp"
#include "schema/migrations.hpp"

namespace scalectl::schema {
namespace {

Function parse_function(const catalog::File& file, const catalog::Field& field) {
  const auto open = field.value.find('(');
  if (open == 0 || open == std::string::npos || field.value.back() != ')') {
    throw catalog::file_error(file, field.line, "expected \"-- function: name(types)\"");
  }
  return {.name = field.value.substr(0, open), .types = field.value.substr(open)};
}

Migration parse(const catalog::File& file) {
  const auto sections = catalog::parse_sections(file);
  if (sections.size() > 1) {
    throw catalog::file_error(file, sections[1].line, "a migration has no sections");
  }
  const catalog::Section& section = sections[0];
  check(file, section,
        {{.key = "migration", .required = true},
         {.key = "summary", .required = true},
         {.key = "prefix"},
         {.key = "optional"},
         {.key = "table", .repeated = true},
         {.key = "replaces", .repeated = true},
         {.key = "function", .repeated = true},
         {.key = "upkeep"}});
  const std::string base = file.path.substr(file.path.rfind('/') + 1);
  Migration migration{.name = section.get("migration"),
                      .summary = section.get("summary"),
                      .prefix = section.find("prefix").value_or(""),
                      .optional = section.find("optional").value_or(""),
                      .upkeep = section.find("upkeep").value_or(""),
                      .sql = catalog::SqlText(file, section.body, section.body_line),
                      .checksum = catalog::sha256(file.text)};
  const auto underscore = base.find('_');
  const char* end = base.data() + std::min(underscore, base.size());
  const auto parsed = std::from_chars(base.data(), end, migration.version);
  if (parsed.ec != std::errc() || parsed.ptr != end || migration.version < 1 ||
      base.substr(underscore + 1) != migration.name + ".sql") {
    throw catalog::file_error(file, 1,
                              fmt::format("expected a file named NNN_{}.sql", migration.name));
  }
  for (const catalog::Field& field : section.fields) {
    if (field.key == "table") migration.tables.push_back(field.value);
    if (field.key == "replaces") migration.replaces.push_back(field.value);
    if (field.key == "function") migration.functions.push_back(parse_function(file, field));
  }
  const auto makes = [&](const Function& function) { return function.name == migration.upkeep; };
  if (!migration.upkeep.empty() &&
      std::none_of(migration.functions.begin(), migration.functions.end(), makes)) {
    throw catalog::file_error(
        file, 1, fmt::format("\"upkeep: {0}\" without \"function: {0}(…)\"", migration.upkeep));
  }
  return migration;
}

}  // namespace

std::vector<Migration> load(const catalog::Catalog& catalog, const std::string& family) {
  const std::vector<std::string> families = catalog.folders("sql/schema");
  if (std::find(families.begin(), families.end(), family) == families.end()) {
    throw core::usage_error(
        fmt::format("there is no reference schema \"{}\"", family),
        core::did_you_mean(family, families, "there are: " + core::join(families, ", ")));
  }
  std::vector<Migration> migrations;
  for (const catalog::File& file : catalog.files("sql/schema/" + family)) {
    migrations.push_back(parse(file));
    const auto number = static_cast<int>(migrations.size());
    if (migrations.back().version != number) {
      throw catalog::file_error(file, 1, fmt::format("expected migration number {}", number));
    }
  }
  return migrations;
}

}  // namespace scalectl::schema
