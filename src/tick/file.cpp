#include "tick/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/front_matter.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::tick {
namespace {

using catalog::File;
using catalog::file_error;

constexpr std::array<std::string_view, 8> kKeys{"tick",       "summary", "family", "every",
                                                "warn-after", "log",     "slow",   "param"};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// True if the comments that the file begins with say anything as front matter does: a comment that
/// only explains the statement is none.
bool has_front_matter(const File& file) {
  for (const std::string& line : core::split(file.text, '\n')) {
    if (line.rfind("--", 0) != 0) return false;
    const std::string_view text = core::trim(std::string_view(line).substr(2));
    const std::string_view key = core::trim(text.substr(0, text.find(':')));
    if (text.size() > key.size() && std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) {
      return true;
    }
  }
  return false;
}

/// "some/where/my_tick.v2.sql" → "my_tick".
std::string name_of(const std::string& path) {
  const std::string base = path.substr(path.rfind('/') + 1);
  std::string name = base.ends_with(".sql") ? base.substr(0, base.size() - 4) : base;
  const auto dot = name.rfind(".v");
  if (dot != std::string::npos && dot + 2 < name.size() &&
      name.find_first_not_of("0123456789", dot + 2) == std::string::npos) {
    name.resize(dot);
  }
  return name;
}

Definition parse_bare(const File& file) {
  const std::string name = name_of(file.path);
  if (name.empty()) {
    throw file_error(file, 1, "this file has no name to call the tick by", "NAME.sql");
  }
  const auto statements = catalog::split_statements(file, file.text, 1);
  if (statements.size() != 1) {
    throw file_error(
        file, statements.empty() ? 1 : statements[1].line(),
        fmt::format("expected one SQL statement, found {}", statements.size()),
        "a tick is one statement, without BEGIN and COMMIT; put several steps into one WITH");
  }
  if (!statements[0].values().empty()) {
    const std::string& value = statements[0].values().front();
    throw file_error(file, statements[0].line(), fmt::format(":{} is not a parameter", value),
                     fmt::format("declare it at the head of the file, with what else describes a "
                                 "tick: -- tick: {}, …, -- param: {} int = 1 \"what it is\"",
                                 name, value));
  }
  return {.name = name,
          .summary = "The statement of " + file.path,
          .family = "",
          .every = core::Seconds(300),
          .warn_after = core::Seconds(5),
          .log = "Tick " + name + ": {rows} rows in {elapsed}s",
          .slow = "Tick " + name + " took {elapsed}s (threshold: {threshold}s)",
          .parameters = {},
          .set = statements[0]};
}

}  // namespace

bool names_a_file(const std::string& operand) {
  return operand.find('/') != std::string::npos || operand.ends_with(".sql");
}

Definition parse_file(const File& given) {
  File file = given;
  if (file.text.rfind(kByteOrderMark, 0) == 0) file.text.erase(0, kByteOrderMark.size());
  if (file.text.find('\0') != std::string::npos) {
    throw file_error(file, 1, "this is no text", "a tick is a file of SQL");
  }
  return has_front_matter(file) ? parse(file) : parse_bare(file);
}

std::map<std::string, std::string> parse_settings(const std::vector<std::string>& settings) {
  std::map<std::string, std::string> values;
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::usage_error(fmt::format("--set {}: expected NAME=VALUE", setting),
                              "for example --set bonus=2");
    }
    const std::string name = setting.substr(0, equals);
    if (!values.emplace(name, setting.substr(equals + 1)).second) {
      throw core::usage_error(fmt::format("--set {} stands there twice", name), "give it once");
    }
  }
  return values;
}

}  // namespace scalectl::tick
