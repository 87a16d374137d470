// A JSON document whose every value and name knows its place, for files that people write: what is
// wrong with them is said with line and column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/value.hpp"

namespace scalectl::core {

/// Both from 1; a column is a character.
struct Place {
  int line = 1;
  int column = 1;

  bool operator==(const Place&) const = default;
};

/// "FILE:LINE:COLUMN".
std::string to_text(const std::string& file, Place place);

struct JsonMember;

/// A value of the document.
class JsonNode {
 public:
  using List = std::vector<JsonNode>;
  using Members = std::vector<JsonMember>;

  Place place;
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, List, Members> data =
      nullptr;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data); }
  const bool* if_bool() const { return std::get_if<bool>(&data); }
  const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&data); }
  const double* if_real() const { return std::get_if<double>(&data); }
  const std::string* if_text() const { return std::get_if<std::string>(&data); }
  const List* if_list() const { return std::get_if<List>(&data); }
  const Members* if_object() const { return std::get_if<Members>(&data); }

  /// The member called `name`; nullptr where there is none, or this is no object.
  const JsonNode* find(std::string_view name) const;
  /// "an object", "a list", "a text", "a number", "true or false", "null".
  std::string_view kind() const;
  /// The value without its places.
  Value value() const;
};

struct JsonMember {
  std::string name;
  Place place;  ///< of the name
  JsonNode value;
};

/// Comments are allowed. Throws Error (usage) whose message begins with `file` and names line and
/// column of what is no JSON, of a name that an object has twice (with both places), of what is
/// nested too deep.
JsonNode parse_json_document(std::string_view text, const std::string& file);

}  // namespace scalectl::core
