// Problem: something that is wrong with a scenario file, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/json_document.hpp"

namespace scalectl::load::scenario {

struct Problem {
  std::string where;  ///< "FILE:LINE:COLUMN"
  std::string field;  ///< "populations[0].flow[2].http.url"; empty for the whole
  std::string what;
  std::string hint;

  /// "FILE:LINE:COLUMN: FIELD: what is wrong".
  std::string text() const { return where + ": " + (field.empty() ? "" : field + ": ") + what; }
};

/// A value of the document, and how one gets there.
struct Spot {
  const core::JsonNode* node = nullptr;  ///< nullptr where there is no such value
  std::string field;

  explicit operator bool() const { return node != nullptr; }
  /// The member called `name`.
  Spot at(std::string_view name) const;
  /// Of a list.
  std::vector<Spot> items() const;
  /// Of an object, each with its name.
  std::vector<std::pair<std::string, Spot>> members() const;
};

/// Everything in the document that is not as the grammar says: an unknown or missing field, a value
/// of the wrong kind, a word that is none. `file` begins the places.
std::vector<Problem> check_structure(const core::JsonNode& root, const std::string& file);

}  // namespace scalectl::load::scenario
