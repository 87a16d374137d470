#include "process/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/error.hpp"
#include "core/text.hpp"
#include "process/descriptor.hpp"

extern char** environ;

namespace scalectl::process {
namespace {

using core::Error;
using core::ErrorKind;

constexpr auto kGroupLimit = std::chrono::seconds(5);

Exit exit_of(int status) {
  if (WIFSIGNALED(status)) return {.status = 0, .signal = WTERMSIG(status)};
  return {.status = WEXITSTATUS(status), .signal = 0};
}

/// This process's environment with `added` entries put in or replaced.
std::vector<std::string> merged_environment(
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& [key, value] : added) replaced = replaced || key == name;
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [key, value] : added) all.push_back(key + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// Where the child's three streams go; -1 leaves one as it is.
struct Streams {
  int out = -1;
  int err = -1;
};

/// Everything the child does between fork and exec: async-signal-safe calls only, since the parent
/// may have threads. Reports errno through `report` and never returns.
[[noreturn]] void become(const Command& command, const char* program, char* const* argv,
                         char* const* envp, Streams streams, int report) {
  const auto fail = [&]() {
    const int code = errno;
    [[maybe_unused]] const auto written = write(report, &code, sizeof code);
    _exit(127);
  };
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || dup2(null, STDIN_FILENO) < 0) fail();
  if (streams.out >= 0 && dup2(streams.out, STDOUT_FILENO) < 0) fail();
  if (streams.err >= 0 && dup2(streams.err, STDERR_FILENO) < 0) fail();
  if (command.daemon && setsid() < 0) fail();
  if (command.group && setpgid(0, 0) != 0) fail();
  if (command.account) {
    if (setgroups(0, nullptr) != 0 || setgid(command.account->gid) != 0 ||
        setuid(command.account->uid) != 0) {
      fail();
    }
  }
  // After the change of account, which would clear it.
  if (!command.daemon && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail();
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) fail();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  execve(program, argv, envp);
  fail();
  _exit(127);
}

pid_t spawn(const Command& command, Streams streams) {
  const std::string program = find_program(command.argv.at(0));
  if (program.empty()) {
    throw Error(ErrorKind::kFailed, fmt::format("cannot run {}: not found", command.argv[0]));
  }
  std::vector<std::string> words = command.argv;
  std::vector<std::string> environment = merged_environment(command.env);
  const auto argv = pointers(words);
  const auto envp = pointers(environment);
  auto [report_read, report_write] = make_pipe();

  const pid_t pid = fork();
  if (pid < 0) {
    throw Error(ErrorKind::kFailed, fmt::format("cannot fork: {}", std::strerror(errno)));
  }
  if (pid == 0) {
    become(command, program.c_str(), argv.data(), envp.data(), streams, report_write.get());
  }
  report_write.reset();
  int code = 0;
  if (read(report_read.get(), &code, sizeof code) == static_cast<ssize_t>(sizeof code)) {
    waitpid(pid, nullptr, 0);
    throw Error(ErrorKind::kFailed,
                fmt::format("cannot run {}: {}", program, std::strerror(code)));
  }
  return pid;
}

}  // namespace

std::string Exit::describe() const {
  return signal != 0 ? fmt::format("signal {}", signal) : fmt::format("exit status {}", status);
}

Child Child::start(const Command& command) {
  Descriptor log;
  Streams streams;
  if (!command.output_file.empty()) {
    log = Descriptor(open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                          0600));
    if (!log) {
      throw Error(ErrorKind::kFailed, fmt::format("cannot write {}: {}", command.output_file,
                                                  std::strerror(errno)));
    }
    streams = {.out = log.get(), .err = log.get()};
  }
  return Child(spawn(command, streams), command.group);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      group_(other.group_),
      exit_(std::exchange(other.exit_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    group_ = other.group_;
    exit_ = std::exchange(other.exit_, std::nullopt);
  }
  return *this;
}

Child::~Child() { end(); }

void Child::end() noexcept {
  if (pid_ > 0 && !exit_) {
    signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
    // Its own children are not ours to reap, but gone they must be.
    const auto deadline = std::chrono::steady_clock::now() + kGroupLimit;
    while (group_ && kill(-pid_, 0) == 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  pid_ = -1;
}

void Child::signal(int number) const {
  if (pid_ > 0 && !exit_) kill(group_ ? -pid_ : pid_, number);
}

std::optional<Exit> Child::poll() {
  int status = 0;
  if (!exit_ && pid_ > 0 && waitpid(pid_, &status, WNOHANG) == pid_) exit_ = exit_of(status);
  return exit_;
}

std::optional<Exit> Child::wait(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!poll() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return exit_;
}

Captured run(const Command& command) {
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  const pid_t pid = spawn(command, {.out = out_write.get(), .err = err_write.get()});
  out_write.reset();
  err_write.reset();

  Captured captured;
  std::array<pollfd, 2> fds{{{out_read.get(), POLLIN, 0}, {err_read.get(), POLLIN, 0}}};
  const std::array<std::string*, 2> sinks{&captured.out, &captured.err};
  std::array<char, 65536> buffer;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      const ssize_t got = read(fds[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        sinks[i]->append(buffer.data(), static_cast<std::size_t>(got));
      } else if (got == 0 || errno != EINTR) {
        fds[i].fd = -1;
      }
    }
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  captured.exit = exit_of(status);
  return captured;
}

void replace_by(const std::vector<std::string>& argv,
                const std::vector<std::pair<std::string, std::string>>& env) {
  const std::string program = find_program(argv.at(0));
  if (program.empty()) {
    throw core::usage_error(fmt::format("cannot run \"{}\": there is no such program, or it may not "
                                        "be executed", argv[0]),
                            "give a path, or a name that PATH finds");
  }
  std::vector<std::string> words = argv;
  std::vector<std::string> environment = merged_environment(env);
  const auto arguments = pointers(words);
  const auto envp = pointers(environment);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  execve(program.c_str(), arguments.data(), envp.data());
  throw core::usage_error(fmt::format("cannot run {}: {}", program, std::strerror(errno)));
}

std::string find_program(const std::string& name, const std::vector<std::string>& more) {
  const auto usable = [](const std::string& path) {
    return access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path);
  };
  if (name.find('/') != std::string::npos) return usable(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::vector<std::string> places = core::split(path != nullptr ? path : "/usr/bin:/bin", ':');
  places.insert(places.end(), more.begin(), more.end());
  for (const std::string& place : places) {
    const std::string candidate = (place.empty() ? "." : place) + "/" + name;
    if (usable(candidate)) return candidate;
  }
  return "";
}

bool is_running(pid_t pid, const std::string& mark) {
  if (pid <= 0) return false;
  const std::string proc = fmt::format("/proc/{}/", pid);
  std::ifstream stat_file(proc + "stat");
  std::string stat;
  std::getline(stat_file, stat);
  // The state stands behind the name, which is in parentheses and may hold any character.
  const auto name_end = stat.rfind(") ");
  if (name_end == std::string::npos || stat.at(name_end + 2) == 'Z') return false;
  std::ostringstream command_line;
  command_line << std::ifstream(proc + "cmdline").rdbuf();
  return command_line.str().find(mark) != std::string::npos;
}

}  // namespace scalectl::process
