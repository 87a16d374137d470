#include "tick/forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::tick {
namespace {

using catalog::File;
using catalog::file_error;
using catalog::Section;
using catalog::SqlText;
using core::usage_error;

constexpr std::int64_t kUsualBatch = 10'000;

/// What the engine binds in @batched, beside the tick's own parameters.
constexpr std::array<const char*, 4> kEngineValues{"after", "upto", "batch", "started"};

/// `sql` must bind each of `values`: a batch that forgets one would do the wrong rows, or all.
void check_binds(const File& file, const SqlText& sql, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    const auto& bound = sql.values();
    if (std::find(bound.begin(), bound.end(), value) != bound.end()) continue;
    throw file_error(
        file, sql.line(), fmt::format("this statement of @batched binds no :{}", value),
        "a batch binds :after and :batch, then :after and :upto; a queue binds :batch");
  }
}

RowByRow parse_rows(const File& file, const Section& section, const Definition& tick) {
  check(file, section, {{.key = "summary"}});
  const auto two = catalog::split_statements(file, section.body, section.body_line);
  if (two.size() != 2) {
    throw file_error(file, section.line,
                     fmt::format("expected two SQL statements in @rows, found {}", two.size()),
                     "a SELECT, and a statement that binds its columns");
  }
  check_values(file, two[0], tick.parameters);
  return {.select = two[0], .each = two[1]};
}

std::int64_t parse_batch(const File& file, const Section& section) {
  if (!section.find("batch")) return kUsualBatch;
  const catalog::Field& field = field_of(section, "batch");
  try {
    const std::int64_t batch = core::parse_count(field.value);
    if (batch == 0) throw usage_error("a batch has at least one row");
    return batch;
  } catch (const core::Error& error) {
    throw file_error(file, field.line, "batch: " + error.message(), error.hint());
  }
}

Batched parse_batched(const File& file, const Section& section, const Definition& tick) {
  check(file, section, {{.key = "summary"}, {.key = "key"}, {.key = "batch"}});
  for (const Parameter& parameter : tick.parameters) {
    if (std::count(kEngineValues.begin(), kEngineValues.end(), parameter.variable) == 0) continue;
    throw file_error(
        file, section.line,
        fmt::format("parameter {} has the name of a value that @batched binds", parameter.name),
        "call it something else");
  }
  const auto statements = catalog::split_statements(file, section.body, section.body_line);
  if (statements.empty() || statements.size() > 2) {
    throw file_error(
        file, section.line,
        fmt::format("expected one or two SQL statements in @batched, found {}", statements.size()),
        "a SELECT of the upper key and the work; or the work of a queue with LIMIT :batch FOR "
        "UPDATE SKIP LOCKED");
  }
  const bool ranges = statements.size() == 2;
  if (ranges != section.find("key").has_value()) {
    throw file_error(file, section.line,
                     ranges ? "ranges need the column that they are cut by" : "a queue has no key",
                     ranges ? "add -- key: COLUMN" : "leave it out, or SELECT the upper key first");
  }
  if (!ranges) {
    check_values(file, statements[0], tick.parameters, {"batch", "started"});
    check_binds(file, statements[0], {"batch"});
    return {.upper = std::nullopt,
            .work = statements[0],
            .key = "",
            .batch = parse_batch(file, section)};
  }
  check_values(file, statements[0], tick.parameters, {"after", "batch", "started"});
  check_binds(file, statements[0], {"after", "batch"});
  check_values(file, statements[1], tick.parameters, {"after", "upto", "started"});
  check_binds(file, statements[1], {"after", "upto"});
  if (statements[0].identifiers().empty()) {
    throw file_error(file, statements[0].line(), "the statement names no table as :\"name\"",
                     "the key is a column of the table that it names first");
  }
  return {.upper = statements[0],
          .work = statements[1],
          .key = section.get("key"),
          .batch = parse_batch(file, section)};
}

Epoch parse_epoch(const File& file, const Section& section, const Definition& tick) {
  check(file, section, {{.key = "summary"}, {.key = "log"}});
  if (section.find("log")) check_template(file, section, "log", {"rows", "elapsed"});
  const auto one = catalog::split_statements(file, section.body, section.body_line);
  if (one.size() != 1) {
    throw file_error(file, section.line,
                     fmt::format("expected one SQL statement in @epoch, found {}", one.size()),
                     "an UPDATE of the one row that all others are read by");
  }
  check_values(file, one[0], tick.parameters);
  return {.advance = one[0], .log = section.find("log").value_or(tick.log)};
}

}  // namespace

const catalog::Field& field_of(const Section& section, std::string_view key) {
  return *std::find_if(section.fields.begin(), section.fields.end(),
                       [&](const catalog::Field& field) { return field.key == key; });
}

void check_values(const File& file, const SqlText& sql, const std::vector<Parameter>& parameters,
                  const std::vector<std::string>& more) {
  std::vector<std::string> names = more;
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

void parse_form(const File& file, const Section& section, Definition& tick) {
  if (section.head == "rows" && !tick.rows) {
    tick.rows = parse_rows(file, section, tick);
  } else if (section.head == "batched" && !tick.batched) {
    tick.batched = parse_batched(file, section, tick);
  } else if (section.head == "epoch" && !tick.epoch) {
    tick.epoch = parse_epoch(file, section, tick);
  } else {
    throw file_error(file, section.line, fmt::format("unexpected section @{}", section.head),
                     "a tick may have the sections @rows, @batched and @epoch, each once");
  }
}

}  // namespace scalectl::tick
