#include "workflow/archive.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"

namespace scalectl::workflow {
namespace {

using core::Error;
using core::ErrorKind;

/// The batches of one run.
class Archiver {
 public:
  Archiver(pg::Session& session, const pg::Naming& naming, const ArchiveOptions& options)
      : session_(session), naming_(naming), options_(options) {}

  /// Tasks that are due, at the start.
  std::int64_t due() {
    return session_
        .query(fmt::format("SELECT count(*) AS n {}", from_due_tasks()), {cutoff()})
        .integer(0, "n");
  }

  /// Moves one batch; how many tasks it was.
  std::int64_t move_batch() {
    pg::Transaction tx = session_.begin();
    tx.query("SET LOCAL lock_timeout = '10s'");
    const pg::Rows rows = tx.query(
        fmt::format("SELECT array_agg(task_id)::text AS ids, count(*) AS n FROM ("
                    "  SELECT t.task_id {} ORDER BY t.task_id LIMIT $2"
                    "  FOR UPDATE OF t SKIP LOCKED) AS batch",
                    from_due_tasks()),
        {cutoff(), std::to_string(options_.batch)});
    const std::int64_t tasks = rows.integer(0, "n");
    if (tasks == 0) return 0;
    const pg::Params ids{rows.text(0, "ids")};
    const std::string of_tasks = "task_id = ANY ($1::bigint[])";
    const std::string steps = fmt::format("(SELECT workflow_step_id FROM {} WHERE {})",
                                          naming_.table("workflow_steps"), of_tasks);
    // Parents are copied before their children and deleted after them.
    copy(tx, "tasks", of_tasks, ids, ", now() AT TIME ZONE 'UTC'");
    copy(tx, "workflow_steps", of_tasks, ids, "");
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
  std::string from_due_tasks() const {
    return fmt::format(
        "FROM {} t JOIN {} s ON s.task_id = t.task_id AND s.most_recent"
        " WHERE s.to_state IN ('complete', 'cancelled', 'resolved_manually')"
        "   AND s.created_at < (now() AT TIME ZONE 'UTC') - $1::interval",
        naming_.table("tasks"), naming_.table("task_transitions"));
  }
  std::string cutoff() const { return fmt::format("{:.6f} seconds", options_.older_than.count()); }
  std::string archived(const std::string& table) const { return naming_.table("archived_" + table); }

  void copy(pg::Transaction& tx, const std::string& table, const std::string& condition,
            const pg::Params& ids, const std::string& more) {
    rows_ += tx.query(fmt::format("INSERT INTO {} SELECT t.*{} FROM {} t WHERE {}", archived(table),
                                  more, naming_.table(table), condition),
                      ids)
                 .affected();
  }
  void move(pg::Transaction& tx, const std::string& table, const std::string& condition,
            const pg::Params& ids) {
    rows_ += tx.query(fmt::format("WITH moved AS (DELETE FROM {} WHERE {} RETURNING *)"
                                  " INSERT INTO {} SELECT * FROM moved",
                                  naming_.table(table), condition, archived(table)),
                      ids)
                 .affected();
  }

  pg::Session& session_;
  const pg::Naming& naming_;
  const ArchiveOptions& options_;
  std::int64_t rows_ = 0;
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
  const std::int64_t due = archiver.due();
  std::int64_t done = 0;
  std::int64_t batches = 0;
  const auto report = [&] {
    result.metrics.set("due", due).set("tasks", done).set("rows", archiver.rows());
    result.metrics.set("batches", batches);
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
