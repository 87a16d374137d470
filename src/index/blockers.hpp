// Blockers: who is waited for, in words that let an operator act.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "core/error.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// A session that others wait for.
struct Blocker {
  std::int64_t pid = 0;
  std::string user;
  std::string state;            ///< "idle in transaction", …; empty where the role may not see it
  std::optional<double> age_s;  ///< of its transaction
  std::string remedy;           ///< the GRANT that would show more; empty where all is seen

  /// "pid 4711 (user app, idle in transaction for 12m)".
  std::string describe() const;
  /// "pid 4711 (app, 12m)", for a line that is short.
  std::string brief() const;
};

/// What pg_stat_activity tells of process `pid`; nothing where it is gone.
std::optional<Blocker> find_blocker(pg::Session& session, std::int64_t pid);

/// The waiting that a run has in it, however often it waits. Time in which something is done does
/// not count.
class Patience {
 public:
  Patience(core::Seconds limit, core::Observer& observer) : limit_(limit), observer_(observer) {}

  core::Seconds limit() const { return limit_; }
  double waited_s() const { return waited_s_; }
  bool exhausted() const { return waited_s_ >= limit_.count(); }
  /// `seconds` more were spent waiting for `blocker` with `what`; once it lasts, and then now and
  /// again, that goes to the log.
  void wait(double seconds, const std::string& what, const std::optional<Blocker>& blocker);
  /// Error (busy) that names the last blocker. `remedy` stands in place of ending its session.
  core::Error give_up(const std::string& what, const std::string& remedy = "") const;

 private:
  core::Seconds limit_;
  core::Observer& observer_;
  double waited_s_ = 0;
  std::optional<Blocker> last_;
  std::string current_;  // what waits, and for whom …
  double since_s_ = 0;   // … since so much waiting
  std::optional<double> told_s_;
};

/// Sleeps. Throws Error (interrupted) on a stop request.
void pause(const std::stop_token& stop, std::chrono::milliseconds duration);

/// Asks every now and then whether `blocking` still names a process that is in the way of `what`,
/// and returns once it does not. Throws Error: busy once `patience` is exhausted, interrupted on a
/// stop request.
void await(pg::Session& session, Patience& patience, const std::string& what,
           const std::function<std::optional<std::int64_t>()>& blocking,
           const std::string& remedy = "");

/// The process of another session that builds, rebuilds or drops an index of the table `oid`
/// concurrently.
std::optional<std::int64_t> builder_on(pg::Session& session, std::int64_t oid);

/// Waits until there is none. A
/// build of ours would queue for the table with a snapshot that theirs waits for: a deadlock, which
/// theirs may lose.
void await_builds(pg::Session& session, Patience& patience, std::int64_t oid);

}  // namespace scalectl::index
