#include "tick/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "catalog/front_matter.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "tick/file.hpp"

namespace scalectl::tick {
namespace {

using catalog::File;
using catalog::file_error;
using catalog::Section;
using catalog::SqlText;
using core::usage_error;

constexpr const char* kFolder = "sql/ticks";

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

/// Reads: NAME TYPE = DEFAULT "help".
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

  Parameter parameter{.name = left.substr(0, space),
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

/// The field of a key that check() has found to be there.
const catalog::Field& field_of(const Section& section, std::string_view key) {
  return *std::find_if(section.fields.begin(), section.fields.end(),
                       [&](const catalog::Field& field) { return field.key == key; });
}

core::Seconds parse_time(const File& file, const Section& section, std::string_view key) {
  const catalog::Field& field = field_of(section, key);
  try {
    const core::Seconds value = core::parse_duration(field.value);
    if (value.count() <= 0) throw usage_error(fmt::format("{} must be more than zero", key));
    return value;
  } catch (const core::Error& error) {
    throw file_error(file, field.line, fmt::format("{}: {}", key, error.message()), error.hint());
  }
}

/// Every value that `sql` binds must be a parameter, or one of `columns` where those are known.
void check_values(const File& file, const SqlText& sql, const std::vector<Parameter>& parameters) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters) names.push_back(parameter.variable);
  for (const std::string& value : sql.values()) {
    if (std::find(names.begin(), names.end(), value) != names.end()) continue;
    throw file_error(file, sql.line(), fmt::format(":{} is not a parameter", value),
                     core::did_you_mean(value, names,
                                        names.empty() ? "declare it with -- param:"
                                                      : "there are: " + core::join(names, ", ")));
  }
}

void check_template(const File& file, const Section& section, const std::string& key,
                    const std::vector<std::string>& known) {
  const catalog::Field& field = field_of(section, key);
  std::map<std::string, std::string> blank;
  for (const std::string& name : known) blank[name] = "";
  const std::string filled = core::fill(field.value, blank);
  if (filled.find_first_of("{}") != std::string::npos) {
    throw file_error(file, field.line,
                     fmt::format("\"{}: {}\" has an unknown placeholder", key, field.value),
                     "there are: {" + core::join(known, "}, {") + "}");
  }
}

/// A catalog entry is found by its file's name, so the name inside must be the same.
Definition parse(const catalog::Entry& entry) {
  Definition tick = parse_file(entry.file);
  if (tick.name != entry.name) {
    throw file_error(entry.file, 1, fmt::format("expected \"-- tick: {}\", found \"{}\"", entry.name,
                                                tick.name),
                     "a tick is called what its file is called");
  }
  return tick;
}

}  // namespace

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

const Parameter* Definition::find_parameter(const std::string& wanted) const {
  const auto at = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) {
    return p.name == wanted || p.variable == wanted;
  });
  return at == parameters.end() ? nullptr : &*at;
}

std::vector<std::string> Definition::tables() const {
  std::set<std::string> names(set.identifiers().begin(), set.identifiers().end());
  if (rows) {
    names.insert(rows->select.identifiers().begin(), rows->select.identifiers().end());
    names.insert(rows->each.identifiers().begin(), rows->each.identifiers().end());
  }
  return {names.begin(), names.end()};
}

Definition parse(const File& file) {
  const auto sections = catalog::parse_sections(file);
  const Section& head = sections[0];
  check(file, head,
        {{.key = "tick", .required = true},
         {.key = "summary", .required = true},
         {.key = "family"},
         {.key = "every", .required = true},
         {.key = "warn-after", .required = true},
         {.key = "log", .required = true},
         {.key = "slow"},
         {.key = "param", .repeated = true}});
  check_template(file, head, "log", {"rows", "elapsed"});
  if (head.find("slow")) check_template(file, head, "slow", {"rows", "elapsed", "threshold"});

  const auto statements = catalog::split_statements(file, head.body, head.body_line);
  if (statements.size() != 1) {
    throw file_error(file, head.body_line,
                     fmt::format("expected one SQL statement, found {}", statements.size()),
                     "a tick is one statement; put several steps into one WITH");
  }
  Definition tick{.name = head.get("tick"),
                  .summary = head.get("summary"),
                  .family = head.find("family").value_or(""),
                  .every = parse_time(file, head, "every"),
                  .warn_after = parse_time(file, head, "warn-after"),
                  .log = head.get("log"),
                  .slow = head.find("slow").value_or("Tick " + head.get("tick") +
                                                     " took {elapsed}s (threshold: {threshold}s)"),
                  .set = statements[0]};
  for (const catalog::Field& field : head.fields) {
    if (field.key == "param") tick.parameters.push_back(parse_parameter(file, field));
  }
  check_values(file, tick.set, tick.parameters);
  if (tick.set.identifiers().empty()) {
    throw file_error(file, tick.set.line(), "the statement names no table as :\"name\"",
                     "write UPDATE :\"players\" …, so that --schema and --table can say where it is");
  }

  for (std::size_t i = 1; i < sections.size(); ++i) {
    const Section& section = sections[i];
    if (section.head != "rows" || tick.rows) {
      throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                       "a tick may have one section, @rows");
    }
    check(file, section, {{.key = "summary"}});
    const auto two = catalog::split_statements(file, section.body, section.body_line);
    if (two.size() != 2) {
      throw file_error(file, section.line,
                       fmt::format("expected two SQL statements in @rows, found {}", two.size()),
                       "a SELECT, and a statement that binds its columns");
    }
    check_values(file, two[0], tick.parameters);
    tick.rows = RowByRow{.select = two[0], .each = two[1]};
  }
  return tick;
}

std::vector<Definition> load_all(const catalog::Catalog& catalog) {
  std::vector<Definition> ticks;
  for (const catalog::Entry& entry : catalog.newest(kFolder)) ticks.push_back(parse(entry));
  return ticks;
}

Definition load(const catalog::Catalog& catalog, const std::string& name) {
  return parse(catalog.find(kFolder, name, "tick"));
}

}  // namespace scalectl::tick
