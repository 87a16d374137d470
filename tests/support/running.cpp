#include "support/running.hpp"

#include <fmt/format.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "process/files.hpp"

namespace scalectl::test {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The shell only opens the streams: exec keeps the process id.
process::Child start_apart(const std::vector<std::string>& arguments, const std::string& directory,
                           const Environment& environment) {
  std::vector<std::string> argv{
      "/bin/sh", "-c",      "out=$1/out err=$1/err; shift; exec \"$@\" >\"$out\" 2>\"$err\"",
      "sh",      directory, binary()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return process::Child::start({.argv = argv, .env = without_servers(environment)});
}

[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const Environment& environment) {
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words{binary()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

bool eventually(const std::function<bool()>& done, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

Running::Running(const std::vector<std::string>& arguments, const Environment& environment)
    : child_(start_apart(arguments, streams_.path(), environment)) {}

Outcome Running::wait(std::chrono::milliseconds limit) {
  const auto exit = child_.wait(limit);
  if (!exit) throw std::runtime_error("the program did not end in time");
  return {.code = exit->signal != 0 ? 128 + exit->signal : exit->status,
          .out = content_of(fs::path(streams_.path()) / "out"),
          .err = content_of(fs::path(streams_.path()) / "err")};
}

bool Running::has_pending(int number) const {
  std::istringstream status(content_of(fmt::format("/proc/{}/status", pid())));
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("ShdPnd:", 0) != 0) continue;
    const unsigned long long set = std::stoull(line.substr(line.find('\t') + 1), nullptr, 16);
    return (set >> (number - 1) & 1) != 0;
  }
  return false;
}

Outcome scalectl_on_terminal(const std::vector<std::string>& arguments,
                             const Environment& environment) {
  const Environment all = without_servers(environment);
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 100;
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, &size);
  if (pid < 0) throw std::runtime_error("no pseudo terminal");
  if (pid == 0) become(arguments, all);
  Outcome outcome;
  char buffer[4096];
  // The terminal reports an error once nobody holds its other side.
  for (ssize_t got = 0; (got = read(terminal, buffer, sizeof buffer)) > 0;) {
    outcome.out.append(buffer, static_cast<std::size_t>(got));
  }
  close(terminal);
  int status = 0;
  waitpid(pid, &status, 0);
  outcome.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

std::vector<pid_t> processes_in(const std::string& directory) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || pid == getpid()) continue;
    std::error_code gone;
    const std::string cwd = fs::read_symlink(entry.path() / "cwd", gone).string();
    if (cwd.rfind(directory, 0) == 0 || command_line_of(pid).find(directory) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

std::string command_line_of(pid_t pid) {
  std::string line = content_of(fmt::format("/proc/{}/cmdline", pid));
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line;
}

}  // namespace scalectl::test
