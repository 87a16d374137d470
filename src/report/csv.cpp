#include <algorithm>

#include "report/formats.hpp"
#include "report/show.hpp"

namespace scalectl::report {
namespace {

using core::Result;
using core::Table;

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) {
    out += c;
    if (c == '"') out += c;
  }
  return out + "\"";
}

std::string line(const std::vector<std::string>& fields) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) out += (i == 0 ? "" : ",") + quoted(fields[i]);
  return out + "\r\n";
}

std::string render_table(const Table& table) {
  std::vector<std::string> head;
  for (const core::Column& column : table.columns) head.push_back(column.key);
  std::string out = line(head);
  for (const core::Array& row : table.rows) {
    std::vector<std::string> fields;
    for (const core::Value& cell : row) fields.push_back(plain(cell));
    out += line(fields);
  }
  return out;
}

using Fields = std::vector<std::pair<std::string, core::Value>>;

Fields fields_of(const Result& result) {
  Fields fields{{"command", result.command},
                {"name", result.name},
                {"started_at", core::format_time(result.started_at)},
                {"elapsed_s", result.elapsed_s},
                {"verdict", core::to_text(result.verdict)},
                {"band", result.band ? core::Value(*result.band) : core::Value()},
                {"threshold_s", result.threshold_s ? core::Value(*result.threshold_s)
                                                   : core::Value()}};
  for (const auto* object : {&result.params, &result.metrics}) {
    for (auto& field : flatten(*object, ".")) fields.push_back(std::move(field));
  }
  return fields;
}

/// One row for each result, under the union of their columns.
std::string render_results(const Results& results) {
  std::vector<std::string> head;
  for (const Result& result : results) {
    for (const auto& [key, value] : fields_of(result)) {
      if (std::find(head.begin(), head.end(), key) == head.end()) head.push_back(key);
    }
  }
  std::string out = line(head);
  for (const Result& result : results) {
    const Fields fields = fields_of(result);
    std::vector<std::string> row;
    for (const std::string& key : head) {
      const auto field = std::find_if(fields.begin(), fields.end(),
                                      [&](const auto& f) { return f.first == key; });
      row.push_back(field == fields.end() ? "" : plain(field->second));
    }
    out += line(row);
  }
  return out;
}

}  // namespace

std::string csv(const Results& results, const Style& /*style*/) {
  std::string tables;
  for (const Result& result : results) {
    if (tables_show_metrics(result)) continue;  // the metrics themselves stand for them
    for (const Table& table : result.tables) {
      tables += (tables.empty() ? "" : "\r\n") + render_table(table);
    }
  }
  return tables.empty() ? render_results(results) : tables;
}

}  // namespace scalectl::report
