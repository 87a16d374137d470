// Source: the text of a scenario and of the data files beside it, from disk or out of the binary.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"

namespace scalectl::load::scenario {

struct Source {
  std::string name;  ///< "smoke"
  std::string file;  ///< for messages: "scenarios/load/smoke.json"
  std::string text;
  /// The text of a data file, by its path relative to the scenario; nothing where it cannot be
  /// read.
  std::function<std::optional<std::string>(const std::string& path)> data;
};

/// The file `operand` where that has a "/" or ends in ".json", else the shipped scenario of that
/// name. Throws Error (usage) where there is none.
Source open_source(const std::string& operand, const catalog::Catalog& catalog);

/// The shipped scenarios, by name. `catalog` must outlive them.
std::vector<Source> shipped_sources(const catalog::Catalog& catalog);

}  // namespace scalectl::load::scenario
