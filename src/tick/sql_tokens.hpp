// SqlTokens: a statement cut into words, for what can be read off its text alone. Not a parser: it
// knows strings, quoted names, comments and parentheses, and no grammar.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scalectl::tick {

struct SqlToken {
  std::string_view text;  ///< as it is written
  std::string name;       ///< an identifier or keyword as the server reads it; else empty
  bool quoted = false;
  int depth = 0;  ///< of parentheses and brackets; those themselves are of the depth around them

  /// True for a keyword, which a quoted identifier is not.
  bool is(std::string_view keyword) const { return !quoted && name == keyword; }
};

/// The tokens of `sql` without its comments; `text` of each points into it. Placeholders must have
/// been bound.
std::vector<SqlToken> sql_tokens(std::string_view sql);

}  // namespace scalectl::tick
