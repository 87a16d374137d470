#include "reference_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "core/text.hpp"
#include "process/files.hpp"

namespace scalectl::bench {

ReferenceServer::ReferenceServer(const Arena& arena)
    : log_(arena.scratch() + "/serve.log"), child_([&] {
        std::filesystem::remove(log_);  // of the one before
        return process::Child::start({.argv = {"taskset", "-c", std::to_string(kServerCore),
                                               arena.binary(), "serve", "--port", "0"},
                                      .output_file = log_});
      }()) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string said = std::filesystem::exists(log_) ? process::read_file(log_) : "";
    const std::size_t end = said.find(" (1 thread)");
    if (end != std::string::npos) {
      const std::size_t colon = said.rfind(':', end);
      port_ = said.substr(colon + 1, end - colon - 1);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error("serve does not start: " + log_);
}

ReferenceServer::~ReferenceServer() {
  child_.signal(SIGTERM);
  child_.wait(std::chrono::seconds(10));
}

std::string ReferenceServer::url(const std::string& path) const {
  return "ws://127.0.0.1:" + port_ + path;
}

Cpu ReferenceServer::cpu() const {
  // After the name in parentheses, utime and stime are the 12th and 13th (proc(5)).
  const std::string stat = process::read_file(fmt::format("/proc/{}/stat", child_.pid()));
  const auto fields = core::split(stat.substr(stat.rfind(')') + 2), ' ');
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  return {.user_s = std::stod(fields[11]) / ticks, .kernel_s = std::stod(fields[12]) / ticks};
}

}  // namespace scalectl::bench
