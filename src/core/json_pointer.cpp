#include "core/json_pointer.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

#include "core/error.hpp"

namespace scalectl::core {
namespace {

std::string unescaped(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      text += token[++i] == '1' ? '/' : '~';
    } else {
      text += token[i];
    }
  }
  return text;
}

/// "0", "17", but not "017".
std::optional<std::size_t> index_of(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace

void check_pointer(std::string_view pointer) {
  const std::string quoted = "\"" + std::string(pointer) + "\"";
  if (!pointer.empty() && pointer[0] != '/') {
    throw usage_error(quoted + " is no JSON pointer: it does not begin with \"/\"",
                      "did you mean \"/" + std::string(pointer) + "\"?");
  }
  for (std::size_t at = pointer.find('~'); at != std::string_view::npos;
       at = pointer.find('~', at + 1)) {
    const std::string_view next = pointer.substr(at + 1, 1);
    if (next != "0" && next != "1") {
      throw usage_error(quoted + " is no JSON pointer: \"~\" in column " + std::to_string(at + 1),
                        "write ~0 for ~ and ~1 for /");
    }
  }
}

const Value* find_at(const Value& value, std::string_view pointer) {
  const Value* at = &value;
  while (!pointer.empty() && at != nullptr) {
    pointer.remove_prefix(1);  // the "/"
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    if (const Object* object = at->if_object()) {
      at = token.find('~') == std::string_view::npos ? object->find(token)
                                                     : object->find(unescaped(token));
    } else if (const Array* array = at->if_array()) {
      const auto index = index_of(token);
      at = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      at = nullptr;
    }
  }
  return at;
}

}  // namespace scalectl::core
