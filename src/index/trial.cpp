#include "index/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/statistics.hpp"
#include "core/stopwatch.hpp"
#include "index/explain.hpp"
#include "index/workload.hpp"

namespace scalectl::index {
namespace {

constexpr double kTimeForRuns = 2;
constexpr std::size_t kLeastRuns = 3;

/// Runs `action`, and takes back what it wrote.
template <typename Action>
auto undone(pg::Transaction& tx, bool writes, const Action& action) {
  if (writes) tx.query("SAVEPOINT before_run");
  auto result = action();
  if (writes) tx.query("ROLLBACK TO SAVEPOINT before_run; RELEASE SAVEPOINT before_run");
  return result;
}

}  // namespace

double Trial::median_s() const { return times_s.empty() ? 0 : core::median(times_s); }

double Trial::typical_s() const {
  if (varied) return median_s();
  return times_s.empty() ? 0 : *std::min_element(times_s.begin(), times_s.end());
}

double Trial::p95_s() const {
  if (times_s.empty()) return 0;
  std::vector<double> sorted = times_s;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(sorted.size())));
  return sorted[rank - 1];
}

Trial run_trial(pg::Transaction& tx, const TrialPlan& plan) {
  Trial trial{.varied = plan.samples.size() > 1};
  if (!plan.analyze) {
    trial.plan = explain(tx, "", plan.sql, plan.samples.front());
    return trial;
  }
  if (plan.limit.count() > 0) {
    tx.query(fmt::format("SET LOCAL statement_timeout = {}",
                         static_cast<std::int64_t>(plan.limit.count() * 1000)));
  }
  trial.plan = explain(tx, "", plan.sql, plan.samples.front());  // in case the next one never ends
  const core::Stopwatch all;
  try {
    for (int run = 0; run < 2; ++run) {  // the first one may find cold caches
      trial.plan = undone(tx, plan.writes, [&] {
        return explain(tx, "ANALYZE, BUFFERS", plan.sql, plan.samples.front());
      });
      if (all.seconds() > kTimeForRuns) break;
    }
    trial.measured = true;
    for (std::size_t run = 0; run < static_cast<std::size_t>(std::max<std::int64_t>(1, plan.runs));
         ++run) {
      if (run >= kLeastRuns && all.seconds() > kTimeForRuns) break;
      trial.times_s.push_back(undone(tx, plan.writes, [&] {
        const core::Stopwatch watch;
        tx.query(kOurs + plan.sql, plan.samples[run % plan.samples.size()]);
        return watch.seconds();
      }));
    }
  } catch (const core::Error& error) {
    if (error.kind() != core::ErrorKind::kBusy || plan.limit.count() <= 0) throw;
    trial.timed_out = true;
    trial.times_s = {plan.limit.count()};
  }
  return trial;
}

}  // namespace scalectl::index
