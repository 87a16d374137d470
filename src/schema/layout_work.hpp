// LayoutWork: what the steps from one layout to another share: the table, the patience for locks,
// and the count of what was done.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "schema/layout.hpp"
#include "schema/layout_files.hpp"
#include "schema/layout_state.hpp"

namespace scalectl::schema {

/// What a migration has done so far.
struct LayoutCounts {
  std::int64_t moved = 0;    ///< rows that were written anew elsewhere
  std::int64_t settled = 0;  ///< players brought to the present
  std::int64_t batches = 0;  ///< transactions that did so
  std::int64_t dropped = 0;  ///< indexes
  std::int64_t created = 0;  ///< indexes
};

struct LayoutWork {
  pg::Session& session;
  const Place& place;
  const LayoutOptions& options;
  const LayoutState& before;
  core::Observer& observer;
  LayoutCounts counts;
  std::vector<std::string> notes;  ///< for the Result: what was done that no count tells

  /// Throws Error (interrupted) on a stop request.
  void heed_stop() const;
  /// Waits that long, or until a stop is requested.
  void pause(std::chrono::milliseconds duration) const;
  /// Runs `action` in a transaction of its own in which no lock is waited for longer than the
  /// options say, and commits it. Where a lock was not had (the application has it, and must not
  /// queue up behind us) it is tried again after a pause, ten times in all; then Error (busy) that
  /// names `what`.
  void briefly(const std::string& what, const std::function<void(pg::Transaction&)>& action) const;
  /// Sets the table's fillfactor; 100 is the server's own. True where it was another.
  bool set_fillfactor(int percent) const;
};

}  // namespace scalectl::schema
