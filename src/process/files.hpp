// Files: whole-file reads, replace-by-rename writes, and a lock on a directory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "process/descriptor.hpp"

namespace scalectl::process {

/// The whole content of `path`. Throws Error (usage) naming the path and the reason.
std::string read_file(const std::filesystem::path& path);

/// Writes `content` beside `path` and renames it into place, so that a reader sees the old file or
/// the new one. `mode` applies to a new file (after umask); an existing file keeps its own. A path
/// that is not a regular file (/dev/stdout, a FIFO) is written to directly. Throws Error (usage).
void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0666);

/// Throws what write_file would throw where it is clear beforehand that it cannot write `path`.
void require_writable(const std::filesystem::path& path);

/// A file that grows while a command runs.
class Appender {
 public:
  /// Makes the file anew, readable by its owner alone. Throws Error (usage).
  explicit Appender(const std::filesystem::path& path);
  /// Throws Error (failed) where the file cannot take all of `text`.
  void write(std::string_view text);

 private:
  std::filesystem::path path_;
  Descriptor fd_;
};

/// Holds an exclusive lock on a directory for its lifetime; creates it and what is missing above it
/// first (0755, whatever the umask: servers under another account must get through).
class DirectoryLock {
 public:
  /// Waits for the lock. Throws Error (usage) if the directory cannot be made or opened.
  explicit DirectoryLock(const std::filesystem::path& directory);
  /// Removes the directory if nothing is left in it, and a DirectoryLock (as the mark in it says) made
  /// it: one that somebody else made is theirs.
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  std::filesystem::path directory_;
  Descriptor fd_;
};

}  // namespace scalectl::process
