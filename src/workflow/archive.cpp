#include "workflow/archive.hpp"

#include <fmt/format.h>

#include <map>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"

namespace scalectl::workflow {
namespace {

using core::Error;
using core::ErrorKind;

/// The batches of one run.
class Archiver {
 public:
  Archiver(pg::Session& session, const pg::Naming& naming, const ArchiveOptions& options)
      : session_(session), naming_(naming), options_(options) {
    if (!pg::find_relation(session, archived("tasks"))) {
      throw core::usage_error(fmt::format("there is no table {}", archived("tasks")),
                              "scalectl db init workflow makes the archive beside the tables");
    }
  }

  /// Tasks that are due, at the start, and why some of them cannot move.
  std::int64_t due() {
    const std::int64_t due = count("");
    if (due > 0) {
      for (const char* table : {"tasks", "workflow_steps", "workflow_step_edges",
                                "task_transitions", "workflow_step_transitions"}) {
        columns_[table] = columns_of(table);
      }
      find_references();
      find_cross_edges();
    }
    return due;
  }

  /// Why tasks that are due stay where they are, and how many; to be asked before anything moves.
  std::vector<std::string> held() {
    std::vector<std::string> notes;
    for (const Reference& reference : references_) {
      if (const std::int64_t n = count(" AND " + reference.condition); n > 0) {
        notes.push_back(fmt::format("{} finished tasks stay: rows of {} refer to them",
                                    core::grouped(n), reference.table));
      }
    }
    if (const std::int64_t n = count(fmt::format(" AND t.task_id = ANY ('{}')", cross_edges_));
        n > 0) {
      notes.push_back(fmt::format(
          "{} finished tasks stay: edges lead to steps of other tasks (scalectl workflow check)",
          core::grouped(n)));
    }
    return notes;
  }

  /// How many of the tasks that are due can move.
  std::int64_t movable(std::int64_t due) { return free().empty() ? due : count(free()); }

  /// Moves one batch; how many tasks it was.
  std::int64_t move_batch() {
    pg::Transaction tx = session_.begin();
    tx.query("SET LOCAL lock_timeout = '10s'");
    const pg::Rows rows =
        tx.query(fmt::format("SELECT array_agg(task_id)::text AS ids, count(*) AS n FROM ("
                             "  SELECT t.task_id {}{} ORDER BY t.task_id LIMIT $2"
                             "  FOR UPDATE OF t SKIP LOCKED) AS batch",
                             from_due_tasks(), free()),
                 {cutoff(), std::to_string(options_.batch)});
    const std::int64_t tasks = rows.integer(0, "n");
    if (tasks == 0) return 0;
    const pg::Params ids{rows.text(0, "ids")};
    const std::string of_tasks = "task_id = ANY ($1::bigint[])";
    const std::string steps = fmt::format("(SELECT workflow_step_id FROM {} WHERE {})",
                                          naming_.table("workflow_steps"), of_tasks);
    // Parents are copied before their children and deleted after them.
    copy(tx, "tasks", of_tasks, ids, ", archived_at", ", now() AT TIME ZONE 'UTC'");
    copy(tx, "workflow_steps", of_tasks, ids);
    move(tx, "workflow_step_edges", "from_step_id IN " + steps, ids);
    move(tx, "workflow_step_transitions", "workflow_step_id IN " + steps, ids);
    move(tx, "task_transitions", of_tasks, ids);
    tx.query(fmt::format("DELETE FROM {} WHERE {}", naming_.table("workflow_steps"), of_tasks), ids);
    tx.query(fmt::format("DELETE FROM {} WHERE {}", naming_.table("tasks"), of_tasks), ids);
    tx.commit();
    return tasks;
  }

  std::int64_t rows() const { return rows_; }

 private:
  /// A table outside the workflow whose rows refer to tasks or steps.
  struct Reference {
    std::string table;
    std::string condition;  ///< over t: some row refers to it
  };

  std::int64_t count(const std::string& more) {
    return session_
        .query(fmt::format("SELECT count(*) AS n {}{}", from_due_tasks(), more), {cutoff()})
        .integer(0, "n");
  }
  /// Conditions over t that leave out what is held.
  std::string free() const {
    std::string conditions;
    for (const Reference& reference : references_) conditions += " AND NOT " + reference.condition;
    if (cross_edges_ != "{}") {
      conditions += fmt::format(" AND t.task_id <> ALL ('{}')", cross_edges_);
    }
    return conditions;
  }
  /// Foreign keys of other tables, whatever they do on delete: what the application keeps with a
  /// task must not be lost, nor stop the tasks after it.
  void find_references() {
    const std::string steps = naming_.table("workflow_steps");
    const std::string own =
        fmt::format("ARRAY[{}, {}, {}, {}, {}]::regclass[]::oid[]", literal("tasks"),
                    literal("workflow_steps"), literal("workflow_step_edges"),
                    literal("task_transitions"), literal("workflow_step_transitions"));
    const pg::Rows rows = session_.query(fmt::format(
        "SELECT DISTINCT c.conrelid::regclass::text AS name, quote_ident(a.attname) AS column,"
        "       c.confrelid = {}::regclass AS to_tasks"
        "  FROM pg_constraint c"
        "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.contype = 'f' AND c.confrelid IN ({}::regclass, {}::regclass)"
        "   AND cardinality(c.conkey) = 1 AND c.conparentid = 0"
        "   AND NOT (c.conrelid = ANY ({}))"
        " ORDER BY 1, 2",
        literal("tasks"), literal("tasks"), literal("workflow_steps"), own));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string name = rows.text(i, "name");
      const std::string column = rows.text(i, "column");
      references_.push_back(
          {name, rows.boolean(i, "to_tasks")
                     ? fmt::format("EXISTS (SELECT FROM {} r WHERE r.{} = t.task_id)", name, column)
                     : fmt::format("EXISTS (SELECT FROM {} w JOIN {} r ON r.{} = w.workflow_step_id"
                                   "         WHERE w.task_id = t.task_id)",
                                   steps, name, column)});
    }
  }
  /// The tasks at either end of an edge between tasks, which no archive of one of them can hold.
  void find_cross_edges() {
    cross_edges_ = session_
                       .query(fmt::format(
                           "SELECT coalesce(array_agg(DISTINCT ends.id), '{{}}')::text AS ids"
                           "  FROM {0} e"
                           "  JOIN {1} a ON a.workflow_step_id = e.from_step_id"
                           "  JOIN {1} b ON b.workflow_step_id = e.to_step_id,"
                           "  LATERAL (VALUES (a.task_id), (b.task_id)) AS ends (id)"
                           " WHERE a.task_id <> b.task_id",
                           naming_.table("workflow_step_edges"), naming_.table("workflow_steps")))
                       .text(0, "ids");
  }
  std::string literal(const std::string& table) const {
    return pg::quote_literal(naming_.table(table));
  }
  std::string from_due_tasks() const {
    return fmt::format(
        "FROM {} t JOIN {} s ON s.task_id = t.task_id AND s.most_recent"
        " WHERE s.to_state IN ('complete', 'cancelled', 'resolved_manually')"
        "   AND s.created_at < (now() AT TIME ZONE 'UTC') - $1::interval",
        naming_.table("tasks"), naming_.table("task_transitions"));
  }
  std::string cutoff() const { return fmt::format("{:.6f} seconds", options_.older_than.count()); }
  std::string archived(const std::string& table) const { return naming_.table("archived_" + table); }

  /// The columns of a table, quoted, in a list: the application may have added some since the
  /// archive was made, and in another order there. Throws Error (usage) for one that the archive
  /// lacks.
  std::string columns_of(const std::string& table) {
    const pg::Rows rows = session_.query(
        "SELECT quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type,"
        "       EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = $2::regclass"
        "                AND b.attname = a.attname AND NOT b.attisdropped) AS kept"
        "  FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0"
        "   AND NOT a.attisdropped ORDER BY a.attnum",
        {naming_.table(table), archived(table)});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      names.push_back(rows.text(i, "name"));
      if (rows.boolean(i, "kept")) continue;
      throw core::usage_error(fmt::format("{} has a column {} that {} lacks", naming_.table(table),
                                          names.back(), archived(table)),
                              fmt::format("ALTER TABLE {} ADD COLUMN {} {}", archived(table),
                                          names.back(), rows.text(i, "type")));
    }
    return core::join(names, ", ");
  }
  void copy(pg::Transaction& tx, const std::string& table, const std::string& condition,
            const pg::Params& ids, const std::string& more = "", const std::string& values = "") {
    rows_ += tx.query(fmt::format("INSERT INTO {} ({}{}) SELECT {}{} FROM {} t WHERE {}",
                                  archived(table), columns_.at(table), more, columns_.at(table),
                                  values, naming_.table(table), condition),
                      ids)
                 .affected();
  }
  void move(pg::Transaction& tx, const std::string& table, const std::string& condition,
            const pg::Params& ids) {
    rows_ +=
        tx.query(fmt::format("WITH moved AS (DELETE FROM {0} WHERE {1} RETURNING *)"
                             " INSERT INTO {2} ({3}) SELECT {3} FROM moved",
                             naming_.table(table), condition, archived(table), columns_.at(table)),
                 ids)
            .affected();
  }

  pg::Session& session_;
  const pg::Naming& naming_;
  const ArchiveOptions& options_;
  std::int64_t rows_ = 0;
  std::map<std::string, std::string> columns_;  ///< of each table, quoted, in a list
  std::vector<Reference> references_;
  std::string cross_edges_ = "{}";  ///< task ids as an array's text
};

}  // namespace

core::Result archive(pg::Session& session, const pg::Naming& naming, const ArchiveOptions& options,
                     core::Observer& observer) {
  const core::Stopwatch watch;
  if (options.batch < 1 || options.batch > 100'000) {
    throw core::usage_error(fmt::format("--batch {} is not 1 to 100000", options.batch),
                            "1000 tasks in one transaction are usual");
  }
  core::Result result{.command = "workflow archive"};
  result.params.set("older_than_s", options.older_than.count()).set("batch", options.batch);
  Archiver archiver(session, naming, options);
  const std::int64_t finished = archiver.due();
  const std::int64_t due = archiver.movable(finished);
  const std::int64_t held = finished - due;
  if (held > 0) {
    result.notes = archiver.held();
    result.verdict = core::Verdict::kWarn;
  }
  std::int64_t done = 0;
  std::int64_t batches = 0;
  const auto report = [&] {
    result.metrics.set("due", due).set("tasks", done).set("rows", archiver.rows());
    result.metrics.set("batches", batches).set("held", held);
    watch.stamp(result);
  };
  try {
    while (const std::int64_t moved = archiver.move_batch()) {
      done += moved;
      ++batches;
      observer.progress("archive", static_cast<std::uint64_t>(done),
                        static_cast<std::uint64_t>(std::max(done, due)), "tasks");
    }
  } catch (const Error& error) {
    const std::string state = fmt::format("{} of {} tasks are archived; the batch in hand was rolled "
                                          "back; run it again to go on",
                                          core::grouped(done), core::grouped(due));
    if (error.kind() != ErrorKind::kInterrupted) {
      throw Error(error.kind(), fmt::format("workflow archive: {}; {}", error.message(), state),
                  error.hint());
    }
    result.interrupted = true;
    result.verdict = core::Verdict::kInconclusive;
    result.notes.push_back("interrupted: " + state);
    report();
    return result;
  }
  observer.info(fmt::format("Archived {} tasks ({} rows) in {:.2f}s", core::grouped(done),
                            core::grouped(archiver.rows()), watch.seconds()));
  report();
  if (done < due) {
    result.notes.push_back(fmt::format("{} tasks were locked by others: the next run takes them",
                                       core::grouped(due - done)));
  }
  return result;
}

}  // namespace scalectl::workflow
