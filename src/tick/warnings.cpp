#include "tick/warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace scalectl::tick {
namespace {

/// A word or a parenthesis of a statement, outside of strings, comments and quoted names.
struct Token {
  std::string text;  ///< a word in capitals, "(" or ")"; "x" for anything else that is not space
  int depth = 0;     ///< parentheses around it
  int line = 0;
};

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<Token> tokens_of(const catalog::SqlText& statement) {
  const std::string sql =
      statement.bind([](const std::string&) { return "x"; }, [](const std::string&) { return ""; })
          .sql;
  std::vector<Token> tokens;
  int depth = 0;
  int line = statement.line();
  for (std::size_t at = 0; at < sql.size();) {
    const std::string_view rest = std::string_view(sql).substr(at);
    std::size_t length = catalog::opaque_length(rest, at == 0 ? ' ' : sql[at - 1]);
    if (length != 0) {
      const bool comment = rest.substr(0, 2) == "--" || rest.substr(0, 2) == "/*";
      if (!comment) tokens.push_back({"x", depth, line});
    } else if (in_word(rest[0])) {
      const auto end = std::find_if_not(rest.begin(), rest.end(), in_word);
      length = static_cast<std::size_t>(end - rest.begin());
      std::string word(rest.substr(0, length));
      for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      tokens.push_back({std::move(word), depth, line});
    } else {
      length = 1;
      if (rest[0] == ')') --depth;
      if (std::isspace(static_cast<unsigned char>(rest[0])) == 0) {
        const bool parenthesis = rest[0] == '(' || rest[0] == ')';
        tokens.push_back({parenthesis ? std::string(1, rest[0]) : "x", depth, line});
      }
      if (rest[0] == '(') ++depth;
    }
    const std::string_view passed = rest.substr(0, length);
    line += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    at += length;
  }
  return tokens;
}

bool is_one_of(const std::string& word, const auto& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// True if a command begins at `i`: at the start, in parentheses, or behind the list of a WITH; not
/// in FOR UPDATE and ON CONFLICT DO UPDATE.
bool begins_command(const std::vector<Token>& tokens, std::size_t i) {
  return i == 0 || tokens[i - 1].text == "(" || tokens[i - 1].text == ")";
}

/// True if the command at `i` has a WHERE of its own.
bool has_where(const std::vector<Token>& tokens, std::size_t i) {
  const int depth = tokens[i].depth;
  for (std::size_t at = i + 1; at < tokens.size() && tokens[at].depth >= depth; ++at) {
    if (tokens[at].depth == depth && tokens[at].text == "WHERE") return true;
  }
  return false;
}

void look_at(const std::string& tick, const catalog::SqlText& statement,
             std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kWriting{"INSERT", "UPDATE", "DELETE", "MERGE"};
  constexpr std::array<std::string_view, 6> kReading{"SELECT", "WITH", "VALUES",
                                                     "TABLE",  "SHOW", "("};
  const std::vector<Token> tokens = tokens_of(statement);
  if (tokens.empty()) return;
  bool writes = !is_one_of(tokens[0].text, kReading);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string& word = tokens[i].text;
    if (word == "INTO" && tokens[i].depth == 0) writes = true;  // SELECT … INTO makes a table
    if (!is_one_of(word, kWriting) || !begins_command(tokens, i)) continue;
    writes = true;
    if ((word == "UPDATE" || word == "DELETE") && !has_where(tokens, i)) {
      out.push_back(fmt::format("tick {}: the {} in line {} has no WHERE: it takes every row", tick,
                                word, tokens[i].line));
    }
  }
  if (!writes) {
    out.push_back(fmt::format(
        "tick {}: the statement in line {} writes nothing, unless a function in it does", tick,
        statement.line()));
  }
}

}  // namespace

std::vector<std::string> warnings(const Definition& tick) {
  std::vector<std::string> found;
  look_at(tick.name, tick.set, found);
  if (tick.rows) look_at(tick.name, tick.rows->each, found);
  return found;
}

}  // namespace scalectl::tick
