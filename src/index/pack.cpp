#include "index/pack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "catalog/front_matter.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"
#include "index/changes.hpp"
#include "index/writes.hpp"
#include "pg/identifier.hpp"

namespace scalectl::index {
namespace {

using catalog::file_error;
using catalog::Section;

constexpr const char* kFolder = "sql/indexes";
constexpr int kLowestFillfactor = 10;  // PostgreSQL's own limit

/// The line that `key` stands on.
int line_of(const Section& section, std::string_view key) {
  const auto field = std::find_if(section.fields.begin(), section.fields.end(),
                                  [&](const catalog::Field& f) { return f.key == key; });
  return field == section.fields.end() ? section.line : field->line;
}

/// The names that `samples` gives its columns cannot be known here: whether they fit is seen when
/// the query is bound.
void check_parameters(const catalog::File& file, const Section& section,
                      const IndexDefinition& index) {
  if (index.probe.values().empty() || index.samples) return;
  throw file_error(file, line_of(section, "query"),
                   fmt::format("the query has a parameter :{}, and nothing gives its value",
                               index.probe.values().front()),
                   "add \"-- samples: SELECT … AS " + index.probe.values().front() + " …\"");
}

IndexDefinition parse_index(const catalog::File& file, const Section& section,
                            const std::string& name) {
  check(file, section,
        {{.key = "why", .required = true},
         {.key = "query", .required = true},
         {.key = "samples"},
         {.key = "target"},
         {.key = "seed-before"},
         {.key = "seed-after"}});
  if (name.size() > pg::kMaxIdentifierBytes ||
      !std::regex_match(name, std::regex("[a-z_][a-z0-9_]*"))) {
    throw file_error(file, section.line, fmt::format("\"{}\" is not an index name", name),
                     "expected lower-case letters, digits and _, at most 63");
  }
  const auto statements = catalog::split_statements(file, section.body, section.body_line);
  if (statements.size() != 1) {
    throw file_error(
        file, section.line,
        fmt::format("expected one CREATE INDEX, found {} statements", statements.size()));
  }
  const catalog::SqlText& create = statements[0];
  if (create.identifiers().size() != 1 || !create.values().empty()) {
    throw file_error(file, create.line(),
                     "expected the table as :\"name\", and no other placeholder");
  }
  const std::string text =
      create.bind([](const std::string& table) { return ":" + table; }, {}).sql;
  // The name is the section's; building is always concurrent, so that writers are never blocked.
  const std::regex shape(R"(^CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(\S+)\s+ON\s+:)",
                         std::regex::icase);
  std::smatch found;
  if (!std::regex_search(text, found, shape) || found[2] != name) {
    throw file_error(
        file, create.line(),
        fmt::format("expected CREATE [UNIQUE] INDEX CONCURRENTLY {} ON :\"table\" …", name));
  }
  IndexDefinition index{.name = name,
                        .why = section.get("why"),
                        .query = section.get("query"),
                        .table = create.identifiers().front(),
                        .create = create,
                        .probe = {file, section.get("query"), line_of(section, "query")},
                        .samples = std::nullopt,
                        .target_s = std::nullopt,
                        .seed_before = section.find("seed-before").value_or(""),
                        .seed_after = section.find("seed-after").value_or("")};
  if (const auto samples = section.find("samples")) {
    index.samples.emplace(file, *samples, line_of(section, "samples"));
  }
  if (const auto target = section.find("target")) {
    index.target_s = core::parse_duration(*target).count();
  }
  check_parameters(file, section, index);
  return index;
}

/// "TABLE PERCENT".
Fillfactor parse_fillfactor(const catalog::File& file, const Section& section,
                            const std::string& words) {
  check(file, section, {{.key = "why", .required = true}});
  const std::regex shape("([a-z_][a-z0-9_]*) ([0-9]{2,3})");
  std::smatch found;
  if (!std::regex_match(words, found, shape) || std::stoi(found[2]) > 100 ||
      std::stoi(found[2]) < kLowestFillfactor || !core::trim(section.body).empty()) {
    throw file_error(file, section.line,
                     fmt::format("\"{}\" is no table and its fillfactor", words),
                     "expected: -- @fillfactor TABLE PERCENT (10 to 100), and no SQL");
  }
  return {.table = found[1], .percent = std::stoi(found[2]), .why = section.get("why")};
}

void parse_section(const catalog::File& file, const Section& section, Pack& pack) {
  const auto words_after = [&](std::string_view keyword) {
    return std::string(core::trim(std::string_view(section.head).substr(keyword.size())));
  };
  constexpr std::string_view kIndex = "index ";
  constexpr std::string_view kFillfactor = "fillfactor ";
  if (section.head.rfind(kIndex, 0) == 0) {
    IndexDefinition index = parse_index(file, section, words_after(kIndex));
    for (const IndexDefinition& other : pack.indexes) {
      if (other.name != index.name) continue;
      throw file_error(file, section.line, fmt::format("index {} stands here twice", index.name));
    }
    pack.indexes.push_back(std::move(index));
  } else if (section.head.rfind(kFillfactor, 0) == 0) {
    pack.fillfactors.push_back(parse_fillfactor(file, section, words_after(kFillfactor)));
  } else {
    throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                     "expected: -- @index NAME");
  }
}

/// True if an index of the pack on this table names one of the columns: then no update that sets
/// them can be heap-only, whatever other indexes there are.
bool names_one(const Pack& pack, const std::string& table, const std::set<std::string>& columns) {
  return std::any_of(pack.indexes.begin(), pack.indexes.end(), [&](const IndexDefinition& index) {
    const std::string text =
        index.create.bind([](const std::string&) { return std::string("t"); }, {}).sql;
    return index.table == table && !named_by(text, columns).empty();
  });
}

std::map<std::string, std::set<std::string>> kept_free(const Pack& pack,
                                                       const std::vector<Write>& writes) {
  std::map<std::string, std::set<std::string>> free;
  for (const Fillfactor& setting : pack.fillfactors) {
    for (const Write& write : writes) {
      const std::set<std::string> columns = columns_set(write);
      if (write.table() != setting.table || names_one(pack, setting.table, columns)) continue;
      free[setting.table].insert(columns.begin(), columns.end());
    }
  }
  return free;
}

Pack read(const catalog::Catalog& catalog, const catalog::Entry& entry) {
  Pack pack = parse(entry);
  if (!pack.fillfactors.empty()) {
    pack.kept_free = kept_free(pack, load_writes(catalog, pack.family));
  }
  return pack;
}

}  // namespace

std::vector<std::string> Pack::tables() const {
  std::vector<std::string> known;
  const auto add = [&](const std::string& table) {
    if (std::find(known.begin(), known.end(), table) == known.end()) known.push_back(table);
  };
  for (const IndexDefinition& index : indexes) {
    add(index.table);
    for (const std::string& table : index.probe.identifiers()) add(table);
  }
  for (const Fillfactor& setting : fillfactors) add(setting.table);
  return known;
}

Pack parse(const catalog::Entry& entry) {
  const catalog::File& file = entry.file;
  const auto sections = catalog::parse_sections(file);
  const Section& head = sections[0];
  check(file, head,
        {{.key = "pack", .required = true},
         {.key = "summary", .required = true},
         {.key = "family"},
         {.key = "prefix"},
         {.key = "instead-of"}});
  if (head.get("pack") != entry.name) {
    throw file_error(
        file, 1,
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
            .prefix = head.find("prefix").value_or(""),
            .instead_of = head.find("instead-of").value_or(""),
            .indexes = {},
            .fillfactors = {},
            .kept_free = {}};
  for (std::size_t i = 1; i < sections.size(); ++i) parse_section(file, sections[i], pack);
  if (pack.indexes.empty()) throw file_error(file, 1, "expected at least one \"-- @index NAME\"");
  return pack;
}

std::vector<Pack> load_all(const catalog::Catalog& catalog) {
  std::vector<Pack> packs;
  for (const catalog::Entry& entry : catalog.newest(kFolder)) packs.push_back(read(catalog, entry));
  return packs;
}

Pack load(const catalog::Catalog& catalog, const std::string& name) {
  return read(catalog, catalog.find(kFolder, name, "index pack"));
}

std::optional<Pack> better_design(const catalog::Catalog& catalog, const Pack& pack) {
  for (Pack& other : load_all(catalog)) {
    if (other.instead_of == pack.name) return std::move(other);
  }
  return std::nullopt;
}

}  // namespace scalectl::index
