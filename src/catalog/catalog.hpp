// Catalog: what to do, as data. The files of sql/ and scenarios/ are embedded in the binary; a
// directory given with --sql-dir adds to the SQL files and overrides those of the same path.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::catalog {

struct File {
  std::string path;  ///< "sql/ticks/stamina.v1.sql"; for an overlaid file the path on disk
  std::string text;
};

/// One entry of a folder: "stamina.v2.sql" is version 2 of "stamina".
struct Entry {
  std::string name;
  int version = 1;
  File file;
};

class Catalog {
 public:
  /// The embedded files.
  Catalog();
  /// The embedded files under those of `sql_dir` (which has the folders ticks/, indexes/, …).
  /// Throws Error (usage) where it cannot be read.
  explicit Catalog(const std::filesystem::path& sql_dir);

  /// The newest version of every entry in `folder` ("sql/ticks"), sorted by name. Where the
  /// directory has files of a name, the newest of those: what somebody put there stays in force
  /// after an upgrade.
  std::vector<Entry> newest(std::string_view folder) const;
  /// The newest version of `name` in `folder`; throws Error (usage) that lists what there is and
  /// calls it a `what` ("tick").
  Entry find(std::string_view folder, std::string_view name, std::string_view what) const;
  /// Every version of `name` in `folder`, oldest first.
  std::vector<Entry> versions(std::string_view folder, std::string_view name) const;
  /// The names of the folders directly below `folder`, sorted.
  std::vector<std::string> folders(std::string_view folder) const;
  /// Every file directly in `folder`, sorted by path.
  std::vector<File> files(std::string_view folder) const;

 private:
  struct Placed {
    std::string folder;
    std::string base;  // file name
    File file;
    bool overlaid = false;
  };
  void place(const std::string& path, File file, bool overlaid);

  std::vector<Placed> placed_;
};

}  // namespace scalectl::catalog
