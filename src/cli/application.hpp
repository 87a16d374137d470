// Application: the tree of commands, and the run of one of them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace scalectl::cli {

class Application {
 public:
  Application(const std::string& name, const std::string& summary, const std::string& version);
  ~Application();
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// The options that every command understands, before or after its name.
  Command global();
  /// A new command.
  Command command(const std::string& name, const std::string& summary);

  /// What run() does once the arguments are read, before the command's action.
  void before_action(std::function<void()> check) { before_action_ = std::move(check); }

  /// Reads `arguments` (without the program's name) and runs the chosen command's action; its exit
  /// code. Help, version, --reference and --completion are printed to stdout and return 0. Throws Error (usage).
  int run(const std::vector<std::string>& arguments);

  /// Command and verb chosen in this run, as "tick run".
  std::string chosen() const { return chosen_; }

  /// Every command with its options, as Markdown.
  std::string reference() const;
  /// A bash completion script.
  std::string bash_completion() const;

 private:
  friend class Command;
  CLI::App& deepest() const;
  void refuse_leftovers() const;
  /// "--list a b" as "--list a --list b", where b is a value of that list.
  std::vector<std::string> with_names_repeated(const std::vector<std::string>& arguments) const;

  std::unique_ptr<CLI::App> root_;
  std::map<const CLI::App*, std::function<int()>> actions_;
  std::map<const CLI::App*, std::vector<std::string>> examples_;
  std::map<std::string, std::function<bool(const std::string&)>> spread_;
  std::deque<std::string> storage_;  // values that CLI11 keeps a reference to
  std::string chosen_;
  std::function<void()> before_action_;
  bool wants_reference_ = false;
  Choice completion_{.value = "", .allowed = {"bash"}};
};

}  // namespace scalectl::cli
