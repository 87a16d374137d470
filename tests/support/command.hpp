// Running programs, the binary under test above all, as a user at a shell would.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "process/child.hpp"

namespace scalectl::test {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// How a program ended, and what it said.
struct Outcome {
  int code = 0;  ///< exit status; 128 + number for a signal
  std::string out;
  std::string err;
};

/// `environment` under the tests' own lab home. What would lead the binary to a server of the outside
/// is taken out of this process's environment.
Environment without_servers(const Environment& environment);

/// Path of the binary under test.
std::string binary();

/// Runs the binary with `arguments`. Variables that would lead it to a server are taken away first.
Outcome scalectl(const std::vector<std::string>& arguments, const Environment& environment = {});

/// Runs any program (looked up in PATH).
Outcome run(const std::vector<std::string>& argv, const Environment& environment = {});

/// Starts the binary with both streams going to `output_file`; for tests that signal it.
process::Child start(const std::vector<std::string>& arguments, const std::string& output_file,
                     const Environment& environment = {});

/// A directory of one test's own, removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file below it (making folders) and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string path_;
};

}  // namespace scalectl::test
