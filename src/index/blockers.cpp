#include "index/blockers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "core/wait.hpp"
#include "index/grants.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;

constexpr auto kPoll = std::chrono::milliseconds(100);
constexpr double kTellAfterS = 1;
constexpr double kRemindAfterS = 30;

std::string whole_seconds(double seconds) {
  return core::format_duration(core::Seconds(std::round(seconds)));
}

}  // namespace

std::string Blocker::describe() const {
  std::string text = fmt::format("pid {} (user {}", pid, user.empty() ? "unknown" : user);
  if (!state.empty()) text += ", " + state;
  if (age_s) text += fmt::format(" for {}", whole_seconds(*age_s));
  return text + ")";
}

std::string Blocker::brief() const {
  return fmt::format("pid {} ({}{})", pid, user.empty() ? "unknown" : user,
                     age_s ? ", " + whole_seconds(*age_s) : "");
}

std::optional<Blocker> find_blocker(pg::Session& session, std::int64_t pid) {
  const pg::Rows rows = session.query(
      "SELECT coalesce(usename, '') AS usename, state, backend_type,"
      "       extract(epoch FROM clock_timestamp() - xact_start) AS age"
      "  FROM pg_stat_activity WHERE pid = $1",
      {std::to_string(pid)});
  if (rows.empty()) return std::nullopt;
  Blocker blocker{.pid = pid,
                  .user = rows.text(0, "usename"),
                  .state = rows.at(0, "state").value_or(""),
                  .age_s = std::nullopt,
                  .remedy = ""};
  if (rows.at(0, "age")) blocker.age_s = rows.real(0, "age");
  if (blocker.user.empty()) blocker.user = rows.at(0, "backend_type").value_or("");
  if (!blocker.age_s && blocker.state.empty()) blocker.remedy = missing_sight(session);
  return blocker;
}

void Patience::wait(double seconds, const std::string& what,
                    const std::optional<Blocker>& blocker) {
  const std::string now = what + (blocker ? std::to_string(blocker->pid) : "");
  if (now != current_) {
    current_ = now;
    since_s_ = waited_s_;
    told_s_.reset();
  }
  waited_s_ += seconds;
  last_ = blocker;
  if (waited_s_ - told_s_.value_or(since_s_) < (told_s_ ? kRemindAfterS : kTellAfterS)) return;
  told_s_ = waited_s_;
  observer_.warn(fmt::format("{} waits for {}; gives up after {} of waiting", what,
                             blocker ? blocker->describe() : "another session",
                             core::format_duration(limit_)));
}

Error Patience::give_up(const std::string& what, const std::string& remedy) const {
  std::string hint = "allow more time with --wait";
  if (!remedy.empty()) {
    hint = remedy + ", or " + hint;
  } else if (last_) {
    hint = fmt::format(
        "end that session (SELECT pg_terminate_backend({})), or allow more time "
        "with --wait",
        last_->pid);
    if (!last_->remedy.empty()) hint += "; to see more of it: " + last_->remedy;
  }
  return {ErrorKind::kBusy,
          fmt::format("{}: gave up after {} of waiting for {}", what,
                      core::format_duration(core::Seconds(std::round(waited_s_ * 10) / 10)),
                      last_ ? last_->describe() : "another session"),
          hint};
}

void pause(const std::stop_token& stop, std::chrono::milliseconds duration) {
  if (!core::wait(stop, duration)) throw Error(ErrorKind::kInterrupted, "interrupted");
}

void await(pg::Session& session, Patience& patience, const std::string& what,
           const std::function<std::optional<std::int64_t>()>& blocking,
           const std::string& remedy) {
  while (const auto pid = blocking()) {
    if (patience.exhausted()) throw patience.give_up(what, remedy);
    patience.wait(std::chrono::duration<double>(kPoll).count(), what, find_blocker(session, *pid));
    pause(session.stop(), kPoll);
  }
}

std::optional<std::int64_t> builder_on(pg::Session& session, std::int64_t oid) {
  // Their lock on the table lasts from the first to the last of their steps. The progress view has
  // gaps between the indexes of a REINDEX TABLE; who vacuums holds the same lock and waits for
  // nobody.
  const pg::Rows rows = session.query(
      "SELECT l.pid FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)"
      " WHERE l.relation = $1::oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted"
      "   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
      "   AND (l.pid IN (SELECT pid FROM pg_stat_progress_create_index)"
      "        OR a.query ~* '^\\s*(create|reindex|drop)\\M') LIMIT 1",
      {std::to_string(oid)});
  if (rows.empty()) return std::nullopt;
  return rows.integer(0, "pid");
}

void await_builds(pg::Session& session, Patience& patience, std::int64_t oid) {
  await(session, patience, "a build on the same table", [&] { return builder_on(session, oid); });
}

}  // namespace scalectl::index
