#include "tick/target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace scalectl::tick {
namespace {

using core::usage_error;

/// The tables that only the epoch form of `tick` has.
std::vector<std::string> epoch_tables(const Definition& tick) {
  std::vector<std::string> tables;
  if (!tick.epoch) return tables;
  const std::vector<std::string> others = tick.tables(Strategy::kSet);
  for (const std::string& table : tick.tables(Strategy::kEpoch)) {
    if (std::count(others.begin(), others.end(), table) == 0) tables.push_back(table);
  }
  return tables;
}

void check_layout(pg::Session& session, const Definition& tick, const Options& options) {
  const std::vector<std::string> tables = epoch_tables(tick);
  for (const std::string& table : tables) {
    const std::string quoted = options.naming.table(table);
    const bool there = find_relation(session, quoted).has_value();
    if (options.strategy == Strategy::kEpoch && !there) {
      throw usage_error(fmt::format("tick {}: there is no table {}, which --strategy epoch needs",
                                    tick.name, quoted),
                        options.one_of_many ? "leave --strategy out"
                                            : "scalectl db migrate game --layout epoch makes it");
    }
    if (options.strategy != Strategy::kEpoch && there) {
      throw usage_error(
          fmt::format(
              "tick {}: the tables have the epoch layout ({} is there), which --strategy {} "
              "would not agree with",
              tick.name, quoted, name_of(options.strategy)),
          std::string(options.one_of_many ? "leave --strategy out"
                                          : "run it with --strategy epoch") +
              ", or go back with scalectl db migrate game --layout seed");
    }
  }
}

void check_key(pg::Session& session, const Definition& tick, const Options& options) {
  const Batched& form = *tick.batched;
  if (form.is_queue()) return;
  const std::string quoted = options.naming.table(form.key_table());
  const pg::Relation relation = require_relation(session, quoted, form.key_table());
  const auto column =
      std::find_if(relation.columns.begin(), relation.columns.end(),
                   [&](const pg::RelationColumn& each) { return each.name == form.key; });
  if (column == relation.columns.end()) {
    throw usage_error(fmt::format("tick {}: table {} has no column \"{}\", the key of @batched",
                                  tick.name, quoted, form.key),
                      "the table is not the one this SQL was written for");
  }
  if (column->type != "bigint" && column->type != "integer" && column->type != "smallint") {
    throw usage_error(fmt::format("tick {}: the key \"{}\" is {}; batches need whole numbers",
                                  tick.name, form.key, column->type),
                      "run it with --strategy set");
  }
}

}  // namespace

Options fit_layout(pg::Session& session, const Definition& tick, Options options) {
  if (!options.by_layout) return options;
  const std::vector<std::string> tables = epoch_tables(tick);
  const bool epoch = std::any_of(tables.begin(), tables.end(), [&](const std::string& table) {
    return find_relation(session, options.naming.table(table)).has_value();
  });
  if (epoch) options.strategy = Strategy::kEpoch;
  return options;
}

Target find_target(pg::Session& session, const Definition& tick, const Options& options) {
  check_layout(session, tick, options);
  Target target;
  for (const std::string& name : tick.tables(options.strategy)) {
    target.relations.push_back(require_relation(session, options.naming.table(name), name));
  }
  if (options.strategy == Strategy::kBatched) check_key(session, tick, options);
  if (tick.tables().empty()) {  // a file that names its tables plainly
    target.schema = session.query("SELECT coalesce(current_schema(), '') AS name").text(0, "name");
    target.quoted = target.schema.empty() ? "" : pg::quote_identifier(target.schema);
    return target;
  }
  const pg::Relation first =
      require_relation(session, options.naming.table(tick.target()), tick.target());
  target.schema = first.schema;
  target.quoted = pg::quote_identifier(first.schema) + "." + pg::quote_identifier(first.name);
  return target;
}

}  // namespace scalectl::tick
