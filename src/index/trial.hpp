// Trial: one query run a few times inside a transaction, and what its plan says.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/parse.hpp"
#include "core/value.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// What is run, and how often.
struct TrialPlan {
  std::string sql;
  std::vector<pg::Params> samples;  ///< taken in turn
  std::int64_t runs = 50;
  bool writes = false;     ///< each run is undone before the next
  bool analyze = true;     ///< false: EXPLAIN only
  core::Seconds limit{0};  ///< for one run; 0 for none
};

struct Trial {
  core::Value plan;  ///< of the first run
  bool measured = false;
  bool varied = false;          ///< the runs had different values
  bool timed_out = false;       ///< a run was ended at its limit; its time is in `times_s`
  std::vector<double> times_s;  ///< of each run, as the client waited for it

  double median_s() const;
  /// What one trial is held against another by: the fastest run, in which what else the machine
  /// does shows least; the median where the runs had different values to look for.
  double typical_s() const;
  double p95_s() const;
};

/// Runs the query until `runs` are done or the time for it (kTimeForRuns) is used up, but three
/// times at least. Throws Error; a run that hits the limit is no error, but ends the transaction.
Trial run_trial(pg::Transaction& tx, const TrialPlan& plan);

}  // namespace scalectl::index
