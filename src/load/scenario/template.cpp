#include "load/scenario/template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

struct FunctionName {
  std::string_view name;
  Function function;
  std::size_t arguments;
};
constexpr FunctionName kFunctions[] = {{"uuid", Function::kUuid, 0},
                                       {"random", Function::kRandom, 2},
                                       {"now", Function::kNow, 0},
                                       {"now_ms", Function::kNowMs, 0},
                                       {"sequence", Function::kSequence, 0}};

constexpr const char* kHowTo =
    "write ${name}, ${random(1, 6)}, ${NAME:-otherwise} of the environment, or $${ for a plain ${";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

bool is_environment_name(std::string_view name) {
  return !name.empty() && is_capital(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_capital(c) || is_digit(c) || c == '_';
  });
}

/// Takes a template apart from the left, knowing where it is.
class Parser {
 public:
  Parser(std::string_view text, Symbols& symbols, std::vector<std::string>& used)
      : text_(text), symbols_(symbols), used_(used) {}

  Template parse() {
    std::size_t at = 0;
    for (;;) {
      const std::size_t dollar = text_.find("${", at);
      if (dollar == std::string_view::npos) break;
      if (dollar > at && text_[dollar - 1] == '$') {
        add_text(text_.substr(at, dollar - 1 - at));
        add_text("${");
        at = dollar + 2;
        continue;
      }
      add_text(text_.substr(at, dollar - at));
      const std::size_t close = text_.find('}', dollar);
      if (close == std::string_view::npos) throw error(dollar, "\"${\" without \"}\"");
      place(dollar, text_.substr(dollar + 2, close - dollar - 2));
      at = close + 1;
    }
    add_text(text_.substr(at));
    return Template(std::move(pieces_));
  }

 private:
  void add_text(std::string_view text) {
    if (text.empty()) return;
    if (!pieces_.empty() && std::holds_alternative<std::string>(pieces_.back())) {
      std::get<std::string>(pieces_.back()).append(text);
    } else {
      pieces_.emplace_back(std::string(text));
    }
  }

  /// Adds what `inside` of ${…} stands for.
  void place(std::size_t at, std::string_view inside) {
    const std::size_t end = std::min(inside.find_first_of("(:"), inside.size());
    const std::string_view name = core::trim(inside.substr(0, end));
    if (inside.substr(end, 1) == "(") return add_call(at, inside, name);
    if (is_environment_name(name)) return add_environment(at, inside, name);
    if (!is_variable_name(core::trim(inside))) {
      throw error(at, fmt::format("\"${{{}}}\" names nothing", inside));
    }
    used_.emplace_back(name);
    pieces_.emplace_back(symbols_.add(name));
  }

  void add_environment(std::size_t at, std::string_view inside, std::string_view name) {
    const std::size_t colon = inside.find(':');
    const bool has_default = colon != std::string_view::npos;
    if (has_default && inside.substr(colon, 2) != ":-") {
      throw error(at, fmt::format("\"${{{}}}\" names nothing", inside));
    }
    const char* value = std::getenv(std::string(name).c_str());
    if (value != nullptr && (*value != '\0' || !has_default)) return add_text(value);
    if (!has_default) {
      throw error(at, fmt::format("{} is not set in the environment", name),
                  fmt::format("set it, or write ${{{}:-otherwise}}", name));
    }
    add_text(inside.substr(colon + 2));
  }

  void add_call(std::size_t at, std::string_view inside, std::string_view name) {
    const auto* found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                     [&](const FunctionName& f) { return f.name == name; });
    if (found == std::end(kFunctions)) {
      std::vector<std::string> names;
      for (const FunctionName& function : kFunctions) names.emplace_back(function.name);
      throw error(at, fmt::format("there is no function \"{}\"", name),
                  core::did_you_mean(name, names, "there are: " + core::join(names, ", ")));
    }
    const std::size_t open = inside.find('(');
    const std::string_view rest = core::trim(inside);
    if (rest.back() != ')') throw error(at, fmt::format("\"{}(\" without \")\"", name));
    const std::size_t close = inside.rfind(')');
    const std::string_view between = core::trim(inside.substr(open + 1, close - open - 1));
    const std::vector<std::string> arguments =
        between.empty() ? std::vector<std::string>{} : core::split(between, ',');
    if (arguments.size() != found->arguments) {
      throw error(
          at,
          fmt::format("{} takes {} arguments, not {}", name, found->arguments, arguments.size()),
          found->arguments == 2 ? "as in ${random(1, 6)}" : fmt::format("write ${{{}()}}", name));
    }
    Template::Call call{.function = found->function};
    if (found->arguments == 2) {
      call.low = number(at, core::trim(arguments[0]));
      call.high = number(at, core::trim(arguments[1]));
      if (call.low > call.high) {
        throw error(at, fmt::format("{} to {} holds no number", call.low, call.high),
                    "the lower one comes first");
      }
    }
    pieces_.emplace_back(call);
  }

  std::int64_t number(std::size_t at, std::string_view text) const {
    try {
      return core::parse_integer(text);
    } catch (const core::Error& what) {
      throw error(at, what.message(), what.hint());
    }
  }

  core::Error error(std::size_t at, const std::string& what, std::string hint = kHowTo) const {
    return core::usage_error(fmt::format("column {} of the text: {}", at + 1, what),
                             std::move(hint));
  }

  std::string_view text_;
  Symbols& symbols_;
  std::vector<std::string>& used_;
  std::vector<Template::Piece> pieces_;
};

/// Version 4 of RFC 9562.
void append_uuid(Scope& scope, std::string& out) {
  const std::uint64_t high = (scope.random() & ~std::uint64_t{0xf000}) | 0x4000;
  const std::uint64_t low = (scope.random() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
  fmt::format_to(std::back_inserter(out), "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32,
                 (high >> 16) & 0xffff, high & 0xffff, low >> 48, low & 0xffffffffffff);
}

/// Uniform in [low, high], as core::Rng::between.
std::int64_t between(std::uint64_t bits, std::int64_t low, std::int64_t high) {
  const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  const auto above = static_cast<std::uint64_t>(
      (static_cast<unsigned __int128>(bits) * (static_cast<unsigned __int128>(span) + 1)) >> 64);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + above);
}

void append_call(const Template::Call& call, Scope& scope, std::string& out) {
  const auto append = [&](auto number) { fmt::format_to(std::back_inserter(out), "{}", number); };
  switch (call.function) {
    case Function::kUuid:
      return append_uuid(scope, out);
    case Function::kRandom:
      return append(between(scope.random(), call.low, call.high));
    case Function::kNow:
      return append(scope.now() / 1'000'000'000);
    case Function::kNowMs:
      return append(scope.now() / 1'000'000);
    case Function::kSequence:
      return append(scope.sequence());
  }
}

/// Whether `out` ends where a string of JSON begins: in a quote that no backslash escapes.
bool opens_string(std::string_view out) {
  if (out.empty() || out.back() != '"') return false;
  const std::size_t last = out.substr(0, out.size() - 1).find_last_not_of('\\');
  const std::size_t first = last == std::string_view::npos ? 0 : last + 1;
  return (out.size() - 1 - first) % 2 == 0;
}

bool is_number(const Template::Call& call) { return call.function != Function::kUuid; }

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && (is_small(name[0]) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_small(c) || is_capital(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
         });
}

int Symbols::add(std::string_view name) {
  if (const auto known = find(name)) return *known;
  names_.emplace_back(name);
  return static_cast<int>(names_.size()) - 1;
}

std::optional<int> Symbols::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<int>(found - names_.begin());
}

bool Template::is_constant() const {
  return std::all_of(pieces_.begin(), pieces_.end(),
                     [](const Piece& piece) { return std::holds_alternative<std::string>(piece); });
}

std::string Template::constant() const {
  std::string text;
  for (const Piece& piece : pieces_) text += std::get<std::string>(piece);
  return text;
}

std::optional<int> Template::render(Scope& scope, std::string& out) const {
  std::size_t skip = 0;  // of the next text: the quote that closed a string no longer there
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (const auto* text = std::get_if<std::string>(&pieces_[i])) {
      out.append(*text, skip, std::string::npos);
      skip = 0;
      continue;
    }
    const auto* next = i + 1 < pieces_.size() ? std::get_if<std::string>(&pieces_[i + 1]) : nullptr;
    const bool is_whole_string =
        as_ == As::kJson && next != nullptr && next->front() == '"' && opens_string(out);
    const auto drop_quotes = [&] {
      out.pop_back();
      skip = 1;
    };
    if (const auto* call = std::get_if<Call>(&pieces_[i])) {
      if (is_whole_string && is_number(*call)) drop_quotes();
      append_call(*call, scope, out);
      continue;
    }
    const int number = std::get<int>(pieces_[i]);
    const Variable* variable = scope.variable(number);
    if (variable == nullptr) return number;
    if (as_ == As::kText) {
      out += variable->text;
    } else if (is_whole_string && variable->is_json) {
      drop_quotes();
      out += variable->text;
    } else {
      core::append_escaped(out, variable->text);
    }
  }
  return std::nullopt;
}

std::optional<int> Template::evaluate(Scope& scope, Variable& out) const {
  Variable value{.is_json = as_ == As::kJson};
  if (as_ == As::kText && pieces_.size() == 1) {
    if (const auto* number = std::get_if<int>(&pieces_[0])) {
      const Variable* variable = scope.variable(*number);
      if (variable == nullptr) return *number;
      value = *variable;  // first: `out` may be that variable
      out = std::move(value);
      return std::nullopt;
    }
    if (const auto* call = std::get_if<Call>(&pieces_[0])) value.is_json = is_number(*call);
  }
  if (const auto missing = render(scope, value.text)) return missing;
  out = std::move(value);
  return std::nullopt;
}

Template parse_template(std::string_view text, Symbols& symbols, std::vector<std::string>& used) {
  return Parser(text, symbols, used).parse();
}

}  // namespace scalectl::load::scenario
