#include "load/scenario/regex.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include "core/error.hpp"

namespace scalectl::load::scenario {

Regex::Regex(std::string_view expression) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  compiled_ =
      std::make_unique<re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled_->ok()) {
    throw core::usage_error(
        fmt::format("\"{}\" is no regular expression: {}", expression, compiled_->error()),
        "RE2's syntax: no references to groups, no looking ahead; in JSON a backslash is written "
        "twice");
  }
}

Regex::~Regex() = default;

bool Regex::is_found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

std::optional<std::string_view> Regex::extract(std::string_view text) const {
  const re2::StringPiece all(text.data(), text.size());
  re2::StringPiece found[2];
  const int wanted = compiled_->NumberOfCapturingGroups() > 0 ? 2 : 1;
  if (!compiled_->Match(all, 0, all.size(), re2::RE2::UNANCHORED, found, wanted)) {
    return std::nullopt;
  }
  const re2::StringPiece& part = found[wanted - 1];
  if (part.data() == nullptr) return std::nullopt;
  return std::string_view(part.data(), part.size());
}

}  // namespace scalectl::load::scenario
