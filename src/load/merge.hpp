// Merging the results of a run's shards into the result of the whole.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "load/threshold.hpp"

namespace scalectl::load {

struct NamedText {
  std::string name;  ///< for errors: the file
  std::string text;  ///< one or more Results as JSON, one to a line
};

/// Adds up Results of `load http`: counts, histograms, seconds. Throws Error (usage) for what is no
/// such Result, for shards of different plans, a shard that is there twice, or one that is missing.
core::Result merge(const std::vector<NamedText>& texts, const std::vector<Threshold>& thresholds);

}  // namespace scalectl::load
