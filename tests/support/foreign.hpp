// Programs in Python and JavaScript on WebSocket libraries that are not ours, those of Debian.
#pragma once

#include <chrono>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/files.hpp"
#include "support/command.hpp"
#include "support/running.hpp"

namespace scalectl::test {

/// The command line that runs tests/support/`script`. Debian's own interpreters, whatever else is
/// in PATH: they are the ones that find Debian's modules.
inline std::vector<std::string> foreign(const std::string& script) {
  const bool python = script.ends_with(".py");
  return {python ? "/usr/bin/python3" : "/usr/bin/node",
          std::string(SCALECTL_SOURCE_DIR "/tests/support/") + script};
}

/// Where Debian keeps modules for Node, whoever built it.
inline const Environment kNodePath{{"NODE_PATH", "/usr/share/nodejs"}};

/// A server that prints "listening" and its ports. Killed at the end.
class ForeignServer {
 public:
  explicit ForeignServer(const std::string& script)
      : child_(process::Child::start(
            {.argv = foreign(script), .env = kNodePath, .output_file = log()})) {
    const bool ready = eventually([&] { return said().find('\n') != std::string::npos; });
    std::istringstream words(said());
    std::string word;
    words >> word;
    if (!ready || word != "listening") throw std::runtime_error(script + ": " + said());
    for (int port = 0; words >> port;) ports_.push_back(port);
  }

  std::string url(std::size_t port, const std::string& path) const {
    return "ws://127.0.0.1:" + std::to_string(ports_.at(port)) + path;
  }

  /// All that it has printed.
  std::string said() const {
    return std::filesystem::exists(log()) ? process::read_file(log()) : "";
  }

 private:
  std::string log() const { return directory_.path() + "/log"; }

  TemporaryDirectory directory_;
  process::Child child_;
  std::vector<int> ports_;
};

}  // namespace scalectl::test
