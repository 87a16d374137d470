#include "story/workflow_layouts.hpp"

#include <fmt/format.h>

#include <array>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/statistics.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "index/engine.hpp"
#include "schema/migrations.hpp"
#include "story/bench_databases.hpp"
#include "story/silent.hpp"
#include "story/workflow_probes.hpp"
#include "workflow/archive.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;
using core::Value;

constexpr std::array<const char*, 3> kLayouts{"plain", "archived", "partitioned"};
constexpr core::Seconds kOlderThan{30 * 86'400};
// A year of history: what an archive and partitions are for.
constexpr std::chrono::seconds kMaxAge = std::chrono::days(365);
constexpr std::int64_t kBytesPerBlock = 8192;
constexpr std::int64_t kBigWorld = 100'000;  // tasks
constexpr int kOneTaskRuns = 50;
constexpr int kWriteRounds = 5;
constexpr const char* kTransitions = "tasker_workflow_step_transitions";

struct Question {
  const char* name;
  const char* sql;
};
constexpr Question kQuestions[] = {
    {"current state of a step",
     "SELECT to_state FROM tasker_workflow_step_transitions WHERE workflow_step_id = 7 AND "
     "most_recent"},
    {"errors of the last month",
     "SELECT count(*) FROM tasker_workflow_step_transitions WHERE to_state = 'error'"
     " AND created_at BETWEEN (now() AT TIME ZONE 'UTC') - interval '1 month'"
     " AND now() AT TIME ZONE 'UTC'"},
    {"latest error of a step",
     "SELECT max(created_at) FROM tasker_workflow_step_transitions"
     " WHERE workflow_step_id = 7 AND to_state = 'error'"}};

std::string name_of(std::int64_t tasks, const std::string& layout) {
  return fmt::format("scalectl_bench_{}_{}", tasks, layout);
}

std::vector<std::string> names_of(std::int64_t tasks) {
  std::vector<std::string> names;
  for (const char* layout : kLayouts) names.push_back(name_of(tasks, layout));
  return names;
}

/// What EXPLAIN (ANALYZE, BUFFERS) says of one run.
struct Explained {
  double execution_s = 0;
  double planning_s = 0;
  std::int64_t bytes = 0;
  std::int64_t scans = 0;  ///< of the steps' transitions, one for each partition read
};

/// Counts the scans below `node` that were executed; pruned ones are not there, or never begun.
std::int64_t scans_in(const core::Value& node) {
  const core::Object& plan = *node.if_object();
  const Value* relation = plan.find("Relation Name");
  std::int64_t scans = relation != nullptr && relation->if_text()->rfind(kTransitions, 0) == 0 &&
                               plan.find("Actual Loops")->number() > 0
                           ? 1
                           : 0;
  if (const Value* below = plan.find("Plans")) {
    for (const Value& child : *below->if_array()) scans += scans_in(child);
  }
  return scans;
}

/// Nothing where the time limit was hit.
std::optional<Explained> explain(pg::Session& session, const std::string& sql) {
  try {
    const pg::Rows rows =
        session.query("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + sql);
    const Value value = core::parse_json(rows.at(0, 0).value(), "EXPLAIN");
    const core::Object& top = *value.if_array()->front().if_object();
    const core::Object& plan = *top.find("Plan")->if_object();
    const auto blocks = [&](const char* key) { return *plan.find(key)->if_integer(); };
    return Explained{
        .execution_s = top.find("Execution Time")->number() / 1000,
        .planning_s = top.find("Planning Time")->number() / 1000,
        .bytes = (blocks("Shared Hit Blocks") + blocks("Shared Read Blocks")) * kBytesPerBlock,
        .scans = scans_in(*top.find("Plan"))};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBusy) throw;
    return std::nullopt;
  }
}

/// Turns the copy of the plain world in `session` into `layout`.
void convert(pg::Session& session, const catalog::Catalog& catalog, const std::string& layout,
             const std::string& version) {
  Silent silent;
  if (layout == "archived") {
    if (workflow::archive(session, tasker(), {.older_than = kOlderThan}, silent).interrupted) {
      throw Error(ErrorKind::kInterrupted, "the bench was interrupted");
    }
  }
  if (layout == "partitioned") {
    schema::init(session, catalog,
                 {.family = "workflow", .version = version, .optional = {"partitioned"}}, silent);
  }
}

/// One layout's database, and what was measured in it so far.
class Contestant {
 public:
  Contestant(const BenchDatabases& databases, const catalog::Catalog& catalog,
             const LayoutOptions& options, const std::string& layout)
      : session_(databases.connect(name_of(options.tasks, layout))) {
    layout_.name = layout;
    const core::Stopwatch watch;
    convert(session_, catalog, layout, options.version);
    if (layout != "plain") layout_.made_s = watch.seconds();
    Silent silent;
    index::apply(session_, index::load(catalog, "workflow-best"), tasker(), silent);
    session_.query("VACUUM ANALYZE");
    layout_.tasks = session_.query("SELECT count(*) AS n FROM tasker_tasks").integer(0, "n");
    layout_.state_bytes =
        session_
            .query(fmt::format("SELECT pg_total_relation_size(coalesce(to_regclass('{0}_current'),"
                               " to_regclass('{0}'))) AS bytes",
                               kTransitions))
            .integer(0, "bytes");
    views_ = workflow::Views::open(session_, catalog, tasker(), 3);
    session_.query(fmt::format("SET statement_timeout = {:.0f}", options.limit.count() * 1000));
    session_.query("SET jit = off");  // as workflow ready and contexts do
  }

  const std::string& name() const { return layout_.name; }
  pg::Session& session() { return session_; }

  void ask_for_all() {
    const auto run =
        explain(session_, "SELECT * FROM " + views_->object("step_readiness_statuses"));
    if (!run) return;
    readiness_.push_back(run->execution_s);
    layout_.readiness_bytes = run->bytes;
  }
  void ask_for_one(const std::vector<std::int64_t>& tasks) {
    if (!ask_one_by_one(session_, *views_, tasks, one_task_)) one_task_.clear();
  }
  void write() {
    inserts_.push_back(timed_insert(session_));
    transitions_.push_back(timed_transitions(session_));
  }
  /// Tasks spread over those that are there.
  std::vector<std::int64_t> some_tasks() {
    const pg::Rows rows = session_.query(fmt::format(
        "SELECT min(task_id) AS id FROM (SELECT task_id, ntile({}) OVER (ORDER BY task_id)"
        "  AS part FROM tasker_tasks) AS parts GROUP BY part ORDER BY part",
        kOneTaskRuns));
    std::vector<std::int64_t> tasks;
    for (std::size_t i = 0; i < rows.size(); ++i) tasks.push_back(rows.integer(i, "id"));
    return tasks;
  }

  Layout measured() const {
    Layout layout = layout_;
    if (!readiness_.empty()) layout.readiness_s = core::median(readiness_);
    if (!one_task_.empty()) layout.one_task_p95_s = percentile95(one_task_);
    layout.insert_s = core::median(inserts_);
    layout.transition_s = core::median(transitions_);
    return layout;
  }

 private:
  pg::Session session_;
  Layout layout_;
  std::optional<workflow::Views> views_;
  std::vector<double> readiness_;
  std::vector<double> one_task_;
  std::vector<double> inserts_;
  std::vector<double> transitions_;
};

Pruning prune(const Question& question, Contestant& plain, Contestant& partitioned, int repeats) {
  Pruning pruning{.query = question.name};
  pruning.partitions = partitioned.session()
                           .query(fmt::format("SELECT count(*) AS n FROM pg_partition_tree('{}')"
                                              " WHERE isleaf",
                                              kTransitions))
                           .integer(0, "n");
  std::vector<double> plain_s;
  std::vector<double> partitioned_s;
  for (int round = 0; round < repeats; ++round) {
    if (const auto run = explain(plain.session(), question.sql)) {
      plain_s.push_back(run->planning_s + run->execution_s);
      pruning.plain_bytes = run->bytes;
    }
    if (const auto run = explain(partitioned.session(), question.sql)) {
      partitioned_s.push_back(run->planning_s + run->execution_s);
      pruning.partitioned_bytes = run->bytes;
      pruning.read = run->scans;
    }
  }
  pruning.plain_s = core::median(plain_s);
  pruning.partitioned_s = core::median(partitioned_s);
  return pruning;
}

Value cell(const std::optional<double>& seconds, core::Seconds limit) {
  return seconds ? Value(*seconds) : Value(fmt::format(">{}", core::format_duration(limit)));
}

/// "readiness 0.78, …": how many times plain's cost a layout's is.
std::string ratios(const Layout& layout, const Layout& plain) {
  std::vector<std::string> words;
  const auto add = [&](const char* what, std::optional<double> mine, std::optional<double> theirs) {
    if (mine && theirs && *theirs > 0)
      words.push_back(fmt::format("{} {:.2f}", what, *mine / *theirs));
  };
  add("all steps", layout.readiness_s, plain.readiness_s);
  add("one task", layout.one_task_p95_s, plain.one_task_p95_s);
  add("insert", layout.insert_s, plain.insert_s);
  add("transition", layout.transition_s, plain.transition_s);
  return core::join(words, ", ");
}

}  // namespace

LayoutTrial run_layout_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                             const LayoutOptions& options, const std::stop_token& stop,
                             core::Observer& observer) {
  const std::string what = "layouts of " + core::grouped(options.tasks) + " tasks";
  const std::uint64_t total =
      kLayouts.size() + static_cast<std::uint64_t>(options.repeats) + kWriteRounds;
  std::uint64_t done = 0;
  const auto step = [&] { observer.progress(what, done++, total, "rounds"); };
  BenchDatabases databases(admin, kWorkflowBench, names_of(options.tasks), stop);
  const std::string plain = name_of(options.tasks, kLayouts[0]);
  databases.create(plain);
  {
    pg::Session session = databases.connect(plain);
    make_world(session, catalog,
               {.tasks = options.tasks, .steps = options.steps, .max_age = kMaxAge},
               options.version);
  }
  for (std::size_t i = 1; i < kLayouts.size(); ++i) {
    databases.copy(plain, name_of(options.tasks, kLayouts[i]), options.tasks >= kBigWorld);
  }
  std::vector<Contestant> contestants;
  contestants.reserve(kLayouts.size());
  for (const char* layout : kLayouts) {
    step();
    contestants.emplace_back(databases, catalog, options, layout);
  }
  const auto tasks = contestants[1].some_tasks();  // the archived world has the fewest
  for (int round = 0; round < options.repeats; ++round) {
    step();
    for (Contestant& contestant : contestants) contestant.ask_for_all();
    for (Contestant& contestant : contestants) contestant.ask_for_one(tasks);
  }
  LayoutTrial trial{.tasks = options.tasks};
  for (const Question& question : kQuestions) {
    trial.pruning.push_back(prune(question, contestants[0], contestants[2], options.repeats));
  }
  for (int round = 0; round < kWriteRounds; ++round) {
    step();
    for (Contestant& contestant : contestants) contestant.write();
  }
  for (const Contestant& contestant : contestants) trial.layouts.push_back(contestant.measured());
  observer.progress(what, total, total, "rounds");
  return trial;
}

void add_layouts(const LayoutTrial& trial, core::Seconds limit, core::Result& result) {
  const std::string at = fmt::format("at {} tasks", core::grouped(trial.tasks));
  core::Table layouts{.key = "layouts",
                      .title = fmt::format("Layouts {}, v3, best indexes", at),
                      .columns = {{"layout", "layout"},
                                  {"made_s", "made in", Unit::kSeconds},
                                  {"tasks", "tasks left", Unit::kCount},
                                  {"readiness_s", "all steps", Unit::kSeconds},
                                  {"readiness_bytes", "which reads", Unit::kBytes},
                                  {"one_task_p95_s", "one task p95", Unit::kSeconds},
                                  {"insert_s", "insert", Unit::kSeconds},
                                  {"transition_s", "transition", Unit::kSeconds},
                                  {"state_bytes", "current states in", Unit::kBytes}},
                      .rows = {}};
  for (const Layout& layout : trial.layouts) {
    layouts.rows.push_back({layout.name, layout.made_s > 0 ? Value(layout.made_s) : Value(),
                            layout.tasks, cell(layout.readiness_s, limit), layout.readiness_bytes,
                            cell(layout.one_task_p95_s, limit), layout.insert_s,
                            layout.transition_s, layout.state_bytes});
  }
  core::Table pruning{.key = "pruning",
                      .title = fmt::format("Partitions that EXPLAIN (ANALYZE) shows read {}", at),
                      .columns = {{"query", "query"},
                                  {"partitions_read", "read", Unit::kCount},
                                  {"partitions", "of", Unit::kCount},
                                  {"plain_s", "plain", Unit::kSeconds},
                                  {"partitioned_s", "partitioned", Unit::kSeconds},
                                  {"plain_bytes", "plain reads", Unit::kBytes},
                                  {"partitioned_bytes", "partitioned reads", Unit::kBytes}},
                      .rows = {}};
  for (const Pruning& row : trial.pruning) {
    pruning.rows.push_back({row.query, row.read, row.partitions, row.plain_s, row.partitioned_s,
                            row.plain_bytes, row.partitioned_bytes});
  }
  result.tables.push_back(std::move(layouts));
  result.tables.push_back(std::move(pruning));
  const Layout& plain = trial.layouts[0];
  const Layout& archived = trial.layouts[1];
  const Layout& partitioned = trial.layouts[2];
  result.notes.push_back(
      fmt::format("workflow archive moved {} of {} tasks (finished more than 30 days ago) in "
                  "{:.1f} s; after it, "
                  "times plain: {}.",
                  core::grouped(plain.tasks - archived.tasks), core::grouped(plain.tasks),
                  archived.made_s, ratios(archived, plain)));
  result.notes.push_back(
      fmt::format("db init workflow --partitioned took {:.1f} s, with both tables locked; after "
                  "it, times plain: "
                  "{}. A transition moves a row to another partition, and the views' latest error "
                  "may be in any.",
                  partitioned.made_s, ratios(partitioned, plain)));
}

}  // namespace scalectl::story
