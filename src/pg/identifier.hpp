// Identifiers: the one function that quotes a name for SQL, and the mapping from the names that the
// catalog's SQL uses ("players") to the names a database really has.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scalectl::pg {

/// As many bytes of a name as PostgreSQL keeps: NAMEDATALEN - 1.
inline constexpr std::size_t kMaxIdentifierBytes = 63;

/// `name` in double quotes, with those inside it doubled. Throws Error (usage) for names that
/// PostgreSQL cannot hold: empty, over 63 bytes (it would cut them off), or with a NUL byte.
std::string quote_identifier(std::string_view name);

/// `text` as a string literal, for the few statements that take no parameters (SET, COMMENT).
std::string quote_literal(std::string_view text);

/// Where the tables are: an optional schema for all of them, what their names begin with, and other
/// names for some.
class Naming {
 public:
  Naming() = default;
  /// `renamed` holds entries of the form KNOWN=ACTUAL, which the prefix does not touch. Throws Error
  /// (usage) for malformed ones.
  Naming(std::optional<std::string> schema, const std::vector<std::string>& renamed,
         std::string prefix = "");

  /// The quoted, and with a schema given also qualified, name that stands for table `known`.
  std::string table(std::string_view known) const;
  /// The actual name of table `known`, unquoted and unqualified.
  std::string actual(std::string_view known) const;
  const std::optional<std::string>& schema() const { return schema_; }
  const std::string& prefix() const { return prefix_; }
  /// Throws Error (usage) for a renamed table that is not among `known`.
  void check(const std::vector<std::string>& known) const;

 private:
  std::optional<std::string> schema_;
  std::string prefix_;
  std::map<std::string, std::string, std::less<>> renamed_;
};

}  // namespace scalectl::pg
