// What the workflow benches measure, on one session each: asking for single tasks, and writing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "seed/workflow.hpp"
#include "workflow/views.hpp"

namespace scalectl::story {

/// application_name of the workflow bench's sessions.
inline constexpr const char* kWorkflowBench = "scalectl workflow bench";

/// Tasker's tables under their usual names.
pg::Naming tasker();

/// The world that a bench measures in.
struct World {
  std::int64_t tasks = 0;
  std::int64_t steps = 6;                               ///< of each task
  std::chrono::seconds max_age = seed::kDefaultMaxAge;  ///< of what is finished
};

/// Tables and rows of a mixed world, dated by now. Throws Error (interrupted) on a stop request.
void make_world(pg::Session& session, const catalog::Catalog& catalog, const World& world,
                const std::string& version);

/// Asks for the readiness of `tasks` one by one, as a worker would: prepared, and fetched. Adds the
/// seconds of each to `seconds`; stops early where a view takes long. False if one hit the
/// session's statement_timeout.
bool ask_one_by_one(pg::Session& session, const workflow::Views& views,
                    const std::vector<std::int64_t>& tasks, std::vector<double>& seconds);

/// Seconds to insert 2,000 new steps with their tasks and first transitions; rolled back.
double timed_insert(pg::Session& session);

/// Seconds to begin 2,000 pending steps: the old transition demoted, a new one written, and the
/// step's own columns; rolled back.
double timed_transitions(pg::Session& session);

/// The nearest-rank 95th percentile; 0 for an empty sample.
double percentile95(std::vector<double> sample);

}  // namespace scalectl::story
