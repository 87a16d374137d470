#include "scenario_options.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace scalectl::tool {

void ScenarioOptions::declare(cli::Command& verb) {
  verb.list("--set", variables, "A variable's value in place of the file's (several times)",
            "NAME=VALUE")
      .option("--target", target, "The server, in place of the file's", "URL");
}

load::scenario::ReadOptions ScenarioOptions::read() const {
  load::scenario::ReadOptions made{.target = target};
  for (const std::string& given : variables) {
    const std::size_t equals = given.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::usage_error(fmt::format("--set \"{}\" is not NAME=VALUE", given),
                              "for example --set room=plaza");
    }
    made.variables.emplace_back(given.substr(0, equals), given.substr(equals + 1));
  }
  return made;
}

}  // namespace scalectl::tool
