#include "catalog/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "catalog/embedded.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::catalog {
namespace {

namespace fs = std::filesystem;

File read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw core::usage_error(fmt::format("cannot read {}", path.string()));
  return {.path = path.string(), .text = text.str()};
}

/// "stamina.v2.sql" → ("stamina", 2); a base without a version is version 1.
std::pair<std::string, int> name_and_version(const std::string& base) {
  const std::string stem = base.substr(0, base.rfind('.'));
  const auto dot = stem.rfind(".v");
  if (dot == std::string::npos) return {stem, 1};
  int version = 0;
  const char* end = stem.data() + stem.size();
  const auto parsed = std::from_chars(stem.data() + dot + 2, end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end || version < 1) return {stem, 1};
  return {stem.substr(0, dot), version};
}

}  // namespace

Catalog::Catalog() {
  for (const File& file : embedded_files()) place(file.path, file, false);
}

Catalog::Catalog(const fs::path& sql_dir) : Catalog() {
  std::error_code error;
  for (fs::recursive_directory_iterator at(sql_dir, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_regular_file() && at->path().extension() == ".sql") {
      place("sql/" + at->path().lexically_relative(sql_dir).generic_string(), read(at->path()),
            true);
    }
  }
  if (error) {
    throw core::usage_error(
        fmt::format("cannot read --sql-dir {}: {}", sql_dir.string(), error.message()),
        "give a directory with folders such as ticks/ and indexes/");
  }
}

void Catalog::place(const std::string& path, File file, bool overlaid) {
  const auto slash = path.rfind('/');
  Placed placed{.folder = path.substr(0, slash),
                .base = path.substr(slash + 1),
                .file = std::move(file),
                .overlaid = overlaid};
  const auto same = std::find_if(placed_.begin(), placed_.end(), [&](const Placed& other) {
    return other.folder == placed.folder && other.base == placed.base;
  });
  if (same != placed_.end()) {
    *same = std::move(placed);
  } else {
    placed_.push_back(std::move(placed));
  }
}

std::vector<Entry> Catalog::newest(std::string_view folder) const {
  using Rank = std::pair<bool, int>;  // overlaid, version
  std::map<std::string, std::pair<Rank, const File*>> best;
  for (const Placed& placed : placed_) {
    if (placed.folder != folder) continue;
    const auto [name, version] = name_and_version(placed.base);
    const Rank rank{placed.overlaid, version};
    const auto [at, added] = best.try_emplace(name, rank, &placed.file);
    if (!added && rank > at->second.first) at->second = {rank, &placed.file};
  }
  std::vector<Entry> sorted;
  for (const auto& [name, found] : best) {
    sorted.push_back({name, found.first.second, *found.second});
  }
  return sorted;
}

Entry Catalog::find(std::string_view folder, std::string_view name, std::string_view what) const {
  std::vector<std::string> names;
  for (Entry& entry : newest(folder)) {
    if (entry.name == name) return std::move(entry);
    names.push_back(entry.name);
  }
  throw core::usage_error(
      fmt::format("there is no {} \"{}\"", what, name),
      core::did_you_mean(name, names, fmt::format("there are: {}", core::join(names, ", "))));
}

std::vector<Entry> Catalog::versions(std::string_view folder, std::string_view name) const {
  std::vector<Entry> entries;
  for (const Placed& placed : placed_) {
    if (placed.folder != folder) continue;
    const auto [its_name, version] = name_and_version(placed.base);
    if (its_name == name) entries.push_back({its_name, version, placed.file});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.version < b.version; });
  return entries;
}

std::vector<std::string> Catalog::folders(std::string_view folder) const {
  const std::string prefix = std::string(folder) + "/";
  std::set<std::string> names;
  for (const Placed& placed : placed_) {
    if (placed.folder.rfind(prefix, 0) != 0) continue;
    names.insert(placed.folder.substr(prefix.size(),
                                      placed.folder.find('/', prefix.size()) - prefix.size()));
  }
  return {names.begin(), names.end()};
}

std::vector<File> Catalog::files(std::string_view folder) const {
  std::vector<Placed> in_folder;
  std::copy_if(placed_.begin(), placed_.end(), std::back_inserter(in_folder),
               [&](const Placed& placed) { return placed.folder == folder; });
  std::sort(in_folder.begin(), in_folder.end(),
            [](const Placed& a, const Placed& b) { return a.base < b.base; });
  std::vector<File> files;
  for (Placed& placed : in_folder) files.push_back(std::move(placed.file));
  return files;
}

}  // namespace scalectl::catalog
