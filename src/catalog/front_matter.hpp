// Front matter: the comments at the head of a catalog file, or of one of its sections, that say
// what the SQL below them is.
//
//   -- tick: stamina
//   -- summary: Give every living player one regeneration step,
//   --   and no more than one.              (two spaces or more: the line above goes on)
//                                           (an empty line ends the front matter)
//   UPDATE …;
//   -- @rows                                (a section, with front matter of its own)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/error.hpp"

namespace scalectl::catalog {

/// One "key: value" of front matter.
struct Field {
  std::string key;
  std::string value;
  int line = 0;
};

/// A part of a file: its head ("index idx_x"; empty for the part before the first "-- @"), its
/// front matter and its SQL.
struct Section {
  std::string head;
  int line = 1;
  std::vector<Field> fields;
  std::string body;
  int body_line = 1;

  /// The value of `key`, or nothing.
  std::optional<std::string> find(std::string_view key) const;
  /// The value of a key that check() has found to be there.
  std::string get(std::string_view key) const;
};

/// A key that a section may have.
struct Rule {
  std::string_view key;
  bool required = false;
  bool repeated = false;
};

/// The sections of `file`, the headless one first (always present). Throws Error (usage) naming
/// file, line and what was expected.
std::vector<Section> parse_sections(const File& file);

/// Holds the section's keys against `rules`: unknown, missing and doubled ones throw Error (usage).
void check(const File& file, const Section& section, const std::vector<Rule>& rules);

/// The Error for line `line` of `file`.
core::Error file_error(const File& file, int line, const std::string& message,
                       const std::string& hint = "");

}  // namespace scalectl::catalog
