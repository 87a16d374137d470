#include "core/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace scalectl::core {
namespace {

using Json = nlohmann::ordered_json;

Json encode(const Value& value) {
  if (const auto* v = value.if_bool()) return *v;
  if (const auto* v = value.if_integer()) return *v;
  if (const auto* v = value.if_real()) return std::isfinite(*v) ? Json(*v) : Json(nullptr);
  if (const auto* v = value.if_text()) return *v;
  if (const auto* v = value.if_array()) {
    Json array = Json::array();
    for (const Value& item : *v) array.push_back(encode(item));
    return array;
  }
  if (const auto* v = value.if_object()) {
    Json object = Json::object();
    for (const auto& [key, item] : *v) object[key] = encode(item);
    return object;
  }
  return nullptr;
}

Value decode(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_unsigned:
      if (json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
        return json.get<double>();
      }
      return json.get<std::int64_t>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return json.get<std::string>();
    case Json::value_t::array: {
      Array array;
      for (const Json& item : json) array.push_back(decode(item));
      return array;
    }
    case Json::value_t::object: {
      Object object;
      for (const auto& [key, item] : json.items()) object.set(key, decode(item));
      return object;
    }
    default:
      return nullptr;
  }
}

/// "line 3, column 7" of byte `offset` (1-based, as the library counts).
std::string position(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < offset && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

std::string to_json(const Value& value, int indent) {
  return encode(value).dump(indent, ' ', false, Json::error_handler_t::replace);
}

void append_escaped(std::string& out, std::string_view text) {
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    out += text;
    return;
  }
  const std::string quoted = to_json(text);
  out.append(quoted, 1, quoted.size() - 2);
}

Value parse_json(std::string_view text, const std::string& source) {
  try {
    return decode(Json::parse(text, nullptr, true, true));
  } catch (const Json::parse_error& error) {
    std::string what = error.what();
    // The library's text is "[json.exception…] parse error at line …: reason"; keep the reason.
    const auto reason = what.rfind(": ");
    throw usage_error(source + ":" + position(text, error.byte) + ": not valid JSON: " +
                      (reason == std::string::npos ? what : what.substr(reason + 2)));
  }
}

}  // namespace scalectl::core
