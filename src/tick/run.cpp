#include "tick/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

constexpr std::uint64_t kReportEvery = 500;  // rows between looks at the stop token

/// What the work itself did.
struct Work {
  std::int64_t rows = 0;
  std::int64_t statements = 0;
};

/// What it cost, by the server's own counters.
struct Cost {
  std::int64_t wal_bytes = 0;
  std::optional<double> hot_ratio;  // nothing where no row was updated
};

std::map<std::string, std::string> values_for(const Definition& tick, const Options& options) {
  std::map<std::string, std::string> values;
  for (const Parameter& parameter : tick.parameters) {
    const auto given = options.parameters.find(parameter.name);
    values[parameter.variable] = parameter.to_sql(
        given == options.parameters.end() ? parameter.default_value : given->second);
  }
  for (const auto& [name, value] : options.parameters) {
    if (tick.find_parameter(name) != nullptr) continue;
    std::vector<std::string> names;
    for (const Parameter& parameter : tick.parameters) names.push_back(parameter.name);
    throw usage_error(fmt::format("tick {} has no parameter --{}", tick.name, name),
                      core::did_you_mean(name, names,
                                         names.empty() ? "it takes none"
                                                       : "it takes --" + core::join(names, ", --")));
  }
  return values;
}

/// Every table that the tick names, as the server knows it.
std::vector<pg::Relation> relations_of(pg::Session& session, const Definition& tick,
                                       const Options& options) {
  std::vector<pg::Relation> relations;
  for (const std::string& name : tick.tables()) {
    relations.push_back(require_relation(session, options.naming.table(name)));
  }
  return relations;
}

class Runner {
 public:
  Runner(const Definition& tick, const Options& options, core::Observer& observer)
      : tick_(tick), options_(options), observer_(observer), values_(values_for(tick, options)) {}

  Work as_set(pg::Transaction& tx) const {
    const catalog::BoundSql bound = bind(tick_.set);
    return {.rows = tx.query(bound.sql, params(bound)).affected(), .statements = 1};
  }

  Work row_by_row(pg::Transaction& tx, const std::stop_token& stop) const {
    const catalog::BoundSql select = bind(tick_.rows->select);
    const catalog::BoundSql each = bind(tick_.rows->each);
    const pg::Rows found = tx.query(select.sql, params(select));
    Work work{.rows = 0, .statements = 1};
    if (found.empty()) return work;

    const std::vector<Source> sources = sources_of(each, found);
    const std::string prepared = tx.prepare(each.sql);
    pg::Params bound(sources.size());
    for (std::size_t row = 0; row < found.size(); ++row) {
      if (row % kReportEvery == 0) {
        if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
        observer_.progress(tick_.name, row, found.size(), "rows");
      }
      for (std::size_t i = 0; i < sources.size(); ++i) {
        bound[i] = sources[i].column ? found.at(row, *sources[i].column) : sources[i].value;
      }
      work.rows += tx.run(prepared, bound).affected();
      ++work.statements;
    }
    observer_.progress(tick_.name, found.size(), found.size(), "rows");
    return work;
  }

  core::Object described_parameters() const {
    core::Object object{{"strategy", options_.strategy == Strategy::kSet ? "set" : "rows"}};
    for (const Parameter& parameter : tick_.parameters) {
      const auto given = options_.parameters.find(parameter.name);
      auto [key, value] = parameter.described(
          given == options_.parameters.end() ? parameter.default_value : given->second);
      object.set(std::move(key), std::move(value));
    }
    return object;
  }

 private:
  /// Where a bound value of the per-row statement comes from: a column, or a fixed value.
  struct Source {
    std::optional<std::size_t> column;
    pg::Param value;
  };

  catalog::BoundSql bind(const catalog::SqlText& sql) const {
    return sql.bind([this](const std::string& name) { return options_.naming.table(name); },
                    [this](const std::string& name) {
                      const Parameter* parameter = tick_.find_parameter(name);
                      return parameter == nullptr ? std::string() : parameter->cast();
                    });
  }

  pg::Params params(const catalog::BoundSql& bound) const {
    pg::Params params;
    for (const std::string& name : bound.parameters) params.emplace_back(values_.at(name));
    return params;
  }

  std::vector<Source> sources_of(const catalog::BoundSql& each, const pg::Rows& found) const {
    std::vector<Source> sources;
    for (const std::string& name : each.parameters) {
      const auto value = values_.find(name);
      if (value != values_.end()) {
        sources.push_back({.column = std::nullopt, .value = value->second});
        continue;
      }
      try {
        sources.push_back({.column = found.column(name), .value = std::nullopt});
      } catch (const std::out_of_range&) {
        throw usage_error(fmt::format("tick {}: @rows binds :{}, which its SELECT does not return",
                                      tick_.name, name));
      }
    }
    return sources;
  }

  const Definition& tick_;
  const Options& options_;
  core::Observer& observer_;
  std::map<std::string, std::string> values_;  // by variable, in the server's form
};

/// The present position in the write-ahead log. Throws Error (connection) on a standby, which has
/// none; the work itself would not say so where it finds nothing to do.
std::string wal_position(pg::Transaction& tx) {
  const pg::Rows rows = tx.query(
      "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn()::text END AS lsn");
  if (const pg::Param lsn = rows.at(0, "lsn")) return *lsn;
  throw Error(ErrorKind::kConnection, "this server is a read-only standby",
              "connect to the primary");
}

/// What this transaction has cost since `from`. WAL is counted for the whole server, so that other
/// sessions' share is in it; the HOT share is this transaction's own.
Cost cost_since(pg::Transaction& tx, const std::string& from,
                const std::vector<pg::Relation>& relations) {
  std::vector<std::string> oids;
  for (const pg::Relation& relation : relations) oids.push_back(std::to_string(relation.oid));
  const pg::Rows rows = tx.query(
      "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::bigint AS wal,"
      "       coalesce(sum(pg_stat_get_xact_tuples_updated(oid)), 0)::bigint AS updated,"
      "       coalesce(sum(pg_stat_get_xact_tuples_hot_updated(oid)), 0)::bigint AS hot"
      "  FROM unnest($2::oid[]) AS oid",
      {from, "{" + core::join(oids, ",") + "}"});
  Cost cost{.wal_bytes = rows.integer(0, "wal"), .hot_ratio = std::nullopt};
  const auto updated = static_cast<double>(rows.integer(0, "updated"));
  if (updated > 0) cost.hot_ratio = static_cast<double>(rows.integer(0, "hot")) / updated;
  return cost;
}

/// Writes the run into the bookkeeping, inside the run's own transaction; the row's id.
std::string record(pg::Transaction& tx, const core::Result& result, const pg::Relation& relation,
                   const Work& work, const Cost& cost) {
  return tx
      .query(
          "INSERT INTO scalectl.tick_runs (tick, schema_name, strategy, params, started_at,"
          "    elapsed_s, threshold_s, band, rows, statements, hot_ratio, wal_bytes)"
          " VALUES ($1, $2, $3, $4, now(), $5, $6, $7, $8, $9, $10, $11) RETURNING run_id",
          {result.name, relation.schema, *result.params.find("strategy")->if_text(),
           core::to_json(result.params), fmt::format("{}", result.elapsed_s),
           fmt::format("{}", *result.threshold_s), result.band, std::to_string(work.rows),
           std::to_string(work.statements),
           cost.hot_ratio ? pg::Param(fmt::format("{}", *cost.hot_ratio)) : std::nullopt,
           std::to_string(cost.wal_bytes)})
      .text(0, "run_id");
}

/// The commit took time of its own: put the whole into the record. The work is done and safe by
/// then, so whatever goes wrong here is not worth failing for.
void record_commit(pg::Session& session, const std::string& run_id, const core::Result& result) {
  try {
    pg::Transaction tx = session.begin();
    tx.query("SET LOCAL synchronous_commit = off");
    tx.query("UPDATE scalectl.tick_runs SET elapsed_s = $2, band = $3 WHERE run_id = $1",
             {run_id, fmt::format("{}", result.elapsed_s), result.band});
    tx.commit();
  } catch (const Error&) {  // the record keeps the time before the commit
  }
}

void judge(core::Result& result, const core::Stopwatch& watch) {
  watch.stamp(result);
  result.band = band_of(result.elapsed_s, *result.threshold_s);
}

/// Two decimals, as in seed 000; more where the threshold is so small that they would hide the miss.
std::string seconds_text(double elapsed_s, double threshold_s) {
  return threshold_s < 0.01 ? fmt::format("{:.6f}", elapsed_s) : fmt::format("{:.2f}", elapsed_s);
}

void announce(const core::Result& result, const Definition& tick, const Work& work,
              core::Observer& observer) {
  const std::map<std::string, std::string> values{
      {"rows", std::to_string(work.rows)},
      {"elapsed", seconds_text(result.elapsed_s, *result.threshold_s)},
      {"threshold", fmt::format("{:g}", *result.threshold_s)}};
  observer.info(core::fill(tick.log, values));
  if (result.verdict != core::Verdict::kPass) observer.warn(core::fill(tick.slow, values));
}

}  // namespace

std::string band_of(double elapsed_s, double threshold_s) {
  if (elapsed_s > threshold_s) return "warning";
  if (elapsed_s < 0.5) return "excellent";
  if (elapsed_s < 2) return "good";
  return "ok";
}

void check(const Definition& tick, const Options& options) {
  if (options.strategy == Strategy::kRows && !tick.rows) {
    throw usage_error(fmt::format("tick {} has no row-by-row form", tick.name),
                      "run it with --strategy set");
  }
  if (options.warn_after && options.warn_after->count() <= 0) {
    throw usage_error("--warn-after must be more than zero", "for example --warn-after 5s");
  }
  values_for(tick, options);
}

void check_tables(pg::Session& session, const Definition& tick, const Options& options) {
  relations_of(session, tick, options);
}

core::Result run(pg::Session& session, const Definition& tick, const Options& options,
                 core::Observer& observer) {
  check(tick, options);
  const Runner runner(tick, options, observer);
  const core::Seconds threshold = options.warn_after.value_or(tick.warn_after);
  core::Result result{.command = "tick run", .name = tick.name};
  result.threshold_s = threshold.count();
  result.params = runner.described_parameters();
  const std::vector<pg::Relation> relations = relations_of(session, tick, options);

  const core::Stopwatch watch;
  Work work;
  std::string run_id;
  try {
    pg::Transaction tx = session.begin();
    tx.query(fmt::format("SET LOCAL lock_timeout = {}",
                         static_cast<std::int64_t>(options.lock_timeout.count() * 1000)));
    const std::string from = wal_position(tx);
    work = options.strategy == Strategy::kSet ? runner.as_set(tx)
                                              : runner.row_by_row(tx, session.stop());
    const Cost cost = cost_since(tx, from, relations);
    judge(result, watch);
    result.metrics.set("rows", work.rows).set("statements", work.statements);
    result.metrics.set("hot_ratio", cost.hot_ratio ? core::Value(*cost.hot_ratio) : core::Value());
    result.metrics.set("wal_bytes", cost.wal_bytes);
    if (options.record) run_id = record(tx, result, relations.front(), work, cost);
    tx.commit();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw error.within("tick " + tick.name);
    judge(result, watch);
    result.interrupted = true;
    result.band = std::nullopt;
    result.verdict = core::Verdict::kInconclusive;
    result.metrics = core::Object{{"rows", 0}};
    result.notes.emplace_back("interrupted: rolled back, no row was changed");
    return result;
  }
  judge(result, watch);
  if (result.elapsed_s > threshold.count()) {
    result.verdict = options.strict ? core::Verdict::kFail : core::Verdict::kWarn;
  }
  if (options.record) record_commit(session, run_id, result);
  announce(result, tick, work, observer);
  return result;
}

}  // namespace scalectl::tick
