#include "tick/batched.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/stopwatch.hpp"
#include "pg/errors.hpp"

namespace scalectl::tick {
namespace {

using core::Error;

constexpr double kSnapshotEvery_s = 1;
constexpr int kAttempts = 5;  // at a batch that ends in deadlocks

/// What one batch did.
struct Done {
  Work work;
  std::int64_t next = 0;  // a range: the key it ended at
  bool found = false;     // a queue: there were rows
};

class Batches {
 public:
  Batches(const std::vector<Share>& shares, const BatchPlan& plan, std::stop_token stop,
          core::Observer& observer)
      : shares_(shares),
        plan_(plan),
        form_(*plan.statements.tick().batched),
        stop_(std::move(stop)),
        observer_(observer),
        work_sql_(plan.statements.bind(form_.work)) {
    if (form_.upper) upper_sql_ = plan.statements.bind(*form_.upper);
    for (const Share& share : shares) keys_ += share.keys_left();
  }

  BatchOutcome run(std::vector<pg::Session>& workers) {
    {
      std::vector<std::jthread> threads;
      for (pg::Session& session : workers) {
        threads.emplace_back([this, &session] { work(session); });
      }
    }
    return std::move(outcome_);
  }

 private:
  /// One worker: takes shares until none is left.
  void work(pg::Session& session) {
    try {
      for (std::size_t i = next_share_++; i < shares_.size(); i = next_share_++) {
        if (!work_share(session, shares_[i])) return;
      }
    } catch (const Error& error) {
      fail(error);
    } catch (const std::exception& error) {
      fail(Error(core::ErrorKind::kFailed, error.what()));
    }
  }

  /// Keeps the first error; the others end after the batches under way.
  void fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    if (!outcome_.error) outcome_.error = error;
  }

  /// False where it was to end before the share did.
  bool work_share(pg::Session& session, Share share) {
    const bool queue = form_.is_queue();
    while (queue || share.after < share.upto) {
      if (ends()) return false;
      const Done done = work_batch(session, share);
      const std::uint64_t keys_before = share.keys_left();
      share.after = done.next;
      report(done, keys_before - share.keys_left());
      if (queue && !done.found) return true;
    }
    return true;
  }

  /// A batch that a deadlock has ended left nothing behind: it is worked again.
  Done work_batch(pg::Session& session, const Share& share) {
    for (int attempt = 1;; ++attempt) {
      try {
        Done done = form_.is_queue() ? work_queue(session, share) : work_range(session, share);
        done.work.batch_retries = attempt - 1;
        return done;
      } catch (const pg::Conflict&) {
        if (attempt == kAttempts || stop_.stop_requested()) throw;
      }
    }
  }

  Done work_range(pg::Session& session, const Share& share) {
    pg::Transaction tx = begin(session);
    Values values{{"after", std::to_string(share.after)},
                  {"batch", std::to_string(plan_.batch)},
                  {"started", plan_.started}};
    Done done{.next = next_key(tx, share, values)};
    values["upto"] = std::to_string(done.next);
    const Updates before = updates_so_far(tx, plan_.relations);
    done.work.rows = tx.query(work_sql_.sql, plan_.statements.params(work_sql_, values)).affected();
    done.work.statements = 2;
    close(tx, share, done.next, before, done.work);
    return done;
  }

  Done work_queue(pg::Session& session, const Share& share) {
    pg::Transaction tx = begin(session);
    const Values values{{"batch", std::to_string(plan_.batch)}, {"started", plan_.started}};
    const Updates before = updates_so_far(tx, plan_.relations);
    Done done;
    done.work.rows = tx.query(work_sql_.sql, plan_.statements.params(work_sql_, values)).affected();
    done.work.statements = 1;
    done.found = done.work.rows > 0;
    close(tx, share, std::nullopt, before, done.work);
    return done;
  }

  pg::Transaction begin(pg::Session& session) const {
    pg::Transaction tx = session.begin();
    tx.query(fmt::format("SET LOCAL lock_timeout = {}{}",
                         static_cast<std::int64_t>(plan_.lock_timeout.count() * 1000),
                         plan_.key ? "; SET LOCAL synchronous_commit = off" : ""));
    return tx;
  }

  /// The key that the next batch of `share` ends at.
  std::int64_t next_key(pg::Transaction& tx, const Share& share, const Values& values) const {
    const pg::Rows rows = tx.query(upper_sql_.sql, plan_.statements.params(upper_sql_, values));
    const pg::Param key = rows.size() == 1 ? rows.at(0, 0) : std::nullopt;
    if (!key) return share.upto;
    const std::int64_t next = core::parse_integer(*key);
    if (next > share.after) return std::min(next, share.upto);
    throw core::usage_error(
        fmt::format("@batched: the key {} is not above :after, which is {}", next, share.after),
        "its first statement must return the largest key of the next :batch rows");
  }

  /// Counts, moves the last key on and commits.
  void close(pg::Transaction& tx, const Share& share, std::optional<std::int64_t> next,
             const Updates& before, Work& work) const {
    count_updates(tx, plan_.relations, before, work);
    if (plan_.key) advance(tx, *plan_.key, plan_.token, share, next, work.rows);
    tx.commit();
    work.batches = 1;
  }

  bool ends() {
    if (stop_.stop_requested()) {
      const std::lock_guard lock(mutex_);
      outcome_.stopped = true;
      return true;
    }
    return failed_;
  }

  void report(const Done& done, std::uint64_t keys) {
    const std::lock_guard lock(mutex_);
    outcome_.work += done.work;
    const std::string& name = plan_.statements.tick().name;
    if (form_.is_queue()) {  // nobody knows how long it is
      if (watch_.seconds() < next_snapshot_s_) return;
      next_snapshot_s_ = watch_.seconds() + kSnapshotEvery_s;
      observer_.snapshot(
          {.what = name,
           .elapsed_s = watch_.seconds(),
           .values = {{"rows", outcome_.work.rows}, {"batches", outcome_.work.batches}}});
      return;
    }
    keys_done_ += keys;
    observer_.progress(name, keys_done_, keys_, "keys");
  }

  const std::vector<Share>& shares_;
  const BatchPlan& plan_;
  const Batched& form_;
  std::stop_token stop_;
  core::Observer& observer_;
  catalog::BoundSql upper_sql_;
  catalog::BoundSql work_sql_;
  core::Stopwatch watch_;
  std::uint64_t keys_ = 0;
  std::atomic<std::size_t> next_share_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;  // guards what follows, and calls of the observer
  std::uint64_t keys_done_ = 0;
  double next_snapshot_s_ = kSnapshotEvery_s;
  BatchOutcome outcome_;
};

}  // namespace

BatchOutcome work_batches(std::vector<pg::Session>& workers, const std::vector<Share>& shares,
                          const BatchPlan& plan, const std::stop_token& stop,
                          core::Observer& observer) {
  return Batches(shares, plan, stop, observer).run(workers);
}

}  // namespace scalectl::tick
