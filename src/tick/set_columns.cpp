#include "tick/set_columns.hpp"

#include <algorithm>
#include <cctype>

#include "catalog/sql_text.hpp"

namespace scalectl::tick {
namespace {

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

struct Token {
  std::string_view text;  ///< as it is written
  std::string name;       ///< an identifier or keyword as the server reads it; else empty
  bool quoted = false;
  int depth = 0;  ///< of parentheses and brackets; those themselves are of the depth around them

  /// True for a keyword, which a quoted identifier is not.
  bool is(std::string_view keyword) const { return !quoted && name == keyword; }
};

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

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
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

class Reader {
 public:
  explicit Reader(std::string_view sql) : tokens_(tokens_of(sql)) {}

  std::vector<SetColumn> read() {
    std::string target;  // of the INSERT or MERGE that an UPDATE without a table belongs to
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (is(at, "into")) {
        std::size_t next = at + 1;
        target = table(next);
      }
      if (!is(at, "update") || is_lock(at)) continue;
      std::size_t next = at + 1;
      std::string of = target;
      if (!is(next, "set")) {
        if (is(next, "only")) ++next;
        of = table(next);
        while (next < tokens_.size() && !is(next, "set")) ++next;  // an alias, a star
      }
      assignments(of, next + 1);
    }
    return std::move(found_);
  }

 private:
  bool is(std::size_t at, std::string_view keyword) const {
    return at < tokens_.size() && tokens_[at].is(keyword);
  }
  bool is_text(std::size_t at, std::string_view text) const {
    return at < tokens_.size() && tokens_[at].text == text;
  }

  /// SELECT … FOR UPDATE, and FOR NO KEY UPDATE.
  bool is_lock(std::size_t at) const { return at > 0 && (is(at - 1, "for") || is(at - 1, "key")); }

  /// The name at `at`, which may be qualified; `at` is behind it afterwards.
  std::string table(std::size_t& at) const {
    std::string name;
    while (at < tokens_.size() && !tokens_[at].name.empty()) {
      name += tokens_[at].text;
      ++at;
      if (!is_text(at, ".")) break;
      name += ".";
      ++at;
    }
    return name;
  }

  /// The left sides from `at` on: names, or lists of them.
  void assignments(const std::string& of, std::size_t at) {
    if (at >= tokens_.size()) return;
    const int depth = tokens_[at].depth;
    bool left = true;
    int cases = 0;  // a WHEN ends the assignments of MERGE, but not one of CASE
    for (; at < tokens_.size() && tokens_[at].depth >= depth; ++at) {
      const Token& token = tokens_[at];
      if (token.is("case")) ++cases;
      if (token.is("end")) --cases;
      const bool comparison = token.is("from") && tokens_[at - 1].is("distinct");
      if (token.depth == depth && !comparison &&
          (token.is("where") || token.is("from") || token.is("returning") ||
           (token.is("when") && cases == 0))) {
        return;
      }
      if (token.depth == depth && token.text == ",") {
        left = true;
      } else if (token.depth == depth && token.text == "=") {
        left = false;
      } else if (left && !token.name.empty() && begins_target(at, depth)) {
        add({.table = of, .column = token.name});
      }
    }
  }

  /// A name after SET or a comma, or inside of a list; not a field or a subscript of one.
  bool begins_target(std::size_t at, int depth) const {
    const std::string_view before = tokens_[at - 1].text;
    if (tokens_[at].depth == depth) return before == "," || tokens_[at - 1].is("set");
    return before == "(" || before == ",";
  }

  void add(SetColumn column) {
    if (std::find(found_.begin(), found_.end(), column) == found_.end()) {
      found_.push_back(std::move(column));
    }
  }

  std::vector<Token> tokens_;
  std::vector<SetColumn> found_;
};

}  // namespace

std::vector<SetColumn> set_columns(std::string_view sql) { return Reader(sql).read(); }

}  // namespace scalectl::tick
