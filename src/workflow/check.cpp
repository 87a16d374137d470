#include "workflow/check.hpp"

#include <fmt/format.h>

#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "workflow/graph.hpp"
#include "workflow/states.hpp"

namespace scalectl::workflow {
namespace {

constexpr std::size_t kExamples = 5;  // that a finding names

/// One kind of thing that may be wrong.
struct Finding {
  std::string what;
  std::int64_t count = 0;
  std::string examples;
  std::string advice;
};

struct Names {
  std::string steps;
  std::string edges;
  std::string step_transitions;
  std::string task_transitions;
};

Finding from_query(pg::Session& session, const std::string& what, const std::string& sql,
                   const std::string& advice) {
  const pg::Rows rows = session.query(
      fmt::format("SELECT count(*) AS n, string_agg(example, '; ') FILTER (WHERE nr <= {}) AS some"
                  "  FROM (SELECT example, row_number() OVER () AS nr FROM ({}) AS found) AS numbered",
                  kExamples, sql));
  return {.what = what,
          .count = rows.integer(0, "n"),
          .examples = rows.at(0, "some").value_or(""),
          .advice = advice};
}

Finding find_cycles(pg::Session& session, const Names& names) {
  const pg::Rows rows =
      session.query("SELECT from_step_id, to_step_id FROM " + names.edges);
  std::vector<Edge> edges;
  edges.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    edges.emplace_back(rows.integer(i, "from_step_id"), rows.integer(i, "to_step_id"));
  }
  const auto found = cycles(edges);
  Finding finding{.what = "cycle", .count = static_cast<std::int64_t>(found.size()),
                  .advice = "none of its steps can ever run: delete one of its edges"};
  for (std::size_t i = 0; i < std::min(found.size(), kExamples); ++i) {
    std::vector<std::string> steps;
    for (std::size_t k = 0; k < std::min<std::size_t>(found[i].size(), 10); ++k) {
      steps.push_back(std::to_string(found[i][k]));
    }
    if (steps.size() < found[i].size()) steps.emplace_back("…");
    finding.examples += (i == 0 ? "steps " : "; steps ") + core::join(steps, ", ");
  }
  return finding;
}

/// SQL for parents (steps or tasks) whose number of most_recent rows is not one.
std::string wrong_most_recent(const std::string& transitions, const std::string& key,
                              const char* condition) {
  return fmt::format("SELECT '{0} ' || {0} || ' (' || count(*) FILTER (WHERE most_recent) || ')'"
                     "       AS example FROM {1} GROUP BY {0}"
                     " HAVING count(*) FILTER (WHERE most_recent) {2} ORDER BY {0}",
                     key, transitions, condition);
}

/// SQL condition, over the rows of one parent, that exactly one is most_recent and a later one is not.
constexpr const char* kOldMostRecent =
    "count(*) FILTER (WHERE most_recent) = 1"
    " AND max(sort_key) > max(sort_key) FILTER (WHERE most_recent)";

/// SQL for parents whose only most_recent row is not the newest.
std::string old_most_recent(const std::string& transitions, const std::string& key) {
  return fmt::format("SELECT '{0} ' || {0} || ' (' || max(sort_key) FILTER (WHERE most_recent) ||"
                     "       ' of ' || max(sort_key) || ')' AS example FROM {1} GROUP BY {0}"
                     " HAVING {2} ORDER BY {0}",
                     key, transitions, kOldMostRecent);
}

/// SQL for moves that the state machine does not know. A first row may be pending with nothing before
/// it, or a move from pending.
std::string illegal_moves(Kind kind, const std::string& transitions, const std::string& key) {
  std::vector<std::string> legal;
  for (const std::string& from : states()) {
    for (const std::string& to : next_states(kind, from)) {
      legal.push_back(fmt::format("('{}', '{}')", from, to));
      if (from == "pending") legal.push_back(fmt::format("('', '{}')", to));
    }
  }
  return fmt::format("SELECT '{0} ' || {0} || ': ' || coalesce(from_state, 'nothing') || ' to ' ||"
                     "       to_state AS example FROM {1}"
                     " WHERE (coalesce(from_state, ''), to_state) NOT IN (('', 'pending'), {2})"
                     " ORDER BY {0}",
                     key, transitions, core::join(legal, ", "));
}

/// The transition tables without the unique index that keeps a second most_recent row out; of a
/// partitioned one, some partition has it.
Finding find_unguarded(pg::Session& session, const Names& names) {
  Finding finding{.what = "no unique index",
                  .count = 0,
                  .examples = "",
                  .advice =
                      "after --repair, CREATE UNIQUE INDEX CONCURRENTLY of the same; without it, "
                      "clients that race leave two most_recent rows"};
  for (const auto& [transitions, key] : {std::pair{names.step_transitions, "workflow_step_id"},
                                         {names.task_transitions, "task_id"}}) {
    const bool guarded =
        session
            .query(
                "SELECT EXISTS (SELECT FROM pg_index i"
                "  WHERE (i.indrelid = $1::regclass OR i.indrelid IN"
                "           (SELECT relid FROM pg_partition_tree($1::regclass)))"
                "    AND i.indisunique AND i.indisvalid"
                "    AND pg_get_expr(i.indpred, i.indrelid) IN ('most_recent', '(most_recent = "
                "true)')"
                "    AND (SELECT bool_and(a.attname IN ($2, 'most_recent'))"
                "           FROM unnest(i.indkey[0:i.indnkeyatts - 1]) AS k"
                "           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k))"
                "       AS guarded",
                {transitions, key})
            .boolean(0, "guarded");
    if (guarded) continue;
    if (finding.count++ > 0) finding.examples += "; ";
    finding.examples += fmt::format("{} ({}) WHERE most_recent", transitions, key);
  }
  return finding;
}

std::vector<Finding> look(pg::Session& session, const Names& names) {
  std::vector<Finding> findings;
  const auto query = [&](const std::string& what, const std::string& sql, const std::string& advice) {
    findings.push_back(from_query(session, what, sql, advice));
  };
  findings.push_back(find_cycles(session, names));
  query("edge between tasks",
        fmt::format("SELECT 'edge ' || e.id || ': step ' || a.workflow_step_id || ' of task ' ||"
                    "       a.task_id || ' to step ' || b.workflow_step_id || ' of task ' || b.task_id"
                    "       AS example FROM {0} e"
                    "  JOIN {1} a ON a.workflow_step_id = e.from_step_id"
                    "  JOIN {1} b ON b.workflow_step_id = e.to_step_id"
                    " WHERE a.task_id <> b.task_id ORDER BY e.id",
                    names.edges, names.steps),
        "delete the edge: a task waits for its own steps only");
  query("doubled edge",
        fmt::format("SELECT 'steps ' || from_step_id || ' to ' || to_step_id AS example FROM {}"
                    " GROUP BY from_step_id, to_step_id HAVING count(*) > 1"
                    " ORDER BY from_step_id, to_step_id",
                    names.edges),
        "delete all but one: the parent counts twice");
  for (const auto& [transitions, key] :
       {std::pair{names.step_transitions, "workflow_step_id"}, {names.task_transitions, "task_id"}}) {
    query("several most_recent", wrong_most_recent(transitions, key, "> 1"),
          "workflow check --repair keeps the newest");
    query("no most_recent", wrong_most_recent(transitions, key, "= 0"),
          "workflow check --repair makes the newest the one");
    query("old most_recent", old_most_recent(transitions, key),
          "workflow check --repair makes the newest the one");
  }
  query("illegal step move", illegal_moves(Kind::kStep, names.step_transitions, "workflow_step_id"),
        "the history was written around the state machine");
  query("illegal task move", illegal_moves(Kind::kTask, names.task_transitions, "task_id"),
        "the history was written around the state machine");
  findings.push_back(find_unguarded(session, names));
  return findings;
}

/// Makes the transition with the highest sort_key the only most_recent one; how many rows changed.
std::int64_t repair_most_recent(pg::Transaction& tx, const std::string& transitions,
                                const std::string& key) {
  constexpr const char* kRanked =
      "WITH wrong AS (SELECT {1} FROM {0} GROUP BY {1}"
      "                HAVING count(*) FILTER (WHERE most_recent) <> 1 OR ({3})),"
      " ranked AS (SELECT id, row_number() OVER (PARTITION BY {1} ORDER BY sort_key DESC, id DESC) = 1"
      "                   AS newest FROM {0} WHERE {1} IN (SELECT {1} FROM wrong))"
      " UPDATE {0} t SET most_recent = {2}, updated_at = now() AT TIME ZONE 'UTC' FROM ranked r"
      " WHERE t.id = r.id AND r.newest = {2} AND t.most_recent <> {2}";
  const auto mark = [&](const char* most_recent) {
    return tx.query(fmt::format(kRanked, transitions, key, most_recent, kOldMostRecent)).affected();
  };
  // Demoted first, so that no unique index ever sees two.
  const auto demoted = mark("false");
  // What was doubled has its one now, unless that was demoted; what has none is still in `wrong`.
  const auto promoted = mark("true");
  return demoted + promoted;
}

}  // namespace

core::Result check(pg::Session& session, const pg::Naming& naming, bool repair,
                   core::Observer& observer) {
  const core::Stopwatch watch;
  const Names names{.steps = naming.table("workflow_steps"),
                    .edges = naming.table("workflow_step_edges"),
                    .step_transitions = naming.table("workflow_step_transitions"),
                    .task_transitions = naming.table("task_transitions")};
  core::Result result{.command = "workflow check"};
  result.params.set("repair", repair);
  if (repair) {
    pg::Transaction tx = session.begin();
    tx.query("SET LOCAL lock_timeout = '10s'");
    tx.query(fmt::format("LOCK TABLE {}, {} IN SHARE ROW EXCLUSIVE MODE", names.step_transitions,
                         names.task_transitions));
    const std::int64_t repaired =
        repair_most_recent(tx, names.step_transitions, "workflow_step_id") +
        repair_most_recent(tx, names.task_transitions, "task_id");
    tx.commit();
    result.metrics.set("repaired", repaired);
    if (repaired > 0) observer.info(fmt::format("Repaired {} transitions", repaired));
  }
  core::Table table{.key = "findings",
                    .title = "",
                    .columns = {{"finding", "finding"},
                                {"count", "count", core::Unit::kCount},
                                {"examples", "examples"},
                                {"advice", "what to do"}},
                    .rows = {}};
  std::int64_t total = 0;
  for (const Finding& finding : look(session, names)) {
    if (finding.count == 0) continue;
    total += finding.count;
    table.rows.push_back({finding.what, finding.count, finding.examples, finding.advice});
  }
  result.metrics.set("findings", total);
  if (total > 0) {
    result.verdict = core::Verdict::kFail;
    result.tables.push_back(std::move(table));
  }
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::workflow
