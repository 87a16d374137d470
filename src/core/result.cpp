#include "core/result.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace scalectl::core {
namespace {

template <typename T>
Value or_null(const std::optional<T>& value) {
  return value ? Value(*value) : Value();
}

Value rows_of(const Table& table) {
  Array rows;
  for (const Array& row : table.rows) {
    Object object;
    for (std::size_t i = 0; i < table.columns.size() && i < row.size(); ++i) {
      object.set(table.columns[i].key, row[i]);
    }
    rows.emplace_back(std::move(object));
  }
  return rows;
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kWarn:
      return "warn";
    case Verdict::kFail:
      return "fail";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (since - seconds).count());
}

Value to_value(const Result& result) {
  Array notes;
  for (const std::string& note : result.notes) notes.emplace_back(note);

  Object object{
      {"schema", "scalectl.result/1"},
      {"command", result.command},
      {"name", result.name},
      {"started_at", format_time(result.started_at)},
      {"elapsed_s", result.elapsed_s},
      {"verdict", to_text(result.verdict)},
      {"band", or_null(result.band)},
      {"threshold_s", or_null(result.threshold_s)},
      {"params", result.params},
      {"metrics", result.metrics},
      {"environment", Object{{"scalectl", result.environment.scalectl},
                             {"postgres", or_null(result.environment.postgres)},
                             {"redis", or_null(result.environment.redis)},
                             {"cores", result.environment.cores},
                             {"host", result.environment.host}}},
      {"notes", notes},
  };
  Object tables;
  for (const Table& table : result.tables) {
    if (!table.shows_metrics) tables.set(table.key, rows_of(table));
  }
  if (!tables.empty()) object.set("tables", std::move(tables));
  if (!result.figures.empty()) {
    Object figures;
    for (const Figure& figure : result.figures) figures.set(figure.key, to_value(figure));
    object.set("figures", std::move(figures));
  }
  if (!result.checks.empty()) {
    Array checks;
    for (const Check& check : result.checks) {
      checks.push_back(
          Object{{"name", check.name}, {"observed", check.observed}, {"passed", check.passed}});
    }
    object.set("checks", std::move(checks));
  }
  if (!result.data.empty()) object.set("data", result.data);
  return object;
}

int exit_code(const std::vector<Result>& results) {
  const auto any = [&](Verdict verdict) {
    return std::any_of(results.begin(), results.end(),
                       [&](const Result& result) { return result.verdict == verdict; });
  };
  if (any(Verdict::kFail)) return 1;
  if (any(Verdict::kInconclusive)) return 6;
  return 0;
}

}  // namespace scalectl::core
