// Seeding workflows: all or nothing, in one transaction.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "seed/bulk.hpp"
#include "seed/workflow_world.hpp"

namespace scalectl::seed {

struct WorkflowOptions {
  std::int64_t tasks = 50'000;
  std::int64_t steps = 6;  ///< of each task
  Shape shape = Shape::kMixed;
  Progress progress = Progress::kMixed;
  std::uint64_t seed = 42;
  int workers = 1;  ///< threads that make rows
  Existing existing = Existing::kRefuse;
  WorkflowTime as_of;  ///< the "now" that rows are dated by
  std::chrono::seconds max_age = kDefaultMaxAge;  ///< finished tasks were so at most this long before
  pg::Naming naming;
};

/// Throws Error (usage) for options that cannot be met, whatever the database holds.
void check(const WorkflowOptions& options);

/// Fills Tasker's tables by COPY: valid DAGs, histories that obey the state machine. The same options
/// give byte-identical tables whatever `workers`. Named tasks and steps of ours are added where they
/// are not there yet.
core::Result seed_workflow(pg::Session& session, const WorkflowOptions& options,
                           core::Observer& observer);

}  // namespace scalectl::seed
