// Extraction: a variable's value out of an answer or a message.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/value.hpp"
#include "load/scenario/regex.hpp"
#include "load/scenario/template.hpp"

namespace scalectl::load::scenario {

/// A text becomes text, anything else JSON.
Variable to_variable(const core::Value& value);

/// What was received, as extractions look at it; parses JSON once, and only if somebody asks.
class Received {
 public:
  /// `headers`: the lines of the answer's head without the first, as they came, each ending in
  /// "\r\n"; empty for a message.
  Received(std::string_view body, std::string_view headers = {}, int status = 0)
      : body_(body), headers_(headers), status_(status) {}

  std::string_view body() const { return body_; }
  int status() const { return status_; }
  /// The first header called `name`, whatever its letters' case.
  std::optional<std::string_view> header(std::string_view name) const;
  /// Null where the body is no JSON.
  const core::Value* json() const;

 private:
  std::string_view body_;
  std::string_view headers_;
  int status_;
  mutable bool parsed_ = false;
  mutable std::optional<core::Value> json_;
};

struct Extraction {
  enum class Kind { kPointer, kHeader, kRegex, kStatus, kBody };

  int id = 0;  ///< into Scenario::check_names: that something is found
  int variable = 0;
  Kind kind = Kind::kBody;
  std::string what;                    ///< JSON pointer (RFC 6901), header, regular expression
  std::shared_ptr<const Regex> regex;  ///< of kRegex: its first group, or all of the match
  std::optional<Variable> otherwise;  ///< where nothing is found; without it that is a failed check

  /// Nothing where nothing is found.
  std::optional<Variable> find(const Received& received) const;
};

}  // namespace scalectl::load::scenario
