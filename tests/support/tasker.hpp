// Tasker: steps and tasks of a workflow written by hand, with their ages in place of times, so that
// a test can say "failed a second ago" and mean it to the microsecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/session.hpp"

namespace scalectl::test {

/// A transition into a state, so many seconds before now.
struct Event {
  std::string to_state;
  double age_s = 0;
};

/// A row of tasker_workflow_steps, with its edges and transitions.
struct TaskerStep {
  std::int64_t id = 0;
  std::int64_t task = 1;
  std::vector<Event> history;  ///< oldest first; the last one is the most recent
  std::vector<std::int64_t> parents;
  std::optional<std::int64_t> attempts;
  std::optional<std::int64_t> retry_limit;
  bool retryable = true;
  bool in_process = false;
  bool processed = false;
  std::optional<double> last_attempted_age_s;
  std::optional<std::int64_t> backoff_s;
};

/// Writes the steps, and the tasks from 1 to `tasks`, into empty tables of prefix tasker_, by COPY.
/// "Now" is the time at which `tx` began, as for the views.
void store(pg::Transaction& tx, std::int64_t tasks, const std::vector<TaskerStep>& steps);

}  // namespace scalectl::test
