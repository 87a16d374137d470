// Walking CLI11's tree of commands. For the sources of this library only.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace scalectl::cli {

/// "tick run" for the verb run of command tick; empty for the root.
inline std::string path_of(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  if (parent == nullptr) return "";
  const std::string above = path_of(*parent);
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

/// Its commands or verbs.
inline std::vector<const CLI::App*> children(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

/// Its options, with their dashes.
inline std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

/// --lab[=NAME] where CLI11 writes --lab{default}.
inline std::string with_optional_value(const std::string& name) {
  const auto brace = name.find('{');
  return brace == std::string::npos ? name : name.substr(0, brace) + "[=NAME]";
}

}  // namespace scalectl::cli
