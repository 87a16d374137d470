// Waiting for what another thread, process or server does: with a deadline, and never longer than
// it takes.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "support/database.hpp"

namespace scalectl::test {

/// Asks `done` every few milliseconds until it says yes; false where `limit` passes first.
template <typename Done>
bool comes_true(const Done& done, std::chrono::seconds limit = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

/// The server process behind a session.
inline std::string backend_of(pg::Session& session) {
  return scalar(session, "SELECT pg_backend_pid()");
}

/// A thread that asks for a stop once `condition` (SQL) holds, and does so at the deadline too, so
/// that a test ends; `held` tells the two apart.
inline std::jthread stop_when(const Database& database, std::string condition,
                              std::stop_source source, bool& held) {
  return std::jthread([&database, condition = std::move(condition), source, &held]() mutable {
    pg::Session watcher = database.connect();
    held = comes_true([&] { return scalar(watcher, "SELECT " + condition) == "t"; });
    source.request_stop();
  });
}

/// The condition that the backend `pid` waits for another session's lock.
inline std::string is_blocked(const std::string& pid) {
  return "pg_blocking_pids(" + pid + ") <> '{}'";
}

/// The condition that any session of the database waits for another one's lock.
inline const std::string kSomebodyIsBlocked =
    "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    "          AND pg_blocking_pids(pid) <> '{}')";

}  // namespace scalectl::test
