// Batched: a tick in batches on several connections, each batch a transaction of its own.
//
// With a window, a batch's transaction also moves its share's last key under the run's token. A run
// that is killed, or a server that crashes and loses the last commits (they are asynchronous),
// loses work and last key together: the next run in the window goes on exactly there. The
// transaction that marks the window as done is synchronous, and flushes all commits before it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.hpp"
#include "core/observer.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"
#include "tick/shares.hpp"
#include "tick/slot.hpp"
#include "tick/statements.hpp"
#include "tick/work.hpp"

namespace scalectl::tick {

/// What is the same for every batch of a run.
struct BatchPlan {
  const Statements& statements;
  const std::vector<pg::Relation>& relations;
  std::int64_t batch;
  core::Seconds lock_timeout;
  std::string started;         ///< what :started binds
  std::optional<SlotKey> key;  ///< with a window: whose last keys are to be kept
  std::int64_t token = 0;      ///< with a window
};

/// How far the batches came.
struct BatchOutcome {
  Work work;
  bool stopped = false;              ///< by a stop request, after the batches under way
  std::optional<core::Error> error;  ///< the first that ended a worker; the others end after theirs
};

/// Works `shares` on the connections `workers`, one thread each. `stop` ends it after the batches
/// under way.
BatchOutcome work_batches(std::vector<pg::Session>& workers, const std::vector<Share>& shares,
                          const BatchPlan& plan, const std::stop_token& stop,
                          core::Observer& observer);

}  // namespace scalectl::tick
