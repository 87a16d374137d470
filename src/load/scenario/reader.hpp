// Reader: the text of a scenario file to a Scenario, or to everything that is wrong with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/scenario/problem.hpp"
#include "load/scenario/scenario.hpp"
#include "load/scenario/source.hpp"

namespace scalectl::load::scenario {

/// What the command line says in place of the file.
struct ReadOptions {
  std::vector<std::pair<std::string, std::string>> variables;  ///< --set NAME=VALUE
  std::optional<std::string> target;
  std::optional<std::uint64_t> seed;
};

/// Throws Error (usage) with the first problem there is.
Scenario read_scenario(const Source& source, const ReadOptions& options = {});

struct Reviewed {
  std::optional<Scenario> scenario;  ///< where there are no problems
  std::vector<Problem> problems;     ///< all that do not follow from each other
};

Reviewed review_scenario(const Source& source, const ReadOptions& options = {});

}  // namespace scalectl::load::scenario
