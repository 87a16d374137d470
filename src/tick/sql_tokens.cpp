#include "tick/sql_tokens.hpp"

#include <cctype>

#include "catalog/sql_text.hpp"

namespace scalectl::tick {
namespace {

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// What is between the quotes, with the doubled ones undone. The tokens of a quoted identifier with
/// a doubled quote follow one another without a space: "a""b" is read as two, and joined by the
/// caller.
std::string unquoted(std::string_view text) { return std::string(text.substr(1, text.size() - 2)); }

}  // namespace

std::vector<SqlToken> sql_tokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  int depth = 0;
  std::size_t at = 0;
  while (at < sql.size()) {
    const char c = sql[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
      continue;
    }
    if (const std::size_t length =
            catalog::opaque_length(sql.substr(at), at == 0 ? ' ' : sql[at - 1])) {
      const std::string_view text = sql.substr(at, length);
      const bool doubled = at > 0 && c == '"' && sql[at - 1] == '"' && !tokens.empty();
      at += length;
      if (text.substr(0, 2) == "--" || text.substr(0, 2) == "/*") continue;
      if (doubled) {
        tokens.back().name += "\"" + unquoted(text);
        tokens.back().text = {tokens.back().text.data(), tokens.back().text.size() + length};
      } else if (c == '"') {
        tokens.push_back({.text = text, .name = unquoted(text), .quoted = true, .depth = depth});
      } else {
        tokens.push_back({.text = text, .name = "", .depth = depth});
      }
      continue;
    }
    std::size_t length = 1;
    if (in_word(c)) {
      while (at + length < sql.size() && in_word(sql[at + length])) ++length;
    }
    if (c == ')' || c == ']') --depth;
    const std::string_view text = sql.substr(at, length);
    tokens.push_back({.text = text, .name = in_word(c) ? lower(text) : "", .depth = depth});
    if (c == '(' || c == '[') ++depth;
    at += length;
  }
  return tokens;
}

}  // namespace scalectl::tick
