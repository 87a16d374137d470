// Released SQL is frozen: databases in use hold what the file said. A change is a new version.
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/checksum.hpp"
#include "core/text.hpp"
#include "process/files.hpp"

namespace scalectl {
namespace {

/// tests/golden/released.sha256, as sha256sum writes it: path to digest.
std::map<std::string, std::string> released() {
  const std::string path = std::string(SCALECTL_SOURCE_DIR) + "/tests/golden/released.sha256";
  std::map<std::string, std::string> digests;
  for (const std::string& line : core::split(process::read_file(path), '\n')) {
    if (line.size() > 66) digests[line.substr(66)] = line.substr(0, 64);
  }
  return digests;
}

std::map<std::string, std::string> embedded() {
  const catalog::Catalog catalog;
  std::map<std::string, std::string> digests;
  for (const std::string top : {"sql/schema", "sql/layouts", "sql"}) {
    for (const std::string& folder : catalog.folders(top)) {
      for (const catalog::File& file : catalog.files(top + "/" + folder)) {
        digests[file.path] = catalog::sha256(file.text);
      }
    }
  }
  return digests;
}

TEST(ReleasedSql, IsNeverChangedAndNeverRemoved) {
  const auto now = embedded();
  for (const auto& [path, digest] : released()) {
    ASSERT_EQ(now.count(path), 1U) << path << " was released and is gone";
    EXPECT_EQ(now.at(path), digest) << path << " was released: make a new version of it";
  }
}

TEST(ReleasedSql, EveryFileIsOnTheList) {
  const auto list = released();
  for (const auto& [path, digest] : embedded()) {
    EXPECT_EQ(list.count(path), 1U)
        << path << " is new: sha256sum " << path << " >> tests/golden/released.sha256";
  }
}

}  // namespace
}  // namespace scalectl
