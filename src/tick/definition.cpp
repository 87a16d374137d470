#include "tick/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "catalog/front_matter.hpp"
#include "core/error.hpp"
#include "tick/file.hpp"
#include "tick/forms.hpp"

namespace scalectl::tick {
namespace {

using catalog::File;
using catalog::file_error;
using catalog::Section;
using catalog::SqlText;
using core::usage_error;

constexpr const char* kFolder = "sql/ticks";
constexpr std::array<std::pair<Strategy, const char*>, 4> kStrategies{
    {{Strategy::kSet, "set"},
     {Strategy::kRows, "rows"},
     {Strategy::kBatched, "batched"},
     {Strategy::kEpoch, "epoch"}}};

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

/// A catalog entry is found by its file's name, so the name inside must be the same.
Definition parse(const catalog::Entry& entry) {
  Definition tick = parse_file(entry.file);
  if (tick.name != entry.name) {
    throw file_error(entry.file, 1,
                     fmt::format("expected \"-- tick: {}\", found \"{}\"", entry.name, tick.name),
                     "a tick is called what its file is called");
  }
  return tick;
}

}  // namespace

std::string name_of(Strategy strategy) {
  return std::find_if(kStrategies.begin(), kStrategies.end(),
                      [&](const auto& known) { return known.first == strategy; })
      ->second;
}

Strategy strategy_of(const std::string& name) {
  for (const auto& [strategy, known] : kStrategies) {
    if (name == known) return strategy;
  }
  throw usage_error(fmt::format("there is no strategy \"{}\"", name),
                    "expected set, rows, batched or epoch");
}

const Parameter* Definition::find_parameter(const std::string& wanted) const {
  const auto at = std::find_if(parameters.begin(), parameters.end(), [&](const Parameter& p) {
    return p.name == wanted || p.variable == wanted;
  });
  return at == parameters.end() ? nullptr : &*at;
}

bool Definition::has(Strategy strategy) const {
  switch (strategy) {
    case Strategy::kSet:
      return true;
    case Strategy::kRows:
      return rows.has_value();
    case Strategy::kBatched:
      return batched.has_value();
    case Strategy::kEpoch:
      return epoch.has_value();
  }
  return false;
}

std::vector<Strategy> Definition::strategies() const {
  std::vector<Strategy> all;
  for (const auto& [strategy, word] : kStrategies) {
    if (has(strategy)) all.push_back(strategy);
  }
  return all;
}

std::vector<std::string> Definition::tables() const {
  std::set<std::string> all;
  for (const Strategy strategy : strategies()) {
    for (std::string& table : tables(strategy)) all.insert(std::move(table));
  }
  return {all.begin(), all.end()};
}

std::vector<std::string> Definition::tables(Strategy strategy) const {
  std::set<std::string> names;
  const auto add = [&](const SqlText& sql) {
    names.insert(sql.identifiers().begin(), sql.identifiers().end());
  };
  if (strategy == Strategy::kEpoch) {
    add(epoch->advance);
    return {names.begin(), names.end()};
  }
  add(set);
  if (strategy == Strategy::kRows) {
    add(rows->select);
    add(rows->each);
  }
  if (strategy == Strategy::kBatched) {
    if (batched->upper) add(*batched->upper);
    add(batched->work);
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
    throw file_error(
        file, tick.set.line(), "the statement names no table as :\"name\"",
        "write UPDATE :\"players\" …, so that --schema and --table can say where it is");
  }

  for (std::size_t i = 1; i < sections.size(); ++i) parse_form(file, sections[i], tick);
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
