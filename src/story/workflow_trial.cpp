#include "story/workflow_trial.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/statistics.hpp"
#include "core/text.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "pg/session.hpp"
#include "story/bench_databases.hpp"
#include "story/silent.hpp"
#include "story/workflow_probes.hpp"
#include "workflow/views.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

constexpr int kOneTaskRuns = 50;
constexpr int kWriteRounds = 5;
constexpr std::int64_t kBigWorld = 100'000;  // tasks

/// The databases of one trial: the seeded one, and a copy of it for each further set of indexes.
class Databases {
 public:
  Databases(const pg::Target& admin, const catalog::Catalog& catalog,
            const WorkflowTrialOptions& options, const std::stop_token& stop)
      : tasks_(options.tasks), databases_(admin, kWorkflowBench, names(options), stop) {
    const std::string first = name(options.indexes.front());
    databases_.create(first);
    {
      pg::Session session = databases_.connect(first);
      make_world(session, catalog, {.tasks = options.tasks, .steps = options.steps}, options.version);
    }
    for (std::size_t i = 1; i < options.indexes.size(); ++i) {
      databases_.copy(first, name(options.indexes[i]), options.tasks >= kBigWorld);
    }
    Silent silent;
    for (const std::string& indexes : options.indexes) {
      pg::Session session = connect(indexes);
      if (indexes != "none") {
        index::apply(session,
                     index::load(catalog, indexes == "seed" ? "workflow" : "workflow-best"),
                     tasker(), silent);
      }
      session.query("VACUUM ANALYZE");
    }
  }

  pg::Session connect(const std::string& indexes) const { return databases_.connect(name(indexes)); }

 private:
  std::string name(const std::string& indexes) const {
    return fmt::format("scalectl_bench_{}_{}", tasks_, indexes);
  }
  static std::vector<std::string> names(const WorkflowTrialOptions& options) {
    std::vector<std::string> all;
    for (const char* indexes : {"none", "seed", "best"}) {
      all.push_back(fmt::format("scalectl_bench_{}_{}", options.tasks, indexes));
    }
    return all;
  }

  std::int64_t tasks_;
  BenchDatabases databases_;
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
            const WorkflowTrialOptions& options)
      : setting_(setting),
        options_(options),
        session_(databases.connect(setting.indexes)),
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

  /// Asks for tasks one by one, spread over all of them.
  bool run_one_task(std::vector<double>& seconds) {
    std::vector<std::int64_t> tasks;
    for (int i = 0; i < kOneTaskRuns; ++i) tasks.push_back(1 + i * options_.tasks / kOneTaskRuns);
    return ask_one_by_one(session_, views_, tasks, seconds);
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
                                             const WorkflowTrialOptions& options) {
  std::map<std::string, std::vector<double>> inserts;
  std::map<std::string, std::vector<double>> transitions;
  std::map<std::string, IndexCost> costs;
  for (int round = 0; round < kWriteRounds; ++round) {
    for (const std::string& indexes : options.indexes) {
      pg::Session session = databases.connect(indexes);
      inserts[indexes].push_back(timed_insert(session));
      transitions[indexes].push_back(timed_transitions(session));
    }
  }
  for (const std::string& indexes : options.indexes) {
    pg::Session session = databases.connect(indexes);
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

}  // namespace

WorkflowTrial run_workflow_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                                 const WorkflowTrialOptions& options, const std::stop_token& stop,
                                 core::Observer& observer) {
  const Databases databases(admin, catalog, options, stop);
  std::vector<std::unique_ptr<Contender>> contenders;
  for (const int view : options.views) {
    for (const std::string& indexes : options.indexes) {
      contenders.push_back(std::make_unique<Contender>(
          databases, catalog, Setting{.view = view, .indexes = indexes}, options));
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
  trial.indexes = index_costs(databases, catalog, options);
  return trial;
}

}  // namespace scalectl::story
