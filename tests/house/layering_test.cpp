// The plan of the house, held against every #include: who may use whom, which library of the
// outside is known where, and how long a file may be.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

using testing::IsEmpty;
namespace fs = std::filesystem;

constexpr int kMaxLines = 600;

const std::map<std::string, int> kLayers{
    {"core", 0},    {"cli", 1},      {"catalog", 1}, {"pg", 1},      {"redis", 1},
    {"process", 1}, {"net", 1},      {"index", 2},   {"tick", 2},    {"seed", 2},
    {"schema", 2},  {"workflow", 2}, {"load", 2},    {"gateway", 2}, {"capacity", 2},
    {"health", 2},  {"lab", 2},      {"report", 2},  {"story", 3},
};

/// What a library of layer 2 may use of layer 1.
const std::map<std::string, std::set<std::string>> kPorts{
    {"index", {"catalog", "pg"}},
    {"tick", {"catalog", "pg"}},
    {"seed", {"catalog", "pg"}},
    {"schema", {"catalog", "pg"}},
    {"workflow", {"catalog", "pg"}},
    {"load", {"catalog", "net"}},
    {"gateway", {"net", "pg", "redis"}},
    {"capacity", {"catalog"}},
    {"health", {"pg", "redis", "process"}},
    {"lab", {"process", "pg", "redis"}},
    {"report", {}},
};

/// Headers of the outside, and the one library that may include them.
const std::vector<std::pair<std::regex, std::string>> kOutside{
    {std::regex("^CLI/"), "cli"},
    {std::regex("^spdlog/"), "cli"},
    {std::regex("^(pqxx/|libpq)"), "pg"},
    {std::regex("^hiredis/"), "redis"},
    {std::regex("^boost/(asio|beast)"), "net"},
    {std::regex("^nlohmann/"), "core"},
    {std::regex("^re2/"), "load"},
};

struct Include {
  std::string file;     // src/pg/session.cpp
  std::string library;  // pg
  std::string header;   // core/error.hpp
};

fs::path source_dir() { return SCALECTL_SOURCE_DIR; }

/// The source files below `folder`, relative to the top of the tree.
std::vector<std::string> sources(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(source_dir() / folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".cpp" || extension == ".hpp") {
      files.push_back(fs::relative(entry.path(), source_dir()).string());
    }
  }
  return files;
}

/// "load" of src/load/scenario/reader.cpp: a library may have folders of its own.
std::string library_of(const fs::path& file) { return std::next(file.begin())->string(); }

std::vector<Include> includes(const std::string& folder) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  std::vector<Include> found;
  for (const std::string& file : sources(folder)) {
    std::ifstream stream(source_dir() / file);
    std::smatch match;
    for (std::string line; std::getline(stream, line);) {
      if (std::regex_search(line, match, kInclude)) {
        found.push_back({file, library_of(file), match[1]});
      }
    }
  }
  return found;
}

/// True if library `user` may include headers of library `used`.
bool may_use(const std::string& user, const std::string& used) {
  if (user == used) return true;
  if (kLayers.at(used) >= kLayers.at(user)) return false;
  const auto ports = kPorts.find(user);
  return ports == kPorts.end() || used == "core" || ports->second.count(used) != 0;
}

TEST(Layering, EveryLibraryHasItsLayer) {
  std::vector<std::string> unknown;
  for (const auto& entry : fs::directory_iterator(source_dir() / "src")) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && kLayers.count(name) == 0) unknown.push_back(name);
  }
  EXPECT_THAT(unknown, IsEmpty()) << "give them a layer in this test and in README.md";
}

TEST(Layering, LibrariesUseOnlyTheLayersBelowThem) {
  std::vector<std::string> broken;
  for (const Include& include : includes("src")) {
    const std::string used = include.header.substr(0, include.header.find('/'));
    if (kLayers.count(used) != 0 && !may_use(include.library, used)) {
      broken.push_back(include.file + " includes " + include.header);
    }
  }
  EXPECT_THAT(broken, IsEmpty());
}

TEST(Layering, LibrariesOfTheOutsideStayBehindTheirPort) {
  std::vector<std::string> broken;
  for (const char* folder : {"src", "tools"}) {
    for (const Include& include : includes(folder)) {
      for (const auto& [headers, port] : kOutside) {
        if (std::regex_search(include.header, headers) && include.library != port) {
          broken.push_back(include.file + " includes " + include.header);
        }
      }
    }
  }
  EXPECT_THAT(broken, IsEmpty());
}

TEST(Layering, NoFileIsTooLong) {
  std::vector<std::string> broken;
  for (const char* folder : {"src", "tools", "tests"}) {
    for (const std::string& file : sources(folder)) {
      std::ifstream stream(source_dir() / file);
      int lines = 0;
      for (std::string line; std::getline(stream, line);) ++lines;
      if (lines > kMaxLines) broken.push_back(file + " has " + std::to_string(lines) + " lines");
    }
  }
  EXPECT_THAT(broken, IsEmpty());
}

}  // namespace
