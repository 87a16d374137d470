#include "workflow/readiness.hpp"

#include <fmt/format.h>

#include <set>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"

namespace scalectl::workflow {
namespace {

using core::Unit;
using core::usage_error;

constexpr int kParentsShown = 5;  // of those that a step waits for

std::string array_of(const std::vector<std::int64_t>& ids) {
  return fmt::format("{{{}}}", fmt::join(ids, ","));
}

/// Rows of a view for the selected tasks: by the version's function where it has one.
std::string source(const Views& views, const Selection& selection, const std::string& view,
                   const std::string& function) {
  if (selection.tasks.empty()) return views.object(view);
  if (views.has_functions()) return views.object(function) + "($1::bigint[])";
  return fmt::format("(SELECT * FROM {} WHERE task_id = ANY ($1::bigint[]))", views.object(view));
}

pg::Params params(const Selection& selection) {
  if (selection.tasks.empty()) return {};
  return {array_of(selection.tasks)};
}

void require_tasks(pg::Session& session, const Views& views, const Selection& selection) {
  if (selection.tasks.empty()) return;
  const pg::Rows rows = session.query(
      fmt::format("SELECT string_agg(id::text, ', ' ORDER BY id) AS missing"
                  "  FROM (SELECT DISTINCT unnest($1::bigint[]) AS id) AS wanted"
                  " WHERE id NOT IN (SELECT task_id FROM {} WHERE task_id = ANY ($1::bigint[]))",
                  views.table("tasks")),
      params(selection));
  if (const auto missing = rows.at(0, "missing")) {
    const bool several = missing->find(',') != std::string::npos;
    throw usage_error(fmt::format("there {} {}", several ? "are no tasks" : "is no task", *missing),
                      fmt::format("looked in {}", views.table("tasks")));
  }
}

/// Every selected step with the reason why it runs, ran or cannot run: the first that applies. The
/// view's own verdict comes before ours, so that an older view shows what it would do.
std::string reasons(const Views& views, const Selection& selection) {
  return fmt::format(
      R"sql(
SELECT r.*,
       CASE
         WHEN r.ready_for_execution THEN 'ready'
         WHEN r.current_state IN ('complete', 'cancelled', 'resolved_manually') THEN 'finished'
         WHEN s.in_process OR r.current_state = 'in_progress' THEN 'running'
         WHEN s.processed THEN 'marked processed'
         WHEN EXISTS (SELECT FROM {edges} e JOIN {transitions} p ON p.workflow_step_id = e.from_step_id
                       WHERE e.to_step_id = r.workflow_step_id AND p.most_recent
                         AND p.to_state = 'cancelled') THEN 'parent cancelled'
         WHEN NOT r.dependencies_satisfied THEN 'waits for parents'
         WHEN r.attempts >= r.retry_limit THEN 'no attempts left'
         WHEN r.attempts > 0 AND NOT s.retryable THEN 'not retryable'
         WHEN r.next_retry_at > now() AT TIME ZONE 'UTC' THEN 'backoff'
         ELSE 'the view says no'
       END AS reason
  FROM {source} r JOIN {steps} s ON s.workflow_step_id = r.workflow_step_id)sql",
      fmt::arg("edges", views.table("workflow_step_edges")),
      fmt::arg("transitions", views.table("workflow_step_transitions")),
      fmt::arg("steps", views.table("workflow_steps")),
      fmt::arg("source",
               source(views, selection, "step_readiness_statuses", "step_readiness_for_tasks")));
}

/// The reason in words, with what it is about.
std::string in_words(const pg::Rows& rows, std::size_t row) {
  const std::string reason = rows.text(row, "reason");
  if (reason == "finished")
    return core::join(core::split(rows.text(row, "current_state"), '_'), " ");
  if (reason == "waits for parents" || reason == "parent cancelled") {
    const std::string parents = rows.at(row, "parents").value_or("");
    return reason == "parent cancelled"
               ? fmt::format("a parent was cancelled: {}; resolve it by hand, or cancel this step",
                             parents)
               : fmt::format(
                     "waits for {} of {} parents: {}",
                     rows.integer(row, "total_parents") - rows.integer(row, "completed_parents"),
                     rows.integer(row, "total_parents"), parents);
  }
  if (reason == "no attempts left") {
    return fmt::format("no attempts left ({} of {})", rows.integer(row, "attempts"),
                       rows.integer(row, "retry_limit"));
  }
  if (reason == "not retryable") return "failed, and is not retryable";
  if (reason == "backoff")
    return fmt::format("backoff for another {:.0f} s", rows.real(row, "backoff_s"));
  if (reason == "the view says no" && !rows.at(row, "attempts")) {
    return "the view says no: attempts is NULL";
  }
  return reason;
}

core::Table step_table(pg::Session& session, const Views& views, const Selection& selection) {
  const bool all = selection.tasks.empty();
  const pg::Rows rows = session.query(
      fmt::format(
          R"sql(
SELECT r.*, extract(epoch FROM r.next_retry_at - now() AT TIME ZONE 'UTC') AS backoff_s,
       to_char(r.next_retry_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS due,
       CASE WHEN r.reason IN ('waits for parents', 'parent cancelled') THEN
         (SELECT string_agg(parent, ', ' ORDER BY nr) FILTER (WHERE nr <= {shown})
                 || CASE WHEN count(*) > {shown} THEN ', …' ELSE '' END
            FROM (SELECT n.name || ' (' || coalesce(p.to_state, 'pending') || ')' AS parent,
                         row_number() OVER (ORDER BY coalesce(p.to_state, '') <> 'cancelled',
                                                     e.from_step_id) AS nr
                    FROM {edges} e
                    JOIN {steps} s ON s.workflow_step_id = e.from_step_id
                    JOIN {names} n ON n.named_step_id = s.named_step_id
                    LEFT JOIN {transitions} p
                           ON p.workflow_step_id = e.from_step_id AND p.most_recent
                   WHERE e.to_step_id = r.workflow_step_id
                     AND coalesce(p.to_state, 'pending')
                         NOT IN ('complete', 'resolved_manually')) unmet)
       END AS parents
  FROM ({reasons}) r
 {where} ORDER BY {order} r.task_id, r.workflow_step_id {limit})sql",
          fmt::arg("shown", kParentsShown), fmt::arg("edges", views.table("workflow_step_edges")),
          fmt::arg("steps", views.table("workflow_steps")),
          fmt::arg("names", views.table("named_steps")),
          fmt::arg("transitions", views.table("workflow_step_transitions")),
          fmt::arg("reasons", reasons(views, selection)),
          fmt::arg("where", all ? "WHERE r.reason <> 'finished'" : ""),
          fmt::arg("order", all ? "r.ready_for_execution DESC," : ""),
          fmt::arg("limit",
                   all && selection.limit > 0 ? fmt::format("LIMIT {}", selection.limit) : "")),
      params(selection));
  core::Table table{.key = "steps",
                    .title = "",
                    .columns = {{"task_id", "task", Unit::kId},
                                {"workflow_step_id", "step", Unit::kId},
                                {"name", "name"},
                                {"state", "state"},
                                {"ready", "ready"},
                                {"attempts", "attempts", Unit::kCount},
                                {"reason", "why"},
                                {"next_retry_at", "next retry (UTC)"}},
                    .rows = {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool waiting = rows.text(i, "reason") == "backoff";
    table.rows.push_back(
        {rows.integer(i, "task_id"), rows.integer(i, "workflow_step_id"), rows.text(i, "name"),
         rows.text(i, "current_state"), rows.boolean(i, "ready_for_execution"),
         rows.at(i, "attempts") ? core::Value(rows.integer(i, "attempts")) : core::Value(),
         in_words(rows, i), waiting ? core::Value(rows.text(i, "due")) : core::Value()});
  }
  return table;
}

core::Result new_result(const std::string& verb, const Views& views, const Selection& selection) {
  core::Result result{.command = "workflow " + verb};
  result.params.set("view", fmt::format("v{}", views.version()));
  if (!selection.tasks.empty())
    result.params.set("task", fmt::format("{}", fmt::join(selection.tasks, ",")));
  if (views.temporary()) result.notes.emplace_back("the view was made for this session alone");
  return result;
}

/// Compiling these queries takes longer than it saves: 0.4 s for a task that is answered in 15 ms.
void without_jit(pg::Session& session) { session.query("SET jit = off"); }

void note_limit(core::Result& result, const core::Table& table, const Selection& selection) {
  if (selection.tasks.empty() && selection.limit > 0 &&
      static_cast<std::int64_t>(table.rows.size()) == selection.limit) {
    result.notes.push_back(
        fmt::format("the first {} rows; --limit 0 shows them all", selection.limit));
  }
}

/// A row twice: what it is about has several most_recent transitions.
void note_doubles(core::Result& result, const core::Table& table, const std::string& what,
                  std::size_t id_column) {
  std::set<std::int64_t> seen;
  for (const core::Array& row : table.rows) {
    const std::int64_t id = *row.at(id_column).if_integer();
    if (seen.insert(id).second) continue;
    result.notes.push_back(
        fmt::format("{} {} is listed more than once: scalectl workflow check tells why", what, id));
    return;
  }
}

}  // namespace

core::Result ready(pg::Session& session, const Views& views, const Selection& selection) {
  const core::Stopwatch watch;
  without_jit(session);
  require_tasks(session, views, selection);
  core::Result result = new_result("ready", views, selection);
  const pg::Rows counts = session.query(
      fmt::format("SELECT reason, count(*) AS n, to_char(min(next_retry_at) FILTER (WHERE reason ="
                  "       'backoff'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS due,"
                  "       count(*) FILTER (WHERE reason = 'ready' AND EXISTS"
                  "         (SELECT FROM {} t WHERE t.task_id = r.task_id AND t.most_recent"
                  "             AND t.to_state IN ('complete', 'cancelled', 'resolved_manually')))"
                  "       AS of_final_tasks"
                  "  FROM ({}) r GROUP BY reason ORDER BY n DESC, reason",
                  views.table("task_transitions"), reasons(views, selection)),
      params(selection));
  core::Table summary{.key = "reasons",
                      .title = "",
                      .columns = {{"reason", "why"}, {"steps", "steps", Unit::kCount}},
                      .rows = {}};
  std::int64_t ready_steps = 0;
  core::Value next_retry;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::string reason = counts.text(i, "reason");
    if (reason == "ready") ready_steps = counts.integer(i, "n");
    if (const auto due = counts.at(i, "due")) next_retry = *due;
    if (const std::int64_t n = counts.integer(i, "of_final_tasks"); n > 0) {
      result.notes.push_back(fmt::format(
          "{} ready steps belong to tasks that are complete, cancelled or resolved: the "
          "views look at steps alone",
          core::grouped(n)));
    }
    summary.rows.push_back({reason, counts.integer(i, "n")});
  }
  result.metrics.set("ready_steps", ready_steps).set("next_retry_at", next_retry);
  core::Table steps = step_table(session, views, selection);
  note_limit(result, steps, selection);
  note_doubles(result, steps, "step", 1);
  result.tables = {std::move(summary), std::move(steps)};
  watch.stamp(result);
  return result;
}

core::Result contexts(pg::Session& session, const Views& views, const Selection& selection) {
  const core::Stopwatch watch;
  without_jit(session);
  require_tasks(session, views, selection);
  core::Result result = new_result("contexts", views, selection);
  const bool all = selection.tasks.empty();
  std::int64_t tasks = 0;
  const std::string from =
      source(views, selection, "task_execution_contexts", "task_execution_context_for_tasks");
  if (all) {
    const pg::Rows counts =
        session.query(fmt::format("SELECT execution_status, health_status, count(*) AS n FROM {} c"
                                  " GROUP BY 1, 2 ORDER BY n DESC, 1, 2",
                                  from));
    core::Table summary{.key = "summary",
                        .title = "",
                        .columns = {{"execution_status", "execution status"},
                                    {"health_status", "health"},
                                    {"tasks", "tasks", Unit::kCount}},
                        .rows = {}};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      summary.rows.push_back({counts.text(i, "execution_status"), counts.text(i, "health_status"),
                              counts.integer(i, "n")});
      tasks += counts.integer(i, "n");
    }
    result.tables.push_back(std::move(summary));
  }
  const pg::Rows rows = session.query(
      fmt::format("SELECT * FROM {} c ORDER BY task_id {}", from,
                  all && selection.limit > 0 ? fmt::format("LIMIT {}", selection.limit) : ""),
      params(selection));
  core::Table table{.key = "tasks", .title = "", .columns = {}, .rows = {}};
  for (std::size_t column = 0; column < rows.columns(); ++column) {
    const std::string name = rows.name(column);
    table.columns.push_back({name, core::join(core::split(name, '_'), " "),
                             name.ends_with("_id") ? Unit::kId : Unit::kPlain});
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    core::Array row;
    for (const core::Column& column : table.columns) {
      const std::string& key = column.key;
      const bool number = key.ends_with("_id") || key.ends_with("_steps");
      if (number) {
        row.emplace_back(rows.integer(i, key));
      } else if (key == "completion_percentage") {
        row.emplace_back(rows.real(i, key));
      } else {
        row.emplace_back(rows.text(i, key));
      }
    }
    table.rows.push_back(std::move(row));
  }
  note_limit(result, table, selection);
  note_doubles(result, table, "task", 0);
  result.metrics.set("tasks", all ? tasks : std::ssize(table.rows));
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

void without_backoff(pg::Session& session, const Views& views) {
  if (views.version() < 3) {
    throw usage_error(fmt::format("--no-backoff: the views v{} always wait", views.version()),
                      "v3 knows it: --view v3");
  }
  session.query("SET scalectl.no_backoff = on");
}

}  // namespace scalectl::workflow
