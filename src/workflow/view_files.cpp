#include "workflow/view_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/checksum.hpp"
#include "catalog/front_matter.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::workflow {
namespace {

using catalog::file_error;

constexpr const char* kFolder = "sql/views";
/// In the order in which they are made: contexts read readiness.
constexpr const char* kViews[] = {"step_readiness_status", "task_execution_context"};

ViewObject parse_object(const catalog::File& file, const catalog::Section& section) {
  check(file, section, {{.key = "summary", .required = true}});
  const auto words = core::split(section.head, ' ');
  if (words.size() != 2 || (words[0] != "view" && words[0] != "function")) {
    throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                     "expected: -- @view NAME or -- @function NAME");
  }
  const std::string_view body = core::trim(section.body);
  const std::string wanted = fmt::format("CREATE {} :\"{}\"", words[0] == "view" ? "VIEW" : "FUNCTION",
                                         words[1]);
  if (body.substr(0, wanted.size()) != wanted) {
    throw file_error(file, section.body_line, fmt::format("expected {}", wanted));
  }
  return {.is_function = words[0] == "function",
          .name = words[1],
          .create = catalog::SqlText(file, body, section.body_line)};
}

void add_file(const catalog::Entry& entry, ViewVersion& version) {
  const catalog::File& file = entry.file;
  const auto sections = catalog::parse_sections(file);
  check(file, sections[0],
        {{.key = "view", .required = true},
         {.key = "summary", .required = true},
         {.key = "family"},
         {.key = "prefix"}});
  if (sections[0].get("view") != entry.name) {
    throw file_error(file, 1, fmt::format("expected \"-- view: {}\"", entry.name),
                     "a view is called what its file is called");
  }
  if (version.objects.empty()) version.summary = sections[0].get("summary");
  for (std::size_t i = 1; i < sections.size(); ++i) {
    version.objects.push_back(parse_object(file, sections[i]));
  }
  version.checksum = catalog::sha256(version.checksum + file.text);
}

}  // namespace

bool ViewVersion::makes(const std::string& name) const {
  return std::any_of(objects.begin(), objects.end(),
                     [&](const ViewObject& object) { return object.name == name; });
}

std::vector<ViewVersion> load_versions(const catalog::Catalog& catalog) {
  std::map<int, ViewVersion> versions;
  for (const char* view : kViews) {
    for (const catalog::Entry& entry : catalog.versions(kFolder, view)) {
      ViewVersion& version = versions[entry.version];
      version.version = entry.version;
      add_file(entry, version);
    }
  }
  std::vector<ViewVersion> list;
  for (auto& [number, version] : versions) list.push_back(std::move(version));
  return list;
}

ViewVersion load_version(const catalog::Catalog& catalog, int version) {
  std::vector<ViewVersion> versions = load_versions(catalog);
  if (version == 0) return versions.back();
  std::vector<std::string> names;
  for (ViewVersion& candidate : versions) {
    if (candidate.version == version) return std::move(candidate);
    names.push_back(fmt::format("v{}", candidate.version));
  }
  throw core::usage_error(fmt::format("there is no version v{} of the views", version),
                          "there are: " + core::join(names, ", "));
}

}  // namespace scalectl::workflow
