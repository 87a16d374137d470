#include "tick/one_transaction.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "core/error.hpp"
#include "core/json.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

constexpr std::uint64_t kReportEvery = 500;  // rows between looks at the stop token

/// Where a bound value of the per-row statement comes from: a column, or a fixed value.
struct Source {
  std::optional<std::size_t> column;
  pg::Param value;
};

std::vector<Source> sources_of(const Statements& statements, const catalog::BoundSql& each,
                               const pg::Rows& found) {
  std::vector<Source> sources;
  for (const std::string& name : each.parameters) {
    if (const pg::Param* value = statements.find(name)) {
      sources.push_back({.column = std::nullopt, .value = *value});
      continue;
    }
    try {
      sources.push_back({.column = found.column(name), .value = std::nullopt});
    } catch (const std::out_of_range&) {
      throw usage_error(fmt::format("tick {}: @rows binds :{}, which its SELECT does not return",
                                    statements.tick().name, name));
    }
  }
  return sources;
}

}  // namespace

Work as_set(pg::Transaction& tx, const Statements& statements) {
  const catalog::BoundSql bound = statements.bind(statements.tick().set);
  return {.rows = tx.query(bound.sql, statements.params(bound)).affected(), .statements = 1};
}

Work row_by_row(pg::Transaction& tx, const Statements& statements, bool pooled,
                const std::stop_token& stop, core::Observer& observer) {
  const Definition& tick = statements.tick();
  const catalog::BoundSql select = statements.bind(tick.rows->select);
  const catalog::BoundSql each = statements.bind(tick.rows->each);
  const pg::Rows found = tx.query(select.sql, statements.params(select));
  Work work{.rows = 0, .statements = 1};
  if (found.empty()) return work;

  const std::vector<Source> sources = sources_of(statements, each, found);
  const std::string prepared = pooled ? "" : tx.prepare(each.sql);
  pg::Params bound(sources.size());
  for (std::size_t row = 0; row < found.size(); ++row) {
    if (row % kReportEvery == 0) {
      if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      observer.progress(tick.name, row, found.size(), "rows");
    }
    for (std::size_t i = 0; i < sources.size(); ++i) {
      bound[i] = sources[i].column ? found.at(row, *sources[i].column) : sources[i].value;
    }
    work.rows += (pooled ? tx.query(each.sql, bound) : tx.run(prepared, bound)).affected();
    ++work.statements;
  }
  observer.progress(tick.name, found.size(), found.size(), "rows");
  return work;
}

Work advance_epoch(pg::Transaction& tx, const Statements& statements) {
  const catalog::BoundSql bound = statements.bind(statements.tick().epoch->advance);
  const std::int64_t rows = tx.query(bound.sql, statements.params(bound)).affected();
  if (rows == 0) {
    throw usage_error(
        fmt::format("no epoch fits the parameters {}", core::to_json(statements.described())),
        "the epoch layout counts steps of one size (bonus 1), so that a player's stamina follows "
        "from "
        "their number");
  }
  return {.rows = rows, .statements = 1};
}

}  // namespace scalectl::tick
