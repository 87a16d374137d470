#include "support/json.hpp"

#include <algorithm>
#include <array>
#include <regex>
#include <stdexcept>

#include "core/json.hpp"
#include "core/text.hpp"

namespace scalectl::test {
namespace {

using core::Array;
using core::Object;
using core::Value;
using Violations = std::vector<std::string>;

const Value* member(const Value& value, const std::string& name) {
  if (const Object* object = value.if_object()) return object->find(name);
  const Array* array = value.if_array();
  if (array == nullptr || name.find_first_not_of("0123456789") != std::string::npos) return nullptr;
  const std::size_t place = std::stoul(name);
  return place < array->size() ? &(*array)[place] : nullptr;
}

bool contains(const auto& list, std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

/// Numbers carry their unit in the name; those that count things or name them need none.
bool states_its_unit(std::string_view key) {
  constexpr std::array<std::string_view, 10> kUnits{"_s",   "_ms",         "_bytes",      "_ratio",
                                                    "_rps", "_per_second", "_percentage", "_steps",
                                                    "_id",  "_version"};
  constexpr std::string_view kCounts[] = {"rows",
                                          "rows_before",
                                          "slot",
                                          "token",
                                          "windows_missed",
                                          "windows_worked",
                                          "statements",
                                          "players",
                                          "workers",
                                          "migrations",
                                          "applied",
                                          "tables",
                                          "to_create",
                                          "to_repair",
                                          "to_replace",
                                          "to_set",
                                          "replaced",
                                          "drifted",
                                          "foreign",
                                          "unused",
                                          "invalid",
                                          "building",
                                          "drift",
                                          "misfit",
                                          "shared",
                                          "duplicates",
                                          "used",
                                          "faster",
                                          "checks_failed",
                                          "rows_estimated",
                                          "buffers",
                                          "without_buffers",
                                          "users",
                                          "queries",
                                          "suggestions",
                                          "calls",
                                          "cost_before",
                                          "cost_after",
                                          "rounds",
                                          "sample_rows",
                                          "created",
                                          "kept",
                                          "dropped",
                                          "present",
                                          "missing",
                                          "scans",
                                          "runs_1d",
                                          "seed",
                                          "version",
                                          "pack_version",
                                          "cores",
                                          "bonus",
                                          "set",
                                          "points",
                                          "runs",
                                          "port",
                                          "tasks",
                                          "steps",
                                          "attempts",
                                          "count",
                                          "findings",
                                          "repaired",
                                          "repeats",
                                          "sort_key",
                                          "id",
                                          "exponent",
                                          "batch",
                                          "pid",
                                          "due",
                                          "batches",
                                          "made",
                                          "partitions",
                                          "partitions_read",
                                          "requests",
                                          "connections",
                                          "threads",
                                          "speakers",
                                          "pipeline",
                                          "results",
                                          "bytes_in",
                                          "bytes_out",
                                          "found",
                                          "code",
                                          "held",
                                          "populations",
                                          "thresholds",
                                          "users",
                                          "arrivals",
                                          "line",
                                          "exponent_low",
                                          "exponent_high",
                                          "rows_moved",
                                          "fillfactor",
                                          "per_location",
                                          "dead_rows",
                                          "players_settled",
                                          "indexes_created",
                                          "indexes_dropped",
                                          "worked",
                                          "already_done",
                                          "failed",
                                          "slow",
                                          "overruns",
                                          "unreachable",
                                          "reconnects"};
  return contains(kCounts, key) || std::any_of(kUnits.begin(), kUnits.end(), [&](auto unit) {
           return key.size() > unit.size() && key.ends_with(unit);
         });
}

/// An object whose name says what all numbers in it are: counts, or milliseconds.
bool states_unit_of_all(std::string_view key) {
  constexpr std::array<std::string_view, 8> kCounts{"requests", "connections", "statuses",
                                                    "failures", "websockets",  "messages",
                                                    "closes",   "latency_ms"};
  return contains(kCounts, key);
}

void check_units(const Value& value, const std::string& path, Violations& out) {
  if (const Array* array = value.if_array()) {
    for (const Value& item : *array) check_units(item, path, out);
  }
  if (const Object* object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      const std::string name = path + "." + key;
      if (item.is_number() && !states_its_unit(key)) out.push_back(name + " has no unit");
      if (item.if_object() != nullptr && states_unit_of_all(key)) continue;
      check_units(item, name, out);
    }
  }
}

void check_tables(const Value& tables, Violations& out) {
  if (tables.if_object() == nullptr) return out.push_back("tables is no object");
  for (const auto& [key, rows] : *tables.if_object()) {
    if (rows.if_array() == nullptr) return out.push_back("tables." + key + " is no list");
    for (const Value& row : *rows.if_array()) {
      if (row.if_object() == nullptr) return out.push_back("tables." + key + " has an odd row");
    }
  }
}

void check_checks(const Value& checks, Violations& out) {
  if (checks.if_array() == nullptr) return out.push_back("checks is no list");
  for (const Value& check : *checks.if_array()) {
    const Value* name = member(check, "name");
    const Value* observed = member(check, "observed");
    const Value* passed = member(check, "passed");
    if (name == nullptr || name->if_text() == nullptr || observed == nullptr ||
        observed->if_text() == nullptr || passed == nullptr || passed->if_bool() == nullptr) {
      out.push_back("checks has an odd entry");
    }
  }
}

bool is_one_of(const Value& value, const std::vector<std::string>& words) {
  return value.if_text() != nullptr && contains(words, *value.if_text());
}

bool is_time(const Value& value) {
  static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  return value.if_text() != nullptr && std::regex_match(*value.if_text(), kTime);
}

bool is_version(const Value& value) {
  static const std::regex kVersion(R"(\d+(\.\d+)+)");
  return value.if_text() != nullptr && std::regex_match(*value.if_text(), kVersion);
}

void check_environment(const Value& value, Violations& out) {
  const auto expect = [&](const std::string& key, auto holds) {
    const Value* found = member(value, key);
    if (found == nullptr || !holds(*found)) out.push_back("environment." + key);
  };
  const auto version_or_null = [](const Value& v) { return v.is_null() || is_version(v); };
  expect("scalectl", is_version);
  expect("postgres", version_or_null);
  expect("redis", version_or_null);
  expect("cores", [](const Value& v) { return v.if_integer() != nullptr && *v.if_integer() > 0; });
  expect("host", [](const Value& v) { return v.if_text() != nullptr && !v.if_text()->empty(); });
}

}  // namespace

Value json(const std::string& text) { return core::parse_json(text, "stdout"); }

std::vector<Value> json_lines(const std::string& text) {
  std::vector<Value> values;
  for (const std::string& line : core::split(text, '\n')) {
    if (!line.empty()) values.push_back(json(line));
  }
  return values;
}

const Value& at(const Value& value, std::string_view path) {
  const Value* found = &value;
  for (const std::string& name : core::split(path, '.')) {
    found = member(*found, name);
    if (found == nullptr) {
      throw std::runtime_error("no " + std::string(path) + " in " + core::to_json(value));
    }
  }
  return *found;
}

std::string text_at(const Value& value, std::string_view path) {
  const Value& found = at(value, path);
  if (found.if_text() == nullptr) throw std::runtime_error(std::string(path) + " is no text");
  return *found.if_text();
}

std::int64_t integer_at(const Value& value, std::string_view path) {
  const Value& found = at(value, path);
  if (found.if_integer() == nullptr) throw std::runtime_error(std::string(path) + " is no integer");
  return *found.if_integer();
}

Violations violations(const Value& value) {
  const Object* object = value.if_object();
  if (object == nullptr) return {"no object"};
  Violations out;
  const auto expect = [&](const std::string& key, auto holds) {
    const Value* found = object->find(key);
    if (found == nullptr || !holds(*found)) out.push_back(key);
  };
  const auto is_object = [](const Value& v) { return v.if_object() != nullptr; };
  const auto is_text = [](const Value& v) { return v.if_text() != nullptr; };
  expect("schema", [](const Value& v) { return is_one_of(v, {"scalectl.result/1"}); });
  expect("command", [&](const Value& v) { return is_text(v) && !v.if_text()->empty(); });
  expect("name", is_text);
  expect("started_at", is_time);
  expect("elapsed_s", [](const Value& v) { return v.is_number() && v.number() >= 0; });
  expect("verdict", [](const Value& v) {
    return is_one_of(v, {"pass", "warn", "fail", "inconclusive"});
  });
  expect("band", [](const Value& v) {
    return v.is_null() || is_one_of(v, {"excellent", "good", "ok", "warning"});
  });
  expect("threshold_s", [](const Value& v) { return v.is_null() || v.number() > 0; });
  expect("params", is_object);
  expect("metrics", is_object);
  expect("environment", is_object);
  expect("notes", [&](const Value& v) {
    return v.if_array() != nullptr &&
           std::all_of(v.if_array()->begin(), v.if_array()->end(), is_text);
  });
  constexpr std::array<std::string_view, 16> kKnown{
      "schema", "command",     "name",   "started_at", "elapsed_s",   "verdict",
      "band",   "threshold_s", "params", "metrics",    "environment", "notes",
      "tables", "figures",     "checks", "data"};
  for (const auto& [key, item] : *object) {
    if (!contains(kKnown, key)) out.push_back("unknown " + key);
    if (key == "tables") check_tables(item, out);
    if (key == "checks") check_checks(item, out);
    if (key == "environment") check_environment(item, out);
    if (key == "params" || key == "metrics" || key == "tables") check_units(item, key, out);
  }
  return out;
}

}  // namespace scalectl::test
