#include "load/scenario/feeder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "load/scenario/csv.hpp"
#include "load/scenario/extraction.hpp"
#include "load/scenario/shuffle.hpp"

namespace scalectl::load::scenario {
namespace {

/// FNV-1a: feeders of equal length are shuffled apart.
std::uint64_t stream_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

core::Error error_at(const std::string& file, core::Place place, const std::string& what,
                     std::string hint) {
  return core::usage_error(core::to_text(file, place) + ": " + what, std::move(hint));
}

void add_column(FeederData& data, const std::string& name, core::Place place,
                const std::string& file) {
  if (name.empty()) {
    throw error_at(file, place, fmt::format("column {} has no name", data.columns.size() + 1),
                   "the first line names the columns");
  }
  if (std::find(data.columns.begin(), data.columns.end(), name) != data.columns.end()) {
    throw error_at(file, place, fmt::format("two columns are called \"{}\"", name),
                   "give each a name of its own");
  }
  data.columns.push_back(name);
}

void require_rows(const FeederData& data, const std::string& file, core::Place place) {
  if (data.rows.empty()) throw error_at(file, place, "there is no row of data", "add one");
}

FeederData read_csv(const std::string& file, std::string_view text) {
  FeederData data;
  const std::vector<CsvRecord> records = parse_csv(text, file);
  if (records.empty()) {
    throw error_at(file, {}, "the file is empty", "the first line names the columns");
  }
  for (const CsvField& field : records[0]) {
    add_column(data, std::string(core::trim(field.text)), field.place, file);
  }
  for (std::size_t i = 1; i < records.size(); ++i) {
    const CsvRecord& record = records[i];
    if (record.size() != data.columns.size()) {
      const std::size_t last = std::min(record.size(), data.columns.size() + 1) - 1;
      throw error_at(
          file, record[last].place,
          fmt::format("values in this row: {}, columns: {}", record.size(), data.columns.size()),
          "the columns are " + core::join(data.columns, ", "));
    }
    std::vector<Variable> row;
    for (const CsvField& field : record) row.push_back({.text = field.text});
    data.rows.push_back(std::move(row));
  }
  require_rows(data, file, records[0][0].place);
  return data;
}

std::vector<Variable> row_of(const core::JsonNode& node, const FeederData& data,
                             const std::string& file) {
  if (node.if_object() == nullptr) {
    throw error_at(file, node.place, fmt::format("{} where a row is expected", node.kind()),
                   "a row is an object, as in {\"name\": \"ann\"}");
  }
  for (const core::JsonMember& member : *node.if_object()) {
    if (std::find(data.columns.begin(), data.columns.end(), member.name) == data.columns.end()) {
      throw error_at(file, member.place, fmt::format("\"{}\" is not in the first row", member.name),
                     core::did_you_mean(member.name, data.columns,
                                        "the columns are " + core::join(data.columns, ", ")));
    }
  }
  std::vector<Variable> row;
  for (const std::string& column : data.columns) {
    const core::JsonNode* value = node.find(column);
    if (value == nullptr) {
      throw error_at(file, node.place, fmt::format("a row without \"{}\"", column),
                     "every row has the members of the first");
    }
    row.push_back(to_variable(value->value()));
  }
  return row;
}

}  // namespace

std::optional<std::size_t> FeederData::row(std::uint64_t seed, std::uint64_t index) const {
  const std::uint64_t size = rows.size();
  switch (order) {
    case FeederOrder::kUnique:
      if (index >= size) return std::nullopt;
      return index;
    case FeederOrder::kCircular:
      return index % size;
    case FeederOrder::kShuffled:
      break;
  }
  return shuffled(index % size, size, seed, stream_of(name), index / size);
}

FeederData read_rows(const core::JsonNode& list, const std::string& file) {
  FeederData data;
  if (list.if_list() == nullptr) {
    throw error_at(file, list.place,
                   fmt::format("{} where a list of rows is expected", list.kind()),
                   "as in [{\"name\": \"ann\"}, {\"name\": \"bob\"}]");
  }
  for (const core::JsonNode& node : *list.if_list()) {
    if (data.rows.empty() && node.if_object() != nullptr) {
      for (const core::JsonMember& member : *node.if_object()) {
        add_column(data, member.name, member.place, file);
      }
      if (data.columns.empty())
        throw error_at(file, node.place, "a row without members", "add one");
    }
    data.rows.push_back(row_of(node, data, file));
  }
  require_rows(data, file, list.place);
  return data;
}

FeederData read_feeder(const std::string& file, std::string_view text) {
  if (file.ends_with(".csv")) return read_csv(file, text);
  if (file.ends_with(".json")) return read_rows(core::parse_json_document(text, file), file);
  throw core::usage_error(fmt::format("data file \"{}\" is neither .csv nor .json", file),
                          "the ending says how it is read");
}

}  // namespace scalectl::load::scenario
