#include "load/scenario/source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "scenarios/load";

std::optional<std::string> text_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return std::nullopt;
  return text.str();
}

Source of_disk(const std::string& file) {
  const fs::path path(file);
  auto text = text_of(path);
  if (!text) {
    throw core::usage_error(fmt::format("cannot read scenario file \"{}\"", file),
                            "a shipped scenario is given by its name: scalectl load list");
  }
  return {.name = path.stem().string(),
          .file = file,
          .text = std::move(*text),
          .data = [folder = path.parent_path()](const std::string& data) {
            return text_of(folder / data);
          }};
}

Source of_catalog(catalog::Entry entry, const catalog::Catalog& catalog) {
  return {.name = std::move(entry.name),
          .file = entry.file.path,
          .text = std::move(entry.file.text),
          .data = [&catalog](const std::string& data) -> std::optional<std::string> {
            const std::string path = (fs::path(kFolder) / data).lexically_normal().string();
            for (catalog::File& file : catalog.files(fs::path(path).parent_path().string())) {
              if (file.path == path) return std::move(file.text);
            }
            return std::nullopt;
          }};
}

}  // namespace

std::vector<Source> shipped_sources(const catalog::Catalog& catalog) {
  std::vector<Source> sources;
  for (catalog::Entry& entry : catalog.newest(kFolder)) {
    sources.push_back(of_catalog(std::move(entry), catalog));
  }
  return sources;
}

Source open_source(const std::string& operand, const catalog::Catalog& catalog) {
  if (operand.find('/') != std::string::npos || operand.ends_with(".json")) return of_disk(operand);
  return of_catalog(catalog.find(kFolder, operand, "load scenario"), catalog);
}

}  // namespace scalectl::load::scenario
