#include "tick/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::tick {
namespace {

using catalog::File;
using catalog::file_error;
using core::usage_error;

struct Type {
  const char* name;
  const char* cast;
};

constexpr std::array<Type, 5> kTypes{{{"int", "int"},
                                      {"float", "double precision"},
                                      {"interval", "interval"},
                                      {"text", "text"},
                                      {"bool", "boolean"}}};

const Type* find_type(const std::string& name) {
  const auto at = std::find_if(kTypes.begin(), kTypes.end(),
                               [&](const Type& type) { return name == type.name; });
  return at == kTypes.end() ? nullptr : &*at;
}

std::string sql_of(const std::string& type, const std::string& text) {
  if (type == "int") return std::to_string(core::parse_integer(text));
  if (type == "interval") return fmt::format("{:.6f} seconds", core::parse_duration(text).count());
  if (type == "float") {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
      throw usage_error(fmt::format("\"{}\" is not a number", text));
    }
    return text;
  }
  if (type == "bool" && text != "true" && text != "false") {
    throw usage_error(fmt::format("\"{}\" is neither true nor false", text));
  }
  return text;
}

}  // namespace

Parameter parse_parameter(const File& file, const catalog::Field& field) {
  const std::string expected = "expected: -- param: NAME TYPE = DEFAULT \"what it is\"";
  const std::string& text = field.value;
  const auto equals = text.find('=');
  const auto open = text.find('"');
  if (equals == std::string::npos || open == std::string::npos || open < equals ||
      text.size() < open + 2 || text.back() != '"') {
    throw file_error(file, field.line, expected);
  }
  const std::string left(core::trim(text.substr(0, equals)));
  const auto space = left.find(' ');
  if (space == std::string::npos) throw file_error(file, field.line, expected);

  Parameter parameter{
      .name = left.substr(0, space),
      .variable = left.substr(0, space),
      .type = std::string(core::trim(left.substr(space))),
      .default_value = std::string(core::trim(text.substr(equals + 1, open - equals - 1))),
      .help = text.substr(open + 1, text.size() - open - 2)};
  std::replace(parameter.variable.begin(), parameter.variable.end(), '-', '_');
  if (find_type(parameter.type) == nullptr) {
    throw file_error(file, field.line, fmt::format("unknown type \"{}\"", parameter.type),
                     "expected int, float, interval, text or bool");
  }
  try {
    sql_of(parameter.type, parameter.default_value);
  } catch (const core::Error& error) {
    throw file_error(file, field.line, "the default: " + error.message(), error.hint());
  }
  return parameter;
}

std::string Parameter::to_sql(const std::string& text) const {
  try {
    return sql_of(type, text);
  } catch (const core::Error& error) {
    throw error.within("--" + name);
  }
}

std::string Parameter::cast() const { return find_type(type)->cast; }

std::pair<std::string, core::Value> Parameter::described(const std::string& text) const {
  if (type == "int") return {variable, core::parse_integer(text)};
  if (type == "float") return {variable, std::stod(text)};
  if (type == "bool") return {variable, text == "true"};
  if (type == "interval") return {variable + "_s", core::parse_duration(text).count()};
  return {variable, text};
}

}  // namespace scalectl::tick
