// OwnRedis: a Redis of one test's own, to be stopped in the midst of what the test does.
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "process/child.hpp"
#include "redis/client.hpp"
#include "support/command.hpp"
#include "support/running.hpp"

namespace scalectl::test {

/// On a Unix socket in a directory of its own. Killed at the end.
class OwnRedis {
 public:
  OwnRedis() : child_(process::Child::start({.argv = argv()})) {
    const bool up = eventually([&] {
      try {
        return redis::Client(target()).command({"PING"}).text == "PONG";
      } catch (const core::Error&) {
        return false;
      }
    });
    if (!up) throw std::runtime_error("redis-server does not start");
  }

  redis::Target target() const { return redis::parse_url(url()); }
  std::string url() const { return "unix://" + socket(); }
  /// Ends the server, and returns when it is gone.
  void stop() {
    child_.signal(SIGKILL);
    child_.wait(std::chrono::seconds(30));
  }

 private:
  std::string socket() const { return directory_.path() + "/redis.sock"; }
  std::vector<std::string> argv() const {
    return {"redis-server", "--port",          "0",         "--unixsocket", socket(), "--save", "",
            "--dir",        directory_.path(), "--logfile", "/dev/null"};
  }

  TemporaryDirectory directory_;
  process::Child child_;
};

}  // namespace scalectl::test
