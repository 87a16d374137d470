// Advice: indexes that would make queries cheaper, tried out as hypothetical ones only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "index/workload.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

struct AdviseOptions {
  std::optional<std::vector<Workload>> queries;  ///< else those that pg_stat_statements has
  std::int64_t limit = 20;                       ///< of those, by the time that they took
  double least_saving = 0.2;  ///< of a query's cost, for an index to be worth a line
};

/// For each query the index that makes its plan cheapest, if one does so by `least_saving` or more:
/// cost before and after, size, and what writes of the table would cost more with it (measured on a
/// copy that is rolled back, where the role may make one). Builds nothing. Throws
/// Error (usage) where hypopg or pg_stat_statements is not there, or may not be read.
core::Result advise(pg::Session& session, const AdviseOptions& options, core::Observer& observer);

}  // namespace scalectl::index
