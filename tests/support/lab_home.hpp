// LabHome: a home for labs of one test's own; what is up in it at the end is brought down.
#pragma once

#include <string>
#include <vector>

#include "lab/lab.hpp"
#include "support/command.hpp"

namespace scalectl::test {

class LabHome {
 public:
  /// `name` of the directory that holds the labs; the binary makes it.
  explicit LabHome(const std::string& name = "l");
  ~LabHome();
  LabHome(const LabHome&) = delete;
  LabHome& operator=(const LabHome&) = delete;

  const std::string& path() const { return path_; }
  /// A directory beside it, for files that other accounts may read.
  const TemporaryDirectory& beside() const { return directory_; }
  lab::Lab lab(const std::string& name = "default") const { return lab::Lab(path_, name); }
  /// What leads the binary to this home, and `more`.
  Environment environment(const Environment& more = {}) const;
  Outcome scalectl(const std::vector<std::string>& arguments, const Environment& more = {}) const;

 private:
  TemporaryDirectory directory_;
  std::string path_;
};

}  // namespace scalectl::test
