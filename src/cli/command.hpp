// Command: how a subcommand declares its verbs, operands and options. Each is declared once; the
// parser, the help, the README's reference and the shell completion all derive from that. CLI11
// stays behind this header.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/parse.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace scalectl::cli {

/// The program's name, its commands and what they have in common.
class Application;

/// A text that must be one of a few words.
struct Choice {
  std::string value;
  std::vector<std::string> allowed;
};

class Command {
 public:
  /// A verb below this command.
  Command verb(const std::string& name, const std::string& summary);
  /// A line of help with a whole command to try.
  Command& example(const std::string& line);

  /// A switch.
  Command& flag(const std::string& names, bool& target, const std::string& help);
  /// A switch that may carry a value, as in --lab or --lab=NAME, and never takes the next word.
  Command& flag_or_value(const std::string& name, std::optional<std::string>& target,
                         const std::string& default_value, const std::string& help);
  /// An option with one value, whose type decides how it is read: Seconds as a duration,
  /// std::int64_t as a count, double as a share from 0 to 1, Choice as one of its words. The
  /// default in the help is what `target` holds at this moment.
  template <typename T>
  Command& option(const std::string& names, T& target, const std::string& help,
                  const std::string& placeholder = "");
  /// An option that may be given several times, with one value each time; words behind that are
  /// values too as long as `is_value` says so.
  Command& list(const std::string& names, std::vector<std::string>& target, const std::string& help,
                const std::string& placeholder,
                std::function<bool(const std::string&)> is_value = nullptr);
  /// A word that stands for itself, by position.
  Command& operand(const std::string& name, std::string& target, const std::string& help,
                   bool required = true);
  /// All the words that follow.
  Command& operands(const std::string& name, std::vector<std::string>& target,
                    const std::string& help);
  /// What to do when this command was chosen; returns the exit code.
  void action(std::function<int()> run);

 private:
  friend class Application;
  Command(Application& application, CLI::App& app) : application_(&application), app_(&app) {}
  void add_option(const std::string& names, std::function<void(const std::string&)> read,
                  const std::string& default_text, const std::string& placeholder,
                  const std::string& help);

  Application* application_;
  CLI::App* app_;
};

namespace detail {

void read(const std::string& text, std::string& target);
void read(const std::string& text, std::int64_t& target);
void read(const std::string& text, double& target);
void read(const std::string& text, core::Seconds& target);
void read(const std::string& text, Choice& target);
std::string show(const std::string& value);
std::string show(std::int64_t value);
std::string show(double value);
std::string show(core::Seconds value);
std::string show(const Choice& value);
std::string placeholder(const std::string* type);
std::string placeholder(const std::int64_t* type);
std::string placeholder(const double* type);
std::string placeholder(const core::Seconds* type);
std::string placeholder(const Choice* type);

template <typename T>
void read(const std::string& text, std::optional<T>& target) {
  T value{};
  read(text, value);
  target = std::move(value);
}
template <typename T>
std::string show(const std::optional<T>& value) {
  return value ? show(*value) : "";
}
template <typename T>
std::string placeholder(const std::optional<T>* /*type*/) {
  return placeholder(static_cast<const T*>(nullptr));
}

}  // namespace detail

template <typename T>
Command& Command::option(const std::string& names, T& target, const std::string& help,
                         const std::string& placeholder) {
  std::string meta = placeholder;
  if constexpr (std::is_same_v<T, Choice>) {
    if (meta.empty()) meta = detail::placeholder(&target);
  } else {
    if (meta.empty()) meta = detail::placeholder(static_cast<const T*>(nullptr));
  }
  add_option(
      names, [&target](const std::string& text) { detail::read(text, target); },
      detail::show(target), meta, help);
  return *this;
}

}  // namespace scalectl::cli
