// What the verbs that read scenarios have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "load/scenario/reader.hpp"

namespace scalectl::tool {

struct ScenarioOptions {
  std::vector<std::string> variables;
  std::optional<std::string> target;

  void declare(cli::Command& verb);
  load::scenario::ReadOptions read() const;
};

}  // namespace scalectl::tool
