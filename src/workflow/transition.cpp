#include "workflow/transition.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"

namespace scalectl::workflow {
namespace {

using core::usage_error;

/// Quoted names and columns of one kind.
struct Site {
  std::string parents;
  std::string key;
  std::string transitions;
};

Site site_of(Kind kind, const pg::Naming& naming) {
  if (kind == Kind::kTask) {
    return {naming.table("tasks"), "task_id", naming.table("task_transitions")};
  }
  return {naming.table("workflow_steps"), "workflow_step_id",
          naming.table("workflow_step_transitions")};
}

/// Locks the parent row; false where there is none of that id.
bool lock_parent(pg::Transaction& tx, const Site& site, std::int64_t id) {
  return !tx.query(fmt::format("SELECT FROM {} WHERE {} = $1 FOR NO KEY UPDATE", site.parents,
                               site.key),
                   {std::to_string(id)})
              .empty();
}

/// The state now; pending where there is no transition yet. Several most_recent rows, or none in a
/// history, are an error of the data that no move may build on.
std::string state_of(pg::Transaction& tx, const Site& site, const Move& move) {
  const pg::Rows rows =
      tx.query(fmt::format("SELECT count(*) AS n, count(*) FILTER (WHERE most_recent) AS marked,"
                           "       min(to_state) FILTER (WHERE most_recent) AS state"
                           "  FROM {} WHERE {} = $1",
                           site.transitions, site.key),
               {std::to_string(move.id)});
  const std::int64_t marked = rows.integer(0, "marked");
  if (rows.integer(0, "n") > 0 && marked != 1) {
    throw usage_error(
        fmt::format("{} {} has {} most_recent transitions", name_of(move.kind), move.id, marked),
        "scalectl workflow check --repair keeps the newest");
  }
  return rows.at(0, "state").value_or("pending");
}

[[noreturn]] void refuse(const Move& move, const std::string& state,
                         const std::vector<std::string>& legal) {
  if (std::find(states().begin(), states().end(), state) == states().end()) {
    throw usage_error(fmt::format("{} {} is {}, which is no state: it cannot become {}",
                                  name_of(move.kind), move.id, state, move.to_state),
                      "scalectl workflow check finds what else was written by hand");
  }
  throw usage_error(
      fmt::format("{} {} is {}: it cannot become {}", name_of(move.kind), move.id, state,
                  move.to_state),
      legal.empty() ? fmt::format("{} is a final state", state)
                    : fmt::format("from {} it can become {}", state, core::join(legal, ", ")));
}

/// Refuses what the state machine allows and Tasker does not: to begin a step before its parents
/// are done, and to complete a task before its steps are finished.
void guard(pg::Transaction& tx, const pg::Naming& naming, const Move& move) {
  constexpr int kNamed = 5;
  std::string sql;
  if (move.kind == Kind::kStep && move.to_state == "in_progress") {
    sql =
        "SELECT e.from_step_id AS id, coalesce(p.to_state, 'pending') AS state"
        "  FROM {edges} e LEFT JOIN {transitions} p"
        "    ON p.workflow_step_id = e.from_step_id AND p.most_recent"
        " WHERE e.to_step_id = $1"
        "   AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually')";
  } else if (move.kind == Kind::kTask && move.to_state == "complete") {
    sql =
        "SELECT s.workflow_step_id AS id, coalesce(p.to_state, 'pending') AS state"
        "  FROM {steps} s LEFT JOIN {transitions} p"
        "    ON p.workflow_step_id = s.workflow_step_id AND p.most_recent"
        " WHERE s.task_id = $1"
        "   AND coalesce(p.to_state, '') NOT IN ('complete', 'resolved_manually', 'cancelled')";
  } else {
    return;
  }
  const std::string open =
      fmt::format(fmt::runtime(sql), fmt::arg("edges", naming.table("workflow_step_edges")),
                  fmt::arg("steps", naming.table("workflow_steps")),
                  fmt::arg("transitions", naming.table("workflow_step_transitions")));
  const pg::Rows rows = tx.query(
      fmt::format("SELECT count(*) AS n, string_agg(id || ' (' || state || ')', ', ' ORDER BY id)"
                  "       FILTER (WHERE nr <= {}) AS named"
                  "  FROM (SELECT *, row_number() OVER (ORDER BY id) AS nr FROM ({}) o) numbered",
                  kNamed, open),
      {std::to_string(move.id)});
  const std::int64_t n = rows.integer(0, "n");
  if (n == 0) return;
  const std::string named = rows.text(0, "named") + (n > kNamed ? ", …" : "");
  if (move.kind == Kind::kStep) {
    throw usage_error(fmt::format("step {} waits for {} of its parents: it cannot become {}",
                                  move.id, n, move.to_state),
                      fmt::format("first complete, or resolve by hand, step {}", named));
  }
  throw usage_error(fmt::format("task {} has {} unfinished steps: it cannot become {}", move.id, n,
                                move.to_state),
                    fmt::format("first complete, resolve by hand or cancel step {}", named));
}

/// Demotes the old row and writes the new one; the new one's sort_key.
std::int64_t write(pg::Transaction& tx, const Site& site, const Move& move) {
  const pg::Rows rows = tx.query(
      fmt::format("WITH old AS ("
                  "  UPDATE {0} SET most_recent = false, updated_at = now() AT TIME ZONE 'UTC'"
                  "   WHERE {1} = $1 AND most_recent RETURNING to_state, sort_key"
                  ") INSERT INTO {0} ({1}, to_state, from_state, sort_key, most_recent, created_at,"
                  "                   updated_at)"
                  "  SELECT $1, $2, (SELECT to_state FROM old),"
                  "         coalesce((SELECT sort_key FROM old), 0) + 10, true,"
                  "         clock_timestamp() AT TIME ZONE 'UTC', clock_timestamp() AT TIME ZONE 'UTC'"
                  "  RETURNING sort_key",
                  site.transitions, site.key),
      {std::to_string(move.id), move.to_state});
  return rows.integer(0, "sort_key");
}

/// The parent's columns that say the same as its state.
void mirror(pg::Transaction& tx, const Site& site, const Move& move) {
  std::string columns;
  if (move.kind == Kind::kTask) {
    columns = "complete = ($2 = 'complete')";
  } else {
    columns =
        "in_process = ($2 = 'in_progress'),"
        " processed = ($2 IN ('complete', 'resolved_manually')),"
        " processed_at = CASE WHEN $2 IN ('complete', 'resolved_manually')"
        "                     THEN clock_timestamp() AT TIME ZONE 'UTC' END,"
        " attempts = CASE WHEN $2 = 'in_progress' THEN coalesce(attempts, 0) + 1 ELSE attempts END,"
        " last_attempted_at = CASE WHEN $2 = 'in_progress' THEN clock_timestamp() AT TIME ZONE 'UTC'"
        "                          ELSE last_attempted_at END";
  }
  tx.query(fmt::format("UPDATE {} SET {}, updated_at = clock_timestamp() AT TIME ZONE 'UTC'"
                       " WHERE {} = $1",
                       site.parents, columns, site.key),
           {std::to_string(move.id), move.to_state});
}

}  // namespace

core::Result transition(pg::Session& session, const pg::Naming& naming, const Move& move) {
  const core::Stopwatch watch;
  const std::string kind(name_of(move.kind));
  for (const std::string& state : {move.to_state, move.expected_state.value_or("pending")}) {
    if (std::find(states().begin(), states().end(), state) == states().end()) {
      throw usage_error(fmt::format("there is no state \"{}\"", state),
                        core::did_you_mean(state, states(),
                                           "there are: " + core::join(states(), ", ")));
    }
  }
  const Site site = site_of(move.kind, naming);
  pg::Transaction tx = session.begin();
  tx.query("SET LOCAL lock_timeout = '10s'");
  if (!lock_parent(tx, site, move.id)) {
    throw usage_error(fmt::format("there is no {} {}", kind, move.id),
                      fmt::format("looked in {}", site.parents));
  }
  const std::string state = state_of(tx, site, move);
  const std::vector<std::string> legal = next_states(move.kind, state);
  if (move.expected_state && *move.expected_state != state) {
    throw usage_error(fmt::format("{} {} is {}, not {}", kind, move.id, state, *move.expected_state),
                      "nothing was changed; another client may have moved it");
  }
  if (std::find(legal.begin(), legal.end(), move.to_state) == legal.end()) {
    refuse(move, state, legal);
  }
  guard(tx, naming, move);
  const std::int64_t sort_key = write(tx, site, move);
  mirror(tx, site, move);
  tx.commit();

  core::Result result{.command = "workflow transition", .name = kind};
  result.params.set("id", move.id).set("to_state", move.to_state);
  result.metrics.set("from_state", state).set("sort_key", sort_key);
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::workflow
