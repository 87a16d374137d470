// Template: text of a scenario with ${…} in it, taken apart once and filled in for each use.
//
//   ${name}                 a variable: of "variables", a feeder ("player.name"), set or extracted
//   ${NAME}, ${NAME:-word}  in capitals: the environment when the scenario is read
//   ${random(1, 6)}         a function: uuid(), random(low, high) with both included, now() and
//                           now_ms() in seconds and milliseconds since 1970 (UTC), sequence()
//   $${                     a plain "${"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace scalectl::load::scenario {

/// What a variable holds. A JSON text that is no string (42, true, [1], null) goes into JSON as it
/// stands; other text goes in as a string, quoted.
struct Variable {
  std::string text;
  bool is_json = false;

  bool operator==(const Variable&) const = default;
};

/// The variables of a scenario by name; a running flow knows them by number.
class Symbols {
 public:
  /// The number of `name`, given to it now where it had none.
  int add(std::string_view name);
  std::optional<int> find(std::string_view name) const;
  const std::string& name(int number) const { return names_[static_cast<std::size_t>(number)]; }
  const std::vector<std::string>& names() const { return names_; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<std::string> names_;
};

enum class Function { kUuid, kRandom, kNow, kNowMs, kSequence };

/// What a template is filled in from.
class Scope {
 public:
  virtual ~Scope() = default;
  /// Null where the variable has no value.
  virtual const Variable* variable(int number) const = 0;
  /// The next random bits, reproducible from the scenario's seed.
  virtual std::uint64_t random() = 0;
  /// Nanoseconds since 1970 (UTC).
  virtual std::int64_t now() const = 0;
  /// 0, 1, 2, … over all users of the run; each number once.
  virtual std::uint64_t sequence() = 0;
};

class Template {
 public:
  struct Call {
    Function function;
    std::int64_t low = 0;  ///< of random()
    std::int64_t high = 0;
  };
  using Piece = std::variant<std::string, int, Call>;  ///< text, a variable's number, a call

  /// How values are put in.
  enum class As {
    kText,
    kJson,  ///< the template is JSON: inside a string a value is escaped; where a string is nothing
            ///< but one ${…} that holds JSON, the value takes the place of the string, quotes and
            ///< all
  };

  Template() = default;
  explicit Template(std::vector<Piece> pieces, As as = As::kText)
      : pieces_(std::move(pieces)), as_(as) {}

  /// True where every use gives the same text.
  bool is_constant() const;
  /// The text of a constant template.
  std::string constant() const;
  const std::vector<Piece>& pieces() const { return pieces_; }
  As as() const { return as_; }

  /// Appends the text to `out`. Returns the number of a variable that has no value, nothing where
  /// all went well.
  std::optional<int> render(Scope& scope, std::string& out) const;
  /// What a variable is set to. It holds JSON where the template is JSON, or nothing but one ${…}
  /// of JSON or of a number. Returns as render.
  std::optional<int> evaluate(Scope& scope, Variable& out) const;

 private:
  std::vector<Piece> pieces_;
  As as_ = As::kText;
};

/// A small letter or "_", then letters, digits, "_", "-" and ".".
bool is_variable_name(std::string_view name);

/// Takes `text` apart. Every variable in it gets a number in `symbols`, whose names in `text` are
/// appended to `used`. Throws Error (usage) for a "${" without end, an unknown function, wrong
/// arguments, or an environment variable that is not set and has no default; its message names the
/// column in `text`.
Template parse_template(std::string_view text, Symbols& symbols, std::vector<std::string>& used);

}  // namespace scalectl::load::scenario
