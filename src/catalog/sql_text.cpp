#include "catalog/sql_text.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "catalog/front_matter.hpp"
#include "core/text.hpp"

namespace scalectl::catalog {
namespace {

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return starts_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::size_t name_length(std::string_view text) {
  if (text.empty() || !starts_name(text[0])) return 0;
  return static_cast<std::size_t>(
      std::find_if_not(text.begin(), text.end(), in_name) - text.begin());
}

/// Length up to and including the next `end`, or of all the text.
std::size_t through(std::string_view text, std::string_view end, std::size_t from) {
  const auto at = text.find(end, from);
  return at == std::string_view::npos ? text.size() : at + end.size();
}

/// Length of the block comment at the front of `text`; they nest.
std::size_t block_comment(std::string_view text) {
  int depth = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.substr(at, 2) == "/*") {
      ++depth;
      at += 2;
    } else if (text.substr(at, 2) == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return at;
}

/// Length of a '…' string whose quotes are doubled, or with `escapes` also backslashed.
std::size_t string_literal(std::string_view text, bool escapes) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (escapes && text[at] == '\\') {
      ++at;
    } else if (text[at] == '\'') {
      return at + 1;
    }
  }
  return text.size();
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

int count_lines(std::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::size_t opaque_length(std::string_view text, char previous) {
  if (text.substr(0, 2) == "--") return through(text, "\n", 2);
  if (text.substr(0, 2) == "/*") return block_comment(text);
  if (text.substr(0, 2) == "::") return 2;
  if (text[0] == '\'') return string_literal(text, previous == 'E' || previous == 'e');
  if (text[0] == '"') return through(text, "\"", 1);
  if (text[0] == '$' && !in_name(previous)) {
    const std::size_t tag = name_length(text.substr(1));
    const std::string_view delimiter = text.substr(0, tag + 2);
    if (delimiter.back() == '$' && delimiter.size() > 1) {
      return through(text, delimiter, delimiter.size());
    }
  }
  return 0;
}

namespace {

/// True if nothing but white space and comments is in `text`.
bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    if (rest.substr(0, 2) == "--" || rest.substr(0, 2) == "/*") {
      at += opaque_length(rest, ' ');
    } else if (std::isspace(static_cast<unsigned char>(rest[0])) != 0) {
      ++at;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

SqlText::SqlText(const File& file, std::string_view sql, int line) : line_(line) {
  std::string plain;
  const auto add = [&](Kind kind, const std::string& name) {
    pieces_.push_back({Kind::kText, std::exchange(plain, "")});
    pieces_.push_back({kind, name});
    add_once(kind == Kind::kIdentifier ? identifiers_ : values_, name);
  };
  const auto line_at = [&](std::size_t at) { return line + count_lines(sql.substr(0, at)); };

  for (std::size_t at = 0; at < sql.size();) {
    const std::string_view rest = sql.substr(at);
    if (const std::size_t length = opaque_length(rest, at == 0 ? ' ' : sql[at - 1])) {
      plain += rest.substr(0, length);
      at += length;
    } else if (rest.substr(0, 2) == ":\"") {
      const auto close = rest.find('"', 2);
      if (close == std::string_view::npos || close == 2) {
        throw file_error(file, line_at(at), "expected :\"name\" with a closing quote");
      }
      add(Kind::kIdentifier, std::string(rest.substr(2, close - 2)));
      at += close + 1;
    } else if (rest.substr(0, 2) == ":'") {
      throw file_error(file, line_at(at), "values are bound, not quoted into the text",
                       "write :name instead of :'name'");
    } else if (const std::size_t name = rest[0] == ':' ? name_length(rest.substr(1)) : 0) {
      add(Kind::kValue, std::string(rest.substr(1, name)));
      at += 1 + name;
    } else {
      plain += rest[0];
      ++at;
    }
  }
  pieces_.push_back({Kind::kText, plain});
}

BoundSql SqlText::bind(const std::function<std::string(const std::string&)>& quote,
                       const std::function<std::string(const std::string&)>& cast) const {
  BoundSql bound;
  for (const Piece& piece : pieces_) {
    switch (piece.kind) {
      case Kind::kText:
        bound.sql += piece.text;
        break;
      case Kind::kIdentifier:
        bound.sql += quote(piece.text);
        break;
      case Kind::kValue: {
        add_once(bound.parameters, piece.text);
        const auto at = std::find(bound.parameters.begin(), bound.parameters.end(), piece.text);
        const std::string type = cast(piece.text);
        bound.sql += "$" + std::to_string(at - bound.parameters.begin() + 1);
        if (!type.empty()) bound.sql += "::" + type;
        break;
      }
    }
  }
  return bound;
}

std::vector<SqlText> split_statements(const File& file, std::string_view sql, int line) {
  std::vector<SqlText> statements;
  std::size_t from = 0;
  const auto close = [&](std::size_t end) {
    const std::string_view piece = sql.substr(from, end - from);
    if (!is_blank(piece)) {
      // Count from the first line that says something, for messages.
      const auto skipped = piece.find_first_not_of(" \t\r\n");
      statements.emplace_back(file, core::trim(piece),
                              line + count_lines(sql.substr(0, from + skipped)));
    }
    from = end + 1;
  };
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t length = opaque_length(sql.substr(at), at == 0 ? ' ' : sql[at - 1]);
    if (length == 0 && sql[at] == ';') close(at);
    at += length == 0 ? 1 : length;
  }
  if (from < sql.size()) close(sql.size());
  return statements;
}

}  // namespace scalectl::catalog
