#include "story/workflow_trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/statistics.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "pg/session.hpp"
#include "schema/migrations.hpp"
#include "seed/workflow.hpp"
#include "story/silent.hpp"
#include "workflow/views.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

constexpr const char* kName = "scalectl workflow bench";
constexpr int kOneTaskRuns = 50;
constexpr double kOneTaskBudget_s = 3;  // for a slow view, fewer tasks are asked for
constexpr int kWriteRounds = 5;
constexpr int kWriteSteps = 2000;

std::string database_name(std::int64_t tasks, const std::string& indexes) {
  return fmt::format("scalectl_bench_{}_{}", tasks, indexes);
}

pg::Naming tasker() { return {std::nullopt, {}, workflow::kDefaultPrefix}; }

/// The databases of one trial: the seeded one, and a copy of it for each further set of indexes.
class Databases {
 public:
  Databases(const pg::Target& admin, const catalog::Catalog& catalog,
            const WorkflowTrialOptions& options, const std::stop_token& stop)
      : admin_(admin), options_(options), session_(admin, kName, stop) {
    // Two benches at once would measure each other, in databases of the same names.
    if (!session_.query("SELECT pg_try_advisory_lock(7020375) AS ours").boolean(0, "ours")) {
      throw Error(ErrorKind::kBusy, "another workflow bench runs on this server",
                  "wait until it is done");
    }
    drop();  // what an earlier run that was killed may have left
    try {
      make(catalog, stop);
    } catch (...) {
      drop();
      throw;
    }
  }
  ~Databases() {
    try {
      pg::Session cleaner(admin_, kName);  // the other one's stop token may have fired
      session_ = std::move(cleaner);
      drop();
    } catch (const Error&) {
      // The lab goes too, or the next run drops them.
    }
  }
  Databases(const Databases&) = delete;
  Databases& operator=(const Databases&) = delete;

  pg::Target target(const std::string& indexes) const {
    return pg::with_database(admin_, database_name(options_.tasks, indexes));
  }

 private:
  void make(const catalog::Catalog& catalog, const std::stop_token& stop) {
    Silent silent;
    const std::string first = database_name(options_.tasks, options_.indexes.front());
    session_.query("CREATE DATABASE " + pg::quote_identifier(first));
    {
      pg::Session session(target(options_.indexes.front()), kName, stop);
      schema::init(session, catalog, {.family = "workflow", .version = options_.version}, silent);
      seed::WorkflowOptions seeding{.tasks = options_.tasks, .steps = options_.steps};
      seeding.as_of =
          std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
      seeding.naming = tasker();
      if (seed::seed_workflow(session, seeding, silent).interrupted) {
        throw Error(ErrorKind::kInterrupted, "the bench was interrupted");
      }
    }
    for (std::size_t i = 1; i < options_.indexes.size(); ++i) {
      session_.query(
          fmt::format("CREATE DATABASE {} TEMPLATE {}",
                      pg::quote_identifier(database_name(options_.tasks, options_.indexes[i])),
                      pg::quote_identifier(first)));
    }
    for (const std::string& indexes : options_.indexes) {
      pg::Session session(target(indexes), kName, stop);
      if (indexes != "none") {
        index::apply(session,
                     index::load(catalog, indexes == "seed" ? "workflow" : "workflow-best"),
                     tasker(), silent);
      }
      session.query("VACUUM ANALYZE");
    }
  }

  void drop() {
    for (const char* indexes : {"none", "seed", "best"}) {
      session_.query(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)",
                                 pg::quote_identifier(database_name(options_.tasks, indexes))));
    }
  }

  pg::Target admin_;
  const WorkflowTrialOptions& options_;
  pg::Session session_;
};

/// The worst way in which a plan comes by the rows of the two tables that grow most.
std::string worst_access(const core::Value& node) {
  const core::Object& plan = *node.if_object();
  std::string worst = "index-only";
  const auto take = [&](const std::string& way) {
    if (way == "sequential" || (way == "index" && worst == "index-only")) worst = way;
  };
  if (const core::Value* relation = plan.find("Relation Name")) {
    const std::string& name = *relation->if_text();
    const std::string& type = *plan.find("Node Type")->if_text();
    const bool big =
        name.ends_with("workflow_steps") || name.ends_with("workflow_step_transitions");
    if (big && type != "Index Only Scan") take(type == "Seq Scan" ? "sequential" : "index");
  }
  if (const core::Value* below = plan.find("Plans")) {
    for (const core::Value& child : *below->if_array()) take(worst_access(child));
  }
  return worst;
}

/// One version of the views in one database.
class Contender {
 public:
  Contender(const Databases& databases, const catalog::Catalog& catalog, const Setting& setting,
            const WorkflowTrialOptions& options, const std::stop_token& stop)
      : setting_(setting),
        options_(options),
        session_(databases.target(setting.indexes), kName, stop),
        views_(workflow::Views::open(session_, catalog, tasker(), setting.view)) {
    session_.query(fmt::format("SET statement_timeout = {:.0f}", options.limit.count() * 1000));
  }

  const Setting& setting() const { return setting_; }

  /// One run of a query that is not one_task. False if it hit the time limit.
  bool run(const std::string& query, std::string& access, std::vector<double>& seconds) {
    try {
      // Every column is worked out, and none is sent.
      const pg::Rows rows =
          session_.query("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql(query));
      const core::Value value = core::parse_json(rows.at(0, 0).value(), "EXPLAIN");
      const core::Value& plan = value.if_array()->front();
      seconds.push_back(plan.if_object()->find("Execution Time")->number() / 1000);
      access = worst_access(*plan.if_object()->find("Plan"));
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy) throw;
      return false;
    }
  }

  /// Asks for tasks one by one, spread over all of them, as a worker would: prepared, and fetched.
  bool run_one_task(std::vector<double>& seconds) {
    const core::Stopwatch budget;
    try {
      pg::Transaction tx = session_.begin();
      const std::string prepared = tx.prepare(
          views_.has_functions()
              ? fmt::format("SELECT * FROM {}($1)", views_.object("step_readiness_for_task"))
              : fmt::format("SELECT * FROM {} WHERE task_id = $1",
                            views_.object("step_readiness_statuses")));
      tx.run(prepared, {"1"});  // the first one fills the session's caches
      for (int i = 0; i < kOneTaskRuns; ++i) {
        if (i >= 3 && budget.seconds() > kOneTaskBudget_s) break;
        const std::int64_t task = 1 + i * options_.tasks / kOneTaskRuns;
        const core::Stopwatch watch;
        tx.run(prepared, {std::to_string(task)});
        seconds.push_back(watch.seconds());
      }
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy) throw;
      return false;
    }
  }

 private:
  std::string sql(const std::string& query) const {
    const std::string readiness = views_.object("step_readiness_statuses");
    if (query == "readiness") return "SELECT * FROM " + readiness;
    if (query == "current_state") return "SELECT workflow_step_id, current_state FROM " + readiness;
    if (query == "dependencies") {
      return "SELECT workflow_step_id, total_parents, completed_parents FROM " + readiness;
    }
    return "SELECT * FROM " + views_.object("task_execution_contexts");
  }

  Setting setting_;
  const WorkflowTrialOptions& options_;
  pg::Session session_;
  workflow::Views views_;
};

/// New tasks with steps and transitions; rolled back.
double timed_insert(pg::Session& session) {
  pg::Transaction tx = session.begin();
  const core::Stopwatch watch;
  tx.query(fmt::format(
      "WITH t AS (INSERT INTO tasker_tasks (named_task_id, requested_at, identity_hash)"
      "           SELECT (SELECT min(named_task_id) FROM tasker_named_tasks), now(), 'bench ' || i"
      "             FROM generate_series(1, {}) AS i RETURNING task_id),"
      " s AS (INSERT INTO tasker_workflow_steps (task_id, named_step_id, attempts)"
      "       SELECT task_id, n.named_step_id, 0 FROM t,"
      "              (SELECT named_step_id FROM tasker_named_steps ORDER BY 1 LIMIT 6) n"
      "       RETURNING workflow_step_id)"
      " INSERT INTO tasker_workflow_step_transitions (to_state, sort_key, workflow_step_id)"
      " SELECT 'pending', 10, workflow_step_id FROM s",
      kWriteSteps / 6));
  return watch.seconds();
}

/// Steps that are pending begin to run: the old transition demoted, a new one written, and the
/// step's own columns; rolled back.
double timed_transitions(pg::Session& session) {
  pg::Transaction tx = session.begin();
  const core::Stopwatch watch;
  tx.query(fmt::format(
      "WITH chosen AS (SELECT id, workflow_step_id, to_state, sort_key"
      "                  FROM tasker_workflow_step_transitions"
      "                 WHERE most_recent AND to_state = 'pending' ORDER BY id LIMIT {}),"
      " demoted AS (UPDATE tasker_workflow_step_transitions t SET most_recent = false FROM chosen c"
      "              WHERE t.id = c.id RETURNING t.workflow_step_id, t.to_state, t.sort_key),"
      " moved AS (INSERT INTO tasker_workflow_step_transitions"
      "             (to_state, from_state, sort_key, most_recent, workflow_step_id)"
      "           SELECT 'in_progress', to_state, sort_key + 10, true, workflow_step_id FROM "
      "demoted"
      "           RETURNING workflow_step_id)"
      " UPDATE tasker_workflow_steps s"
      "    SET in_process = true, attempts = coalesce(attempts, 0) + 1, last_attempted_at = now()"
      "   FROM moved m WHERE s.workflow_step_id = m.workflow_step_id",
      kWriteSteps));
  return watch.seconds();
}

double size_ratio(pg::Session& session, const index::Pack* pack) {
  if (pack == nullptr) return 0;
  std::vector<std::string> names;
  for (const index::IndexDefinition& index : pack->indexes) {
    names.push_back(pg::quote_literal(index.name));
  }
  return session
      .query(fmt::format("SELECT sum(pg_relation_size(oid)) FILTER (WHERE relname IN ({})) ::float8"
                         "       / sum(pg_relation_size(oid)) FILTER (WHERE relkind = 'r') AS share"
                         "  FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                         "   AND relkind IN ('r', 'i')",
                         core::join(names, ", ")))
      .real(0, "share");
}

/// Writes cost, interleaved over the sets of indexes.
std::map<std::string, IndexCost> index_costs(const Databases& databases,
                                             const catalog::Catalog& catalog,
                                             const WorkflowTrialOptions& options,
                                             const std::stop_token& stop) {
  std::map<std::string, std::vector<double>> inserts;
  std::map<std::string, std::vector<double>> transitions;
  std::map<std::string, IndexCost> costs;
  for (int round = 0; round < kWriteRounds; ++round) {
    for (const std::string& indexes : options.indexes) {
      pg::Session session(databases.target(indexes), kName, stop);
      inserts[indexes].push_back(timed_insert(session));
      transitions[indexes].push_back(timed_transitions(session));
    }
  }
  for (const std::string& indexes : options.indexes) {
    pg::Session session(databases.target(indexes), kName, stop);
    std::optional<index::Pack> pack;
    if (indexes != "none") {
      pack = index::load(catalog, indexes == "seed" ? "workflow" : "workflow-best");
    }
    costs[indexes] = {.size_ratio = size_ratio(session, pack ? &*pack : nullptr),
                      .insert_s = core::median(inserts[indexes]),
                      .transition_s = core::median(transitions[indexes])};
  }
  return costs;
}

double percentile95(std::vector<double> sample) {
  if (sample.empty()) return 0;
  std::sort(sample.begin(), sample.end());
  return sample[(sample.size() * 95 + 99) / 100 - 1];  // nearest rank
}

}  // namespace

WorkflowTrial run_workflow_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                                 const WorkflowTrialOptions& options, const std::stop_token& stop,
                                 core::Observer& observer) {
  const Databases databases(admin, catalog, options, stop);
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const int view : options.views) {
    for (const std::string& indexes : options.indexes) {
      contenders.push_back(std::make_unique<Contender>(
          databases, catalog, Setting{.view = view, .indexes = indexes}, options, stop));
    }
  }
  const std::string what = core::grouped(options.tasks) + " tasks";
  const std::uint64_t total =
      static_cast<std::uint64_t>(options.repeats) * std::size(kQueries) * contenders.size();
  std::uint64_t done = 0;
  std::map<std::string, std::map<Setting, std::vector<double>>> samples;
  WorkflowTrial trial;
  for (int round = 0; round < options.repeats; ++round) {
    for (const char* query : kQueries) {
      for (const auto& contender : contenders) {
        observer.progress(what, done++, total, "runs");
        Timing& timing = trial.queries[query][contender->setting()];
        auto& seconds = samples[query][contender->setting()];
        if (round > 0 && seconds.empty()) continue;  // it hit the limit
        const bool one = std::string_view(query) == "one_task";
        const bool in_time =
            one ? contender->run_one_task(seconds) : contender->run(query, timing.access, seconds);
        if (!in_time) seconds.clear();
      }
    }
  }
  observer.progress(what, total, total, "runs");
  for (auto& [query, settings] : trial.queries) {
    for (auto& [setting, timing] : settings) {
      const auto& seconds = samples[query][setting];
      if (!seconds.empty()) timing.median_s = core::median(seconds);
      timing.p95_s = percentile95(seconds);
      timing.repeats = static_cast<int>(seconds.size());
    }
  }
  contenders.clear();
  trial.indexes = index_costs(databases, catalog, options, stop);
  return trial;
}

}  // namespace scalectl::story
