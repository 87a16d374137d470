// `scalectl serve` in the background; what it says goes to one file, its Result to another.
#pragma once

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "process/files.hpp"
#include "support/command.hpp"
#include "support/json.hpp"
#include "support/running.hpp"

namespace scalectl::test {

/// On any free port, unless `more` names a socket. Killed if it still runs at the end.
class BackgroundServer {
 public:
  explicit BackgroundServer(std::vector<std::string> more)
      : child_(test::start(arguments(std::move(more)), log())) {}

  /// The first line that it says: where it listens.
  std::string line() {
    std::string text;
    eventually([&] {
      text = std::filesystem::exists(log()) ? process::read_file(log()) : "";
      return text.find('\n') != std::string::npos || child_.poll().has_value();
    });
    return text.substr(0, text.find('\n'));
  }
  int port() {
    const std::string text = line();
    std::smatch match;
    if (!std::regex_search(text, match, std::regex("Serving https?://[^ ]*:([0-9]+) "))) {
      throw std::runtime_error("not serving: " + text);
    }
    return std::stoi(match[1]);
  }
  void signal(int number) const { child_.signal(number); }
  /// Its exit code.
  int wait() {
    const auto exit = child_.wait(std::chrono::seconds(60));
    if (!exit) throw std::runtime_error("it does not end");
    return exit->signal != 0 ? 128 + exit->signal : exit->status;
  }
  core::Value result() const { return json(process::read_file(directory_.path() + "/result")); }

 private:
  std::string log() const { return directory_.path() + "/log"; }
  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::vector<std::string> all{"serve", "--format", "json", "-o", directory_.path() + "/result"};
    if (std::find(more.begin(), more.end(), "--unix") == more.end()) {
      all.insert(all.end(), {"--port", "0"});
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  TemporaryDirectory directory_;
  process::Child child_;
};

}  // namespace scalectl::test
