// OwnLab: a home for labs of one test's own, and a look at the processes that belong to it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "lab/lab.hpp"
#include "support/command.hpp"
#include "support/recorder.hpp"

namespace scalectl::test {

/// The processes whose command line contains `mark`.
inline std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline");
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    if (line.find(mark) != std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

class OwnLab : public testing::Test {
 protected:
  OwnLab() {
    // Servers that root starts run under another account, which must get through.
    namespace fs = std::filesystem;
    fs::permissions(directory_.path(), fs::perms(0755));
  }
  ~OwnLab() override {
    for (const std::string& name : lab::list(home())) {
      lab::Lab(home(), name).down(recorder);
    }
  }

  std::filesystem::path home() const { return std::filesystem::path(directory_.path()) / "lab"; }
  bool up(lab::Lab& lab, const lab::Options& options = {.fast = true}) {
    return lab.up(options, {}, recorder);
  }
  /// Process ids by server.
  static std::map<std::string, pid_t> pids(const lab::Lab& lab) {
    std::map<std::string, pid_t> all;
    for (const lab::Server& server : lab.servers()) all[server.name] = server.pid;
    return all;
  }
  std::vector<pid_t> processes() const { return processes_with(directory_.path()); }

  Recorder recorder;

 private:
  TemporaryDirectory directory_;
};

}  // namespace scalectl::test
