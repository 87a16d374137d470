// What can run now, why the rest cannot, and when the next retry is due.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "pg/session.hpp"
#include "workflow/views.hpp"

namespace scalectl::workflow {

struct Selection {
  std::vector<std::int64_t> tasks;  ///< empty: all of them
  std::int64_t limit = 100;         ///< rows of a listing of all; 0: no limit
};

/// The steps of the selected tasks, each with a plain reason, and how many there are of each. Of all
/// tasks, finished steps are counted and not listed. Throws Error (usage) for a task that is not there.
core::Result ready(pg::Session& session, const Views& views, const Selection& selection);

/// The execution contexts of the selected tasks, and how many tasks are in which.
core::Result contexts(pg::Session& session, const Views& views, const Selection& selection);

/// Takes the waiting out of this session's retries (v3 and later). Throws Error (usage) for older
/// views, which cannot do that.
void without_backoff(pg::Session& session, const Views& views);

}  // namespace scalectl::workflow
