#include "index/probe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "index/workload.hpp"

namespace scalectl::index {

Probe::Probe(pg::Session& session, const IndexDefinition& index, const pg::Naming& naming)
    : index_(index) {
  const auto table = [&](const std::string& name) { return naming.table(name); };
  const catalog::BoundSql bound = index.probe.bind(table, [](const std::string&) { return ""; });
  sql_ = bound.sql;
  if (!index.samples) {
    samples_.emplace_back();
    return;
  }
  const pg::Rows rows = session.query(fmt::format("{}SELECT * FROM ({}) AS samples LIMIT {}", kOurs,
                                                  index.samples->bind(table, {}).sql, kMaxSamples));
  for (const std::string& parameter : bound.parameters) {
    bool there = false;
    for (std::size_t i = 0; i < rows.columns(); ++i) there = there || rows.name(i) == parameter;
    if (there) continue;
    throw core::usage_error(
        fmt::format("index {}: its samples have no column for :{}", index.name, parameter),
        fmt::format("SELECT … AS {} …", parameter));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    pg::Params values;
    for (const std::string& parameter : bound.parameters) values.push_back(rows.at(i, parameter));
    samples_.push_back(std::move(values));
  }
}

std::string Probe::sql_on(const std::function<std::string(const std::string&)>& table) const {
  return index_.probe.bind(table, [](const std::string&) { return ""; }).sql;
}

}  // namespace scalectl::index
