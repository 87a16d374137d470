#include "pg/identifier.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::pg {
namespace {

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out + quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  if (name.empty()) throw core::usage_error("an identifier is empty");
  if (name.find('\0') != std::string_view::npos) {
    throw core::usage_error("an identifier holds a NUL byte");
  }
  if (name.size() > kMaxIdentifierBytes) {
    throw core::usage_error(fmt::format("identifier \"{}\" has {} bytes", name, name.size()),
                            "PostgreSQL keeps 63 bytes of a name; give a shorter one");
  }
  return doubled(name, '"');
}

std::string quote_literal(std::string_view text) {
  // A backslash would be an escape with standard_conforming_strings off: E'' means the same always.
  if (text.find('\\') == std::string_view::npos) return doubled(text, '\'');
  std::string escaped;
  for (const char c : text) {
    escaped += c;
    if (c == '\\') escaped += c;
  }
  return " E" + doubled(escaped, '\'');
}

Naming::Naming(std::optional<std::string> schema, const std::vector<std::string>& renamed,
               std::string prefix)
    : schema_(std::move(schema)), prefix_(std::move(prefix)) {
  if (schema_) quote_identifier(*schema_);  // for its checks
  for (const std::string& entry : renamed) {
    const auto equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == entry.size()) {
      throw core::usage_error(fmt::format("--table \"{}\" is not KNOWN=ACTUAL", entry),
                              "for example --table players=\"Game Players\"");
    }
    const std::string actual = entry.substr(equals + 1);
    quote_identifier(actual);
    renamed_[entry.substr(0, equals)] = actual;
  }
}

std::string Naming::table(std::string_view known) const {
  const std::string name = quote_identifier(actual(known));
  return schema_ ? quote_identifier(*schema_) + "." + name : name;
}

void Naming::check(const std::vector<std::string>& known) const {
  for (const auto& [name, actual] : renamed_) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw core::usage_error(
        fmt::format("--table {}={}: no table is known as \"{}\" here", name, actual, name),
        core::did_you_mean(name, known, "there are: " + core::join(known, ", ")));
  }
}

std::string Naming::actual(std::string_view known) const {
  const auto entry = renamed_.find(known);
  return entry == renamed_.end() ? prefix_ + std::string(known) : entry->second;
}

}  // namespace scalectl::pg
