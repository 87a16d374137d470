#include "tick/step.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "tick/batched.hpp"
#include "tick/one_transaction.hpp"
#include "tick/run.hpp"
#include "tick/shares.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;

void judge(core::Result& result, const core::Stopwatch& watch) {
  watch.stamp(result);
  result.band = band_of(result.elapsed_s, *result.threshold_s);
}

void limit_waiting(pg::Transaction& tx, const Options& options) {
  tx.query(fmt::format("SET LOCAL lock_timeout = {}",
                       static_cast<std::int64_t>(options.lock_timeout.count() * 1000)));
}

Claim held(const Job& job) { return {.state = SlotState::kHeld, .window = job.wish->window}; }

std::optional<Stamp> stamp_of(const Step& step) {
  if (!step.claim) return std::nullopt;
  return Stamp{.slot = step.claim->slot,
               .token = step.claim->token,
               .window_s = step.claim->window.seconds()};
}

/// Times the step and puts it into the bookkeeping; the record's id, "" where there is to be none.
std::string judge_and_record(pg::Transaction& tx, const Job& job, const core::Stopwatch& watch,
                             Step& step, const pg::Param& began) {
  judge(step.timed, watch);
  if (!job.options.record) return "";
  return record(tx, step.timed, job.schema, step.work, stamp_of(step), began);
}

Work work_in(pg::Transaction& tx, const Job& job) {
  switch (job.options.strategy) {
    case Strategy::kRows:
      return row_by_row(tx, job.statements, job.pooled, job.session.stop(), job.observer);
    case Strategy::kEpoch:
      return advance_epoch(tx, job.statements);
    case Strategy::kSet:
    case Strategy::kBatched:
      break;
  }
  return as_set(tx, job.statements);
}

std::vector<pg::Session> connect_workers(const Job& job) {
  // Without the stop token: a stop is to end them after the batch under way, not in it.
  std::vector<pg::Session> workers;
  for (std::int64_t i = 0; i < job.options.workers.value_or(1); ++i) {
    workers.push_back(job.session.another({}));
  }
  return workers;
}

/// What the batches are to do, and for whom.
struct Assignment {
  std::vector<Share> shares;
  std::string began;    // by the server, this run
  std::string started;  // the first run of the window
  std::string wal_from;
};

/// Claims and cuts, in one transaction. Nothing where the window is not for this run.
std::optional<Assignment> assign(pg::Session& session, const Job& job, Step& step) {
  const Batched& form = *job.statements.tick().batched;
  const std::int64_t workers = job.options.workers.value_or(1);
  pg::Transaction tx = session.begin();
  limit_waiting(tx, job.options);
  Assignment assignment{.wal_from = wal_position(tx)};
  assignment.began = tx.query("SELECT to_json(now()) #>> '{}' AS at").text(0, "at");
  assignment.started = assignment.began;
  const auto fresh = [&] {
    return shares_of(tx, job.statements,
                     form.is_queue() ? "" : job.options.naming.table(form.key_table()), workers);
  };
  if (!job.wish) {
    assignment.shares = fresh();
    return assignment;
  }
  step.claim = claim(tx, job.key, *job.wish, job.options);
  if (!step.has_worked()) return std::nullopt;
  if (step.claim->state == SlotState::kResumed) {
    assignment.shares = take_over_shares(tx, job.key, step.claim->token, form.is_queue(), workers);
    for (const Share& share : assignment.shares) step.rows_before += share.rows;
  } else {
    assignment.shares = fresh();
    store(tx, job.key, step.claim->token, assignment.shares);
  }
  assignment.started = step.claim->started;
  tx.commit();
  return assignment;
}

/// `error` with what was done before it.
Error part_way(const Error& error, const Work& work, const Job& job) {
  const std::string done = fmt::format("{} rows in {} batches are done", core::grouped(work.rows),
                                       core::grouped(work.batches));
  if (job.wish) {
    return Error(error.kind(),
                 fmt::format("{}; {}, and the next run goes on from there", error.message(), done),
                 error.hint());
  }
  if (work.batches == 0) return error;
  return Error(ErrorKind::kFailed, fmt::format("{}; {} and stay so", error.message(), done),
               "without --window a further run begins anew");
}

}  // namespace

bool Step::has_worked() const {
  return !claim || claim->state == SlotState::kWorked || claim->state == SlotState::kResumed;
}

Step in_one_transaction(const Job& job) {
  const core::Stopwatch watch;
  Step step{.timed = job.head};
  std::string run_id;
  {
    pg::Transaction tx = job.session.begin();
    limit_waiting(tx, job.options);
    const std::string from = wal_position(tx);
    if (job.wish) {
      step.claim = find_done(tx, job.key, *job.wish, job.options);
      if (step.claim) return step;
      if (hold(tx, job.key, job.options, step.holder)) {
        step.claim = claim(tx, job.key, *job.wish, job.options);
      } else {
        step.claim = held(job);
      }
      if (!step.has_worked()) return step;
    }
    const Updates before = updates_so_far(tx, job.relations);
    step.work = work_in(tx, job);
    count_updates(tx, job.relations, before, step.work);
    count_wal(tx, from, step.work);
    run_id = judge_and_record(tx, job, watch, step, std::nullopt);
    tx.commit();
  }
  judge(step.timed, watch);
  if (!run_id.empty()) record_commit(job.session, run_id, step.timed);
  return step;
}

Step in_batches(const Job& job) {
  const core::Stopwatch watch;
  Step step{.timed = job.head};
  // The lock lives in an open transaction that does nothing else: it has neither a transaction id
  // nor a snapshot, so that it holds back no vacuum, and it ends with this process.
  std::optional<pg::Session> lock_session;
  std::optional<pg::Transaction> lock;
  if (job.wish) {
    lock_session.emplace(job.session.another(job.session.stop()));
    lock.emplace(lock_session->begin());
    lock->query("SET LOCAL idle_in_transaction_session_timeout = 0");
    step.claim = find_done(*lock, job.key, *job.wish, job.options);
    if (step.claim) return step;
    if (!hold(*lock, job.key, job.options, step.holder)) {
      step.claim = held(job);
      return step;
    }
  }
  std::vector<pg::Session> workers = connect_workers(job);
  const auto assignment = assign(workers.front(), job, step);
  if (!assignment) return step;

  BatchPlan plan{.statements = job.statements,
                 .relations = job.relations,
                 .batch = job.options.batch.value_or(job.statements.tick().batched->batch),
                 .lock_timeout = job.options.lock_timeout,
                 .started = assignment->started,
                 .key = std::nullopt};
  if (step.claim) {
    plan.key = job.key;
    plan.token = step.claim->token;
  }
  BatchOutcome outcome =
      work_batches(workers, assignment->shares, plan, job.session.stop(), job.observer);
  step.work = outcome.work;
  if (outcome.error) throw part_way(*outcome.error, step.work, job);
  step.stopped = outcome.stopped;
  if (step.stopped) {
    pg::Transaction tx = workers.front().begin();
    count_wal(tx, assignment->wal_from, step.work);
    judge(step.timed, watch);
    return step;
  }
  std::string run_id;
  {
    pg::Transaction tx = workers.front().begin();
    limit_waiting(tx, job.options);
    if (step.claim) finish(tx, job.key, step.claim->token);
    count_wal(tx, assignment->wal_from, step.work);
    run_id = judge_and_record(tx, job, watch, step, assignment->began);
    tx.commit();
  }
  judge(step.timed, watch);
  if (!run_id.empty()) record_commit(workers.front(), run_id, step.timed);
  return step;
}

}  // namespace scalectl::tick
