// Feeder: rows of data that users are given, from a CSV or JSON file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_document.hpp"
#include "load/scenario/template.hpp"

namespace scalectl::load::scenario {

enum class FeederOrder {
  kUnique,    ///< in the file's order, each row once; a user for whom none is left does not begin
  kCircular,  ///< in the file's order, again and again
  kShuffled,  ///< in a random order, all rows before any comes again, each round in its own order
};

struct FeederData {
  std::string name;
  std::string file;
  FeederOrder order = FeederOrder::kCircular;
  std::vector<std::string> columns;
  std::vector<std::vector<Variable>> rows;  ///< as many values in each as there are columns

  /// The row of draw `index`: a pure function of the seed. Nothing where a unique feeder is empty
  /// by then.
  std::optional<std::size_t> row(std::uint64_t seed, std::uint64_t index) const;
};

/// The rows of a data file: CSV (RFC 4180, the first record names the columns) or JSON (a list of
/// objects with the same members), by the ending of the name `file`, which errors begin with.
/// Throws Error (usage) naming file, line and column of a ragged row, a doubled or empty column
/// name, an open quote, or that there is no row.
FeederData read_feeder(const std::string& file, std::string_view text);

/// The rows that `list` states, as in a JSON file; errors name places in `file`.
FeederData read_rows(const core::JsonNode& list, const std::string& file);

}  // namespace scalectl::load::scenario
