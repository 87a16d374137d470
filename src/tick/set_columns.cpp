#include "tick/set_columns.hpp"

#include <algorithm>

#include "tick/sql_tokens.hpp"

namespace scalectl::tick {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view sql) : tokens_(sql_tokens(sql)) {}

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
      const SqlToken& token = tokens_[at];
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

  std::vector<SqlToken> tokens_;
  std::vector<SetColumn> found_;
};

}  // namespace

std::vector<SetColumn> set_columns(std::string_view sql) { return Reader(sql).read(); }

}  // namespace scalectl::tick
