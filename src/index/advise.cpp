#include "index/advise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "index/candidates.hpp"
#include "index/explain.hpp"
#include "index/grants.hpp"
#include "index/hypothetical.hpp"
#include "index/write_price.hpp"
#include "pg/relation.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;
using core::Value;

constexpr std::size_t kShownQuery = 100;  // characters

std::string create_of(const Candidate& candidate) {
  return fmt::format("CREATE INDEX ON {}.{} ({})", pg::quote_identifier(candidate.on.schema),
                     pg::quote_identifier(candidate.on.table), core::join(candidate.keys, ", "));
}

/// How many parameters a normalised query has.
int parameters_in(const std::string& sql) {
  int most = 0;
  static const std::regex kParameter(R"(\$([0-9]{1,4}))");
  for (std::sregex_iterator at(sql.begin(), sql.end(), kParameter), end; at != end; ++at) {
    most = std::max(most, std::stoi((*at)[1]));
  }
  return most;
}

/// pg_stat_statements puts $1 where a literal was, also after a type's name, where none may stand:
/// "interval $1" becomes "$1::interval".
std::string preparable(const std::string& sql) {
  static const std::regex kTyped(R"(\b(interval|date|timestamptz|timestamp|time)\s+(\$[0-9]+))",
                                 std::regex::icase);
  return std::regex_replace(sql, kTyped, "$2::$1");
}

/// A statement that this session knows by kPrepared.
constexpr const char* kPrepared = "scalectl_advise";
class Prepared {
 public:
  Prepared(pg::Session& session, const std::string& sql) : session_(session) {
    session.query(fmt::format("PREPARE {} AS {}", kPrepared, preparable(sql)));
  }
  ~Prepared() {
    try {
      session_.query(fmt::format("DEALLOCATE {}", kPrepared));
    } catch (const Error&) {  // it ends with the session
    }
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

 private:
  pg::Session& session_;
};

/// The plan of a query; where it has parameters, whose values nobody knows, the one that serves all
/// of them.
Value plan_of(pg::Session& session, const std::string& sql) {
  const int parameters = parameters_in(sql);
  if (parameters == 0) {
    pg::Transaction tx = session.begin();  // rolled back
    return explain(tx, "VERBOSE", sql);
  }
  const Prepared prepared(session, sql);
  const std::vector<std::string> nulls(static_cast<std::size_t>(parameters), "NULL");
  pg::Transaction tx = session.begin();
  tx.query("SET LOCAL plan_cache_mode = force_generic_plan");
  return explain(tx, "VERBOSE", fmt::format("EXECUTE {} ({})", kPrepared, core::join(nulls, ", ")));
}

double cost_of(const Value& plan) { return number_in(root_of(plan), "Total Cost"); }

std::string on_one_line(const std::string& sql) {
  static const std::regex kSpace(R"(\s+)");
  const std::string line = std::regex_replace(sql, kSpace, " ");
  return line.size() <= kShownQuery ? line : line.substr(0, kShownQuery - 3) + "...";
}

/// An index that a query would be cheaper with.
struct Suggestion {
  Candidate candidate;
  const Workload* query = nullptr;
  double before = 0;  ///< the query's cost, by the planner
  double after = 0;
  std::int64_t bytes = 0;
  double calls = 0;               ///< of all queries that want it
  std::optional<double> total_s;  ///< that they took together, where somebody counted
};

/// One line for each index: the query that gains the most by it, the calls and the time of all that
/// want it; the most worth first.
std::vector<Suggestion> merged(std::vector<Suggestion> all) {
  const auto worth = [](const Suggestion& s) { return (s.before - s.after) * s.query->calls; };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Suggestion& a, const Suggestion& b) { return worth(a) > worth(b); });
  std::vector<Suggestion> merged;
  for (Suggestion& one : all) {
    const std::string create = create_of(one.candidate);
    auto same = std::find_if(merged.begin(), merged.end(), [&](const Suggestion& other) {
      return create_of(other.candidate) == create;
    });
    if (same == merged.end()) same = merged.insert(merged.end(), one);
    same->calls += one.query->calls;
    if (one.query->total_s) same->total_s = same->total_s.value_or(0) + *one.query->total_s;
  }
  return merged;
}

class Adviser {
 public:
  Adviser(pg::Session& session, const AdviseOptions& options)
      : session_(session), options_(options) {}

  /// The indexes that make this query cheaper, the most useful first.
  void look_at(const Workload& query) {
    const Value plan = plan_of(session_, query.sql);
    const std::vector<Candidate> all = candidates(plan, columns_of(plan));
    double cost = cost_of(plan);
    std::vector<Hypothetical> chosen;
    for (std::size_t round = 0; round < kMostForOneQuery; ++round) {
      const auto best = best_of(query, all);
      if (!best || best->after > cost * (1 - options_.least_saving)) return;
      suggestions_.push_back(*best);
      suggestions_.back().before = cost;
      cost = best->after;
      chosen.emplace_back(session_, create_of(best->candidate));
    }
  }

  /// What writes of the index's table would cost more with it; nothing where no copy can be made.
  std::optional<WritePrice> price(const Candidate& candidate) {
    try {
      return price_writes(session_, candidate);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      unpriced_because_ = error.what();
      return std::nullopt;
    }
  }

  const std::vector<Suggestion>& suggestions() const { return suggestions_; }
  const std::string& unpriced_because() const { return unpriced_because_; }

 private:
  static constexpr std::size_t kMostForOneQuery = 3;

  std::map<Scanned, std::vector<std::string>> columns_of(const Value& plan) {
    std::map<Scanned, std::vector<std::string>> columns;
    for (const auto& [alias, on] : scanned_tables(plan)) {
      if (columns.count(on) > 0 || on.schema == "pg_catalog") continue;
      const auto relation = pg::find_relation(
          session_, pg::quote_identifier(on.schema) + "." + pg::quote_identifier(on.table));
      if (!relation || !relation->plain) continue;
      for (const pg::RelationColumn& column : relation->columns) {
        columns[on].push_back(column.name);
      }
    }
    return columns;
  }

  /// Of the candidates that the planner takes when it has all of them, the one that alone makes the
  /// query cheapest, beside those that were chosen before.
  std::optional<Suggestion> best_of(const Workload& query, const std::vector<Candidate>& all) {
    std::set<std::string> taken;
    std::vector<const Candidate*> useful;
    {
      std::vector<Hypothetical> tried;
      std::vector<const Candidate*> tried_for;
      for (const Candidate& candidate : all) {
        if (is_there(candidate)) continue;
        if (auto index = hypothetical(candidate)) {
          tried.push_back(std::move(*index));
          tried_for.push_back(&candidate);
        }
      }
      taken = indexes_of(plan_of(session_, query.sql));
      for (std::size_t i = 0; i < tried.size(); ++i) {
        if (taken.count(tried[i].name()) > 0) useful.push_back(tried_for[i]);
      }
    }
    std::optional<Suggestion> best;
    for (const Candidate* candidate : useful) {
      const Hypothetical index(session_, create_of(*candidate));
      const double cost = cost_of(plan_of(session_, query.sql));
      if (best && best->after <= cost) continue;
      best = Suggestion{
          .candidate = *candidate, .query = &query, .after = cost, .bytes = index.bytes()};
    }
    return best;
  }

  /// True if an index of the table begins with these columns: a plan without values, which does not
  /// know that the index's predicate holds, would have it built again without one.
  bool is_there(const Candidate& candidate) {
    const auto [at, is_new] = existing_.try_emplace(candidate.on);
    if (is_new) {
      const pg::Rows rows = session_.query(
          "SELECT indexrelid, a.attname AS name FROM pg_index"
          " CROSS JOIN unnest(indkey) WITH ORDINALITY AS k (attnum, place)"
          "  JOIN pg_attribute a ON a.attrelid = indrelid AND a.attnum = k.attnum"
          " WHERE indrelid = to_regclass($1) AND indisvalid AND place <= indnkeyatts"
          " ORDER BY indexrelid, place",
          {pg::quote_identifier(candidate.on.schema) + "." +
           pg::quote_identifier(candidate.on.table)});
      std::string last;
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows.text(i, "indexrelid") != last) at->second.emplace_back();
        last = rows.text(i, "indexrelid");
        at->second.back().push_back(rows.text(i, "name"));
      }
    }
    const auto same = [](const std::string& key, const std::string& column) {
      return key.rfind(pg::quote_identifier(column), 0) == 0;  // DESC may follow
    };
    return std::any_of(at->second.begin(), at->second.end(), [&](const auto& keys) {
      return keys.size() >= candidate.keys.size() &&
             std::equal(candidate.keys.begin(), candidate.keys.end(), keys.begin(), same);
    });
  }

  std::optional<Hypothetical> hypothetical(const Candidate& candidate) {
    try {
      return Hypothetical(session_, create_of(candidate));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      return std::nullopt;  // a column of a type that has no order, say
    }
  }

  pg::Session& session_;
  const AdviseOptions& options_;
  std::vector<Suggestion> suggestions_;
  std::map<Scanned, std::vector<std::vector<std::string>>> existing_;  // keys of a table's indexes
  std::string unpriced_because_;
};

Value ratio_of(const std::optional<CostWithAndWithout>& cost) {
  return cost && cost->without.time_s > 0 ? Value(cost->with.time_s / cost->without.time_s)
                                          : Value();
}

Value more_wal(const std::optional<CostWithAndWithout>& cost) {
  return cost ? Value(cost->with.wal_bytes - cost->without.wal_bytes) : Value();
}

core::Table new_table() {
  return {.key = "suggestions",
          .title = "",
          .columns = {{"sql", "index"},
                      {"query", "query"},
                      {"calls", "calls", Unit::kCount},
                      {"total_s", "took", Unit::kSeconds},
                      {"cost_before", "cost", Unit::kCount},
                      {"cost_after", "with it", Unit::kCount},
                      {"saving_ratio", "saves", Unit::kRatio},
                      {"estimated_bytes", "size", Unit::kBytes},
                      {"insert_ratio", "1,000 inserts", Unit::kTimes},
                      {"insert_wal_bytes", "more WAL", Unit::kBytes},
                      {"update_ratio", "1,000 updates of it", Unit::kTimes},
                      {"update_wal_bytes", "more WAL", Unit::kBytes}},
          .rows = {}};
}

}  // namespace

core::Result advise(pg::Session& session, const AdviseOptions& options, core::Observer& observer) {
  const core::Stopwatch watch;
  core::Result result{.command = "index advise"};
  if (options.limit < 1) throw core::usage_error("--limit 0 is too few", "give at least 1");
  require_usage_of_extension(session, "hypopg");
  if (!schema_of_extension(session, "hypopg")) {
    throw core::usage_error("advise tries indexes out by the extension hypopg, which is not there",
                            "install postgresql-15-hypopg (or your version's) on the server, then "
                            "CREATE EXTENSION hypopg");
  }
  const std::vector<Workload> queries =
      options.queries ? *options.queries : busiest(session, options.limit);
  Adviser adviser(session, options);
  std::uint64_t done = 0;
  std::size_t explained = 0;
  for (const Workload& query : queries) {
    try {
      adviser.look_at(query);
      ++explained;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage && error.kind() != ErrorKind::kFailed) throw;
      result.notes.push_back(
          fmt::format("not explained: {} ({})", on_one_line(query.sql), error.message()));
    }
    observer.progress("advise", ++done, queries.size(), "queries");
  }
  if (explained == 0) {
    result.verdict = core::Verdict::kInconclusive;
    result.notes.emplace_back("no query was explained: too little to advise on");
  }
  const std::vector<Suggestion> found = merged(adviser.suggestions());
  core::Table table = new_table();
  for (const Suggestion& one : found) {
    const auto price = adviser.price(one.candidate);
    const auto inserts = price ? price->inserts : std::nullopt;
    const auto updates = price ? price->updates : std::nullopt;
    table.rows.push_back({create_of(one.candidate), on_one_line(one.query->sql), one.calls,
                          one.total_s ? Value(*one.total_s) : Value(), one.before, one.after,
                          1 - one.after / one.before, one.bytes, ratio_of(inserts),
                          more_wal(inserts), ratio_of(updates), more_wal(updates)});
  }
  result.metrics.set("queries", queries.size()).set("suggestions", found.size());
  if (!adviser.unpriced_because().empty()) {
    result.notes.push_back("the price of writes was not measured: " + adviser.unpriced_because());
  }
  if (!found.empty()) {
    result.notes.emplace_back(
        "nothing was built: put what you want into a pack, or CREATE INDEX CONCURRENTLY");
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::index
