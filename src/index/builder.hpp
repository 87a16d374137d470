// Builder: runs the statements that build and drop indexes, on a connection of its own, while the
// caller's session watches: it says how far the build is and who is in its way, marks the index as
// ours as soon as it is there, and ends the statement once the waiting has gone on for too long.
// The statement itself has neither lock_timeout nor statement_timeout: both would end a build that
// is doing well.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/observer.hpp"
#include "index/blockers.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

class Builder {
 public:
  /// `session` is used by the thread that calls, between its own statements.
  Builder(pg::Session& session, Patience& patience, core::Observer& observer)
      : session_(session), patience_(patience), observer_(observer) {}

  /// Runs a CREATE INDEX CONCURRENTLY that makes `index` (quoted and qualified) on the table `oid`,
  /// with `comment` on it, once no other session builds on that table. Throws Error: busy once the
  /// patience is exhausted, interrupted on a stop request, or what the server said. Whatever stops
  /// it, the unfinished index is dropped again, and the message says so, or that it could not be.
  void create(const std::string& sql, std::int64_t table, const std::string& index,
              const std::string& comment);

  /// DROP INDEX CONCURRENTLY, once no other session builds on its table; one that is gone by then
  /// is dropped.
  void drop(const std::string& index);
  /// The same for what must not stay behind: it does not heed a stop request, and gives up after
  /// some seconds. False where the index is still there.
  bool try_drop(const std::string& index);

  /// Runs any other statement that may have to wait.
  void run(const std::string& sql, const std::string& what);

  /// Who must be out of the way of a transaction: those who write to a table, or all who use it.
  enum class Against { kWriters, kEverybody };
  /// Runs `work` in a transaction that locks the table `oid` and its partitions. It waits for its
  /// locks only a moment, since whoever comes later queues behind it, and is tried again and again.
  /// Throws Error (busy) that names who is in the way once the patience is exhausted.
  void in_short_locks(const std::string& what, std::int64_t table, Against against,
                      const std::function<void(pg::Transaction&)>& work);

 private:
  /// The comment that an index is to get as soon as it is there.
  struct Mark {
    std::string index;
    std::string comment;
  };
  /// With `to_the_end`, a stop request does not end it.
  void supervise(const std::string& sql, const std::string& what, Patience& patience,
                 const Mark& mark, bool to_the_end = false);
  /// True once the comment is on the index.
  bool put(const Mark& mark);
  /// Drops `index` if it is there and INVALID; what to say about that.
  std::string clean_up(const std::string& index);
  void drop_when_alone(const std::string& index, const std::string& what, Patience& patience,
                       bool to_the_end);
  pg::Session& connection();

  pg::Session& session_;
  Patience& patience_;
  core::Observer& observer_;
  std::stop_source cancel_;
  std::optional<pg::Session> connection_;
};

/// Holds the one lock that all index work in a database takes, polling for it on an idle session:
/// waiting in pg_advisory_lock would be a snapshot that the other one's build waits for.
class SingleFlight {
 public:
  /// Throws Error (busy) that names the holder once `patience` is exhausted.
  SingleFlight(pg::Session& session, Patience& patience);
  ~SingleFlight();
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

 private:
  pg::Session& session_;
};

}  // namespace scalectl::index
