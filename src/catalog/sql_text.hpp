// SqlText: one SQL statement of a catalog file, with the placeholders that psql knows:
//   :"name"  an identifier, put in quoted;
//   :name    a value, bound as a parameter and never put into the text.
// Strings, quoted identifiers, comments and dollar quotes are left alone, as is the cast "::".
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"

namespace scalectl::catalog {

/// A statement ready to send: parameter i of `parameters` binds to $i+1.
struct BoundSql {
  std::string sql;
  std::vector<std::string> parameters;
};

class SqlText {
 public:
  /// Reads the one statement `sql`. `line` is where it begins in `file`. Throws Error (usage).
  SqlText(const File& file, std::string_view sql, int line);

  const std::vector<std::string>& identifiers() const { return identifiers_; }
  const std::vector<std::string>& values() const { return values_; }
  int line() const { return line_; }

  /// The text to send. `quote` gives the quoted form of an identifier; `cast` the SQL type a value
  /// is cast to ("interval"), or "" to leave that to the server.
  BoundSql bind(const std::function<std::string(const std::string&)>& quote,
                const std::function<std::string(const std::string&)>& cast) const;

 private:
  enum class Kind { kText, kIdentifier, kValue };
  struct Piece {
    Kind kind;
    std::string text;
  };

  int line_;
  std::vector<Piece> pieces_;
  std::vector<std::string> identifiers_;
  std::vector<std::string> values_;
};

/// Length of what stands at the front of `text` and must not be looked into: a string, a quoted
/// identifier, a comment, a dollar quote or a cast; 0 where there is none. `previous` is the
/// character before it. Source: PostgreSQL documentation, "Lexical Structure".
std::size_t opaque_length(std::string_view text, char previous);

/// The statements of `sql`, split at semicolons, as SqlText. `line` is where `sql` begins.
std::vector<SqlText> split_statements(const File& file, std::string_view sql, int line);

}  // namespace scalectl::catalog
