#include "tick/warnings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "tick/sql_tokens.hpp"

namespace scalectl::tick {
namespace {

using Tokens = std::vector<SqlToken>;

bool is_one_of(const SqlToken& token, const auto& words) {
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return token.is(word); });
}

/// True if a command begins at `i`: at the start, in parentheses, or behind the list of a WITH; not
/// in FOR UPDATE and ON CONFLICT DO UPDATE.
bool begins_command(const Tokens& tokens, std::size_t i) {
  return i == 0 || tokens[i - 1].text == "(" || tokens[i - 1].text == ")";
}

/// True if the command at `i` has a WHERE of its own.
bool has_where(const Tokens& tokens, std::size_t i) {
  const int depth = tokens[i].depth;
  for (std::size_t at = i + 1; at < tokens.size() && tokens[at].depth >= depth; ++at) {
    if (tokens[at].depth == depth && tokens[at].is("where")) return true;
  }
  return false;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

void look_at(const std::string& tick, const catalog::SqlText& statement,
             std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kWriting{"insert", "update", "delete", "merge"};
  constexpr std::array<std::string_view, 5> kReading{"select", "with", "values", "table", "show"};
  const std::string sql =
      statement.bind([](const std::string&) { return "x"; }, [](const std::string&) { return ""; })
          .sql;
  const Tokens tokens = sql_tokens(sql);
  if (tokens.empty()) return;
  bool writes = !is_one_of(tokens[0], kReading) && tokens[0].text != "(";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.is("into") && token.depth == 0) writes = true;  // SELECT … INTO makes a table
    if (!is_one_of(token, kWriting) || !begins_command(tokens, i)) continue;
    writes = true;
    if ((token.is("update") || token.is("delete")) && !has_where(tokens, i)) {
      const auto line = statement.line() + std::count(sql.data(), token.text.data(), '\n');
      out.push_back(fmt::format("tick {}: the {} in line {} has no WHERE: it takes every row", tick,
                                upper(token.text), line));
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
  if (tick.batched) look_at(tick.name, tick.batched->work, found);
  return found;
}

}  // namespace scalectl::tick
