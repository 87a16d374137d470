// Step: one window of a run, or a run on demand: claim, work and record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"
#include "tick/slot.hpp"
#include "tick/statements.hpp"
#include "tick/work.hpp"

namespace scalectl::tick {

/// What every step of a run works with.
struct Job {
  pg::Session& session;
  const Statements& statements;
  const Options& options;
  const std::vector<pg::Relation>& relations;  ///< the tables that it works on
  core::Observer& observer;
  SlotKey key;
  std::string schema;        ///< of the tick's target
  core::Result head;         ///< command, name, params and threshold
  std::optional<Wish> wish;  ///< with a window
  bool pooled = false;       ///< the server is behind a connection pooler; asked for rows alone
};

struct Step {
  std::optional<Claim> claim;  ///< with a window
  std::string holder;          ///< where another run is at work: who
  Work work;
  std::int64_t rows_before = 0;  ///< that earlier runs have worked in a window that was resumed
  bool stopped = false;          ///< batched: ended by a stop request
  core::Result timed;            ///< the head with time and band

  /// False where another run has done the window, or is at it.
  bool has_worked() const;
};

/// set, rows and epoch. Throws Error (interrupted) on a stop, when everything is rolled back.
Step in_one_transaction(const Job& job);

/// batched. An Error that ended it part-way says how many rows are done.
Step in_batches(const Job& job);

}  // namespace scalectl::tick
