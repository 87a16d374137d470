#include "load/scenario/condition.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

constexpr std::pair<std::string_view, Operator> kOperators[] = {{"==", Operator::kEqual},
                                                                {"!=", Operator::kNotEqual},
                                                                {"<", Operator::kLess},
                                                                {"<=", Operator::kLessOrEqual},
                                                                {">", Operator::kGreater},
                                                                {">=", Operator::kGreaterOrEqual},
                                                                {"contains", Operator::kContains},
                                                                {"matches", Operator::kMatches}};

/// The text of one side, without a copy where it is a variable's; nothing where one is missing.
std::optional<std::string_view> text_of(const Template& side, Scope& scope, std::string& buffer) {
  if (side.pieces().size() == 1) {
    if (const auto* text = std::get_if<std::string>(&side.pieces()[0])) return *text;
    if (const auto* number = std::get_if<int>(&side.pieces()[0])) {
      const Variable* variable = scope.variable(*number);
      if (variable == nullptr) return std::nullopt;
      return variable->text;
    }
  }
  if (side.render(scope, buffer)) return std::nullopt;
  return buffer;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
bool compare(const T& left, Operator comparison, const T& right) {
  switch (comparison) {
    case Operator::kEqual:
      return left == right;
    case Operator::kNotEqual:
      return left != right;
    case Operator::kLess:
      return left < right;
    case Operator::kLessOrEqual:
      return left <= right;
    case Operator::kGreater:
      return left > right;
    case Operator::kGreaterOrEqual:
      return left >= right;
    default:
      return false;
  }
}

bool compare_values(std::string_view left, Operator comparison, std::string_view right) {
  // Whole numbers first: a double does not hold all of them.
  const auto left_whole = number<std::int64_t>(left);
  const auto right_whole = number<std::int64_t>(right);
  if (left_whole && right_whole) return compare(*left_whole, comparison, *right_whole);
  const auto left_real = number<double>(left);
  const auto right_real = number<double>(right);
  if (left_real && right_real) return compare(*left_real, comparison, *right_real);
  const bool by_text = comparison == Operator::kEqual || comparison == Operator::kNotEqual;
  return by_text && compare(left, comparison, right);
}

/// A word of the condition that stands outside of ${…} and quotes.
struct Word {
  std::size_t at;
  std::string_view text;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  std::size_t begin = std::string_view::npos;
  bool inside = false;  // of ${…}
  char quote = 0;       // '"' or '\'' within quotes that a word began with
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool ends = i == text.size() || text[i] == ' ' || text[i] == '\t' || text[i] == '\n';
    if (ends && (i == text.size() || (!inside && quote == 0))) {
      if (begin != std::string_view::npos) words.push_back({begin, text.substr(begin, i - begin)});
      begin = std::string_view::npos;
      continue;
    }
    if (ends) continue;
    if (begin == std::string_view::npos) {
      begin = i;
      if (text[i] == '"' || text[i] == '\'') quote = text[i];
    } else if (text[i] == quote) {
      quote = 0;
    }
    if (text.substr(i, 2) == "${") inside = true;
    if (text[i] == '}') inside = false;
  }
  return words;
}

std::string_view unquoted(std::string_view side) {
  const bool quoted = side.size() >= 2 && side.front() == side.back() &&
                      (side.front() == '"' || side.front() == '\'');
  return quoted ? side.substr(1, side.size() - 2) : side;
}

core::Error no_operator(std::string_view text) {
  return core::usage_error(
      fmt::format("\"{}\" compares nothing", text),
      "write LEFT OPERATOR RIGHT with white space between, as in \"${status} == 200\"; operators "
      "are ==, !=, <, <=, >, >=, contains, matches");
}

core::Error misplaced(std::size_t at, const std::string& what, std::string hint) {
  return core::usage_error(fmt::format("column {} of the condition: {}", at + 1, what),
                           std::move(hint));
}

}  // namespace

bool Check::holds(Scope& scope) const {
  std::string left_buffer;
  std::string right_buffer;
  const auto one = text_of(left, scope, left_buffer);
  const auto other = text_of(right, scope, right_buffer);
  if (!one || !other) return false;
  if (comparison == Operator::kMatches) return regex->is_found_in(*one);
  if (comparison == Operator::kContains) return one->find(*other) != std::string_view::npos;
  return compare_values(*one, comparison, *other);
}

Check parse_check(std::string_view text, Symbols& symbols, std::vector<std::string>& used) {
  for (const Word& word : words_of(text)) {
    for (const auto& [name, comparison] : kOperators) {
      if (word.text != name) continue;
      const std::string_view left = core::trim(text.substr(0, word.at));
      const std::string_view right = core::trim(text.substr(word.at + word.text.size()));
      if (left.empty() || right.empty()) {
        throw misplaced(word.at,
                        fmt::format("nothing {} \"{}\"", left.empty() ? "before" : "after", name),
                        "an empty text is written ''");
      }
      Check check{.name = std::string(core::trim(text)), .comparison = comparison};
      check.left = parse_template(unquoted(left), symbols, used);
      check.right = parse_template(unquoted(right), symbols, used);
      if (comparison == Operator::kMatches) {
        if (!check.right.is_constant()) {
          throw misplaced(word.at, "a regular expression that changes with each use",
                          "only ${NAME} of the environment may stand in it");
        }
        check.regex = std::make_shared<const Regex>(check.right.constant());
      }
      return check;
    }
  }
  throw no_operator(text);
}

}  // namespace scalectl::load::scenario
