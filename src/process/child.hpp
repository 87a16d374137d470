// Child processes: start, wait, signal, capture. A Child that is still running when its object dies
// is killed and reaped, unless it was detached on purpose.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scalectl::process {

/// The account a child runs under.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is a path, or a name to look up in PATH
  /// Added to (or replacing entries of) this process's environment.
  std::vector<std::pair<std::string, std::string>> env;
  std::optional<Account> account;  ///< drop to this account (only root can)
  std::string directory;           ///< working directory; empty: this process's
  std::string output_file;         ///< stdout and stderr are appended here (mode 0600)
  bool daemon = false;  ///< own session, so that a Ctrl-C at the terminal does not reach it;
                        ///< otherwise the child dies with this process
  bool group = false;   ///< own process group, which is signalled and killed as a whole
};

/// How a child ended: its exit status, or the signal that killed it.
struct Exit {
  int status = 0;
  int signal = 0;
  bool ok() const { return status == 0 && signal == 0; }
  std::string describe() const;  ///< "exit status 1", "signal 9"
};

struct Captured {
  Exit exit;
  std::string out;
  std::string err;
};

class Child {
 public:
  /// Starts `command`. stdin is /dev/null. Throws Error (failed) where the program cannot be run.
  static Child start(const Command& command);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// How it ended, or nothing while it runs.
  std::optional<Exit> poll();
  /// Waits for the end, at most `limit`; nothing if it is still running then.
  std::optional<Exit> wait(std::chrono::milliseconds limit);
  /// Lets it live on after this object.
  void detach() { pid_ = -1; }

 private:
  Child(pid_t pid, bool group) : pid_(pid), group_(group) {}
  void end() noexcept;

  pid_t pid_ = -1;
  bool group_ = false;
  std::optional<Exit> exit_;
};

/// Runs `command` to its end and captures what it wrote (output_file is ignored).
Captured run(const Command& command);

/// Replaces this process by argv, with `env` added. Throws Error (usage) if it cannot be run.
[[noreturn]] void replace_by(const std::vector<std::string>& argv,
                             const std::vector<std::pair<std::string, std::string>>& env);

/// Path of program `name`: PATH first, then `more` directories; empty if it is nowhere.
std::string find_program(const std::string& name, const std::vector<std::string>& more = {});

/// True while process `pid` runs (a zombie does not) and its command line contains `mark`.
bool is_running(pid_t pid, const std::string& mark);

}  // namespace scalectl::process
