#include "seed/workflow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::seed {
namespace {

using core::usage_error;

constexpr std::int64_t kMaxTasks = 1'000'000'000;
constexpr std::int64_t kMaxSteps = 8192;  // the random streams of a task's steps
constexpr std::chrono::seconds kLongestAge = std::chrono::days(3650);
constexpr const char* kHint = "seed workflow fills the tables of scalectl db init workflow";
/// created_at and updated_at: a real Tasker database has no defaults for them.
constexpr const char* kTimes = "now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'";
constexpr std::array<const char*, 4> kShapes{"linear", "diamond", "parallel", "tree"};
constexpr std::array<const char*, 5> kProgress{"fresh", "running", "retrying", "failed", "mixed"};

const char* name_of(Shape shape) {
  return shape == Shape::kMixed ? "mixed" : kShapes[static_cast<std::size_t>(shape)];
}

/// The tables whose few rows the tasks refer to, and what theirs are called.
struct Names {
  std::string systems;
  std::string namespaces;
  std::string tasks;
  std::string steps;
};

class WorkflowSeeder {
 public:
  WorkflowSeeder(pg::Session& session, const WorkflowOptions& options, core::Observer& observer)
      : options_(options),
        context_{.existing = options.existing,
                 .workers = options.workers,
                 .observer = observer,
                 .stop = session.stop()},
        plan_{.seed = options.seed,
              .tasks = static_cast<std::uint64_t>(options.tasks),
              .steps = static_cast<std::uint32_t>(options.steps),
              .shape = options.shape,
              .progress = options.progress,
              .as_of = options.as_of,
              .max_age = options.max_age} {
    for (const WorkflowTable& table : workflow_tables()) {
      tables_.push_back(
          find_table(session, options.naming, table.name, table.key, table.columns, kHint));
    }
    const auto named = [&](const char* table) {
      return pg::require_relation(session, options.naming.table(table), table),
             options.naming.table(table);
    };
    names_ = {.systems = named("dependent_systems"),
              .namespaces = named("task_namespaces"),
              .tasks = named("named_tasks"),
              .steps = named("named_steps")};
  }

  /// Everything between BEGIN and COMMIT.
  void run(pg::Transaction& tx, core::Result& result) {
    BulkLoad load(tx, tables_, context_);
    make_months(tx);
    plan_.named_tasks = named_tasks(tx);
    plan_.named_steps = named_steps(tx);
    if (options_.existing == Existing::kAppend) {
      plan_.first_task_id = next_id(tx, tables_[0]);
      plan_.first_step_id = next_id(tx, tables_[1]);
    }
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const auto make = workflow_tables()[i].make_rows;
      load.copy(tables_[i], {.count = plan_.tasks, .rows_each = 4 * plan_.steps}, "tasks",
                [&](std::uint64_t task, pg::CopyBuffer& out) { make(plan_, task, out); });
    }
    load.finish();
    result.metrics.set("rows", load.rows());
    result.tables.push_back(load.summary());
  }

 private:
  /// Where the transitions are partitioned by month, makes the months that the rows will be in. Rows
  /// without a month find a place too, but are moved from there when theirs is made.
  void make_months(pg::Transaction& tx) const {
    const auto partitioned = [](const BulkTable& table) {
      return table.relation.partitioned && table.relation.owned;
    };
    if (std::none_of(tables_.begin(), tables_.end(), partitioned)) return;
    const pg::Relation& tasks = tables_[0].relation;
    const pg::Naming beside_tables(tasks.schema, {}, options_.naming.prefix());
    const std::string function = beside_tables.table("make_transition_months");
    const bool there =
        tx.query("SELECT to_regprocedure($1) IS NOT NULL AS there",
                 {function + "(timestamp, timestamp)"})
            .boolean(0, "there");
    if (!there) return;
    const auto first = options_.as_of - options_.max_age - std::chrono::days(1);  // a task takes a while
    tx.query("SELECT " + function +
                 "($1::timestamptz AT TIME ZONE 'UTC', $2::timestamptz AT TIME ZONE 'UTC')",
             {core::format_time(first), core::format_time(options_.as_of)});
  }
  static std::int64_t next_id(pg::Transaction& tx, const BulkTable& table) {
    return tx.query(fmt::format("SELECT coalesce(max({}), 0) + 1 AS next FROM {}",
                                pg::quote_identifier(table.key), table.quoted))
        .integer(0, "next");
  }

  std::vector<std::int32_t> named_tasks(pg::Transaction& tx) const {
    tx.query(
        fmt::format("INSERT INTO {} (name, description, created_at, updated_at)"
                    " SELECT 'default', 'scalectl seed', {} ON CONFLICT DO NOTHING",
                    names_.namespaces, kTimes));
    std::vector<std::int32_t> ids;
    for (const char* shape : kShapes) {
      const pg::Params params{fmt::format("scalectl_{}", shape)};
      tx.query(fmt::format("INSERT INTO {} (name, task_namespace_id, created_at, updated_at)"
                           " SELECT $1, task_namespace_id, {} FROM {} WHERE name = 'default'"
                           " ON CONFLICT DO NOTHING",
                           names_.tasks, kTimes, names_.namespaces),
               params);
      const pg::Rows rows = tx.query(fmt::format("SELECT min(named_task_id) AS id FROM {}"
                                                 " WHERE name = $1", names_.tasks),
                                     params);
      ids.push_back(static_cast<std::int32_t>(rows.integer(0, "id")));
    }
    return ids;
  }

  std::vector<std::int32_t> named_steps(pg::Transaction& tx) const {
    tx.query(
        fmt::format("INSERT INTO {} (name, description, created_at, updated_at)"
                    " SELECT 'scalectl', 'scalectl seed', {} ON CONFLICT DO NOTHING",
                    names_.systems, kTimes));
    const pg::Params last{std::to_string(options_.steps)};
    tx.query(fmt::format("INSERT INTO {} (dependent_system_id, name, created_at, updated_at)"
                         " SELECT d.dependent_system_id, 'step_' || i, {}"
                         "   FROM {} d, generate_series(1, $1::int) AS i"
                         "  WHERE d.name = 'scalectl' ORDER BY i ON CONFLICT DO NOTHING",
                         names_.steps, kTimes, names_.systems),
             last);
    const pg::Rows rows = tx.query(
        fmt::format("SELECT s.named_step_id AS id FROM generate_series(1, $1::int) AS i"
                    "  JOIN {} s ON s.name = 'step_' || i"
                    "  JOIN {} d USING (dependent_system_id) WHERE d.name = 'scalectl' ORDER BY i",
                    names_.steps, names_.systems),
        last);
    std::vector<std::int32_t> ids;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ids.push_back(static_cast<std::int32_t>(rows.integer(i, "id")));
    }
    return ids;
  }

  const WorkflowOptions& options_;
  const BulkContext context_;
  WorkflowPlan plan_;
  std::vector<BulkTable> tables_;
  Names names_;
};

}  // namespace

void check(const WorkflowOptions& options) {
  std::vector<std::string> names{"dependent_systems", "task_namespaces", "named_tasks", "named_steps"};
  for (const WorkflowTable& table : workflow_tables()) names.emplace_back(table.name);
  options.naming.check(names);
  if (options.tasks < 1 || options.tasks > kMaxTasks) {
    throw usage_error(fmt::format("--tasks {} is not 1 to {}", options.tasks,
                                  core::grouped(kMaxTasks)),
                      "for example --tasks 50k");
  }
  if (options.steps < 1 || options.steps > kMaxSteps) {
    throw usage_error(fmt::format("--steps {} is not 1 to {}", options.steps, kMaxSteps),
                      "the steps of each task; for example --steps 6");
  }
  if (options.max_age < std::chrono::seconds(0) || options.max_age > kLongestAge) {
    throw usage_error(fmt::format("--max-age {} s is not 0 s to 3650d", options.max_age.count()),
                      "how long ago tasks were finished at most; for example --max-age 365d");
  }
}

core::Result seed_workflow(pg::Session& session, const WorkflowOptions& options,
                           core::Observer& observer) {
  check(options);
  core::Result result{.command = "seed", .name = "workflow"};
  result.params.set("tasks", options.tasks)
      .set("steps", options.steps)
      .set("shape", name_of(options.shape))
      .set("states", kProgress[static_cast<std::size_t>(options.progress)])
      .set("seed", options.seed)
      .set("workers", options.workers)
      .set("as_of", core::format_time(options.as_of))
      .set("max_age_s", options.max_age.count());
  WorkflowSeeder seeder(session, options, observer);
  return all_or_nothing(session, std::move(result), [&](pg::Transaction& tx, core::Result& out) {
    seeder.run(tx, out);
  });
}

}  // namespace scalectl::seed
