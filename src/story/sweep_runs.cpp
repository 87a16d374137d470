#include "story/sweep_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/error.hpp"
#include "core/power_law.hpp"
#include "core/statistics.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "story/silent.hpp"
#include "tick/run.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

/// A stop request of its own after some time, and at once with the outer one. Statements that run
/// are cancelled by it, and a tick of many statements notices it between two of them.
class Deadline {
 public:
  Deadline(core::Seconds limit, const std::stop_token& outer)
      : forward_(outer, [this] { source_.request_stop(); }),
        timer_([this, limit](const std::stop_token& over) {
          std::unique_lock lock(mutex_);
          if (!wake_.wait_for(lock, over, limit, [&over] { return over.stop_requested(); })) {
            source_.request_stop();
          }
        }) {}

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread timer_;
};

void refuse_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
}

/// What a run at `size` takes, going by the sizes before: in proportion after one of them, by the
/// power law through them after more. Nothing before the first.
std::optional<double> expected_s(const SweepLine& line, std::int64_t size) {
  std::vector<std::pair<double, double>> points;
  for (const auto& [players, sample] : line.samples) {
    points.emplace_back(players, core::median(sample.elapsed_s));
  }
  if (points.empty()) return std::nullopt;
  const auto to = static_cast<double>(size);
  if (points.size() == 1) return points.front().second * to / points.front().first;
  return core::least_squares(points).at(to);
}

class Sweep {
 public:
  Sweep(SweepArena& arena, const tick::Definition& tick, const SweepRunOptions& options,
        const std::stop_token& stop, core::Observer& observer, SweepLines& lines)
      : arena_(arena),
        tick_(tick),
        options_(options),
        stop_(stop),
        observer_(observer),
        lines_(lines) {}

  void at(std::int64_t size, std::vector<SweepVariant> variants) {
    std::erase_if(variants, [&](const SweepVariant& variant) { return !may_go_on(variant, size); });
    if (variants.empty()) return;
    const core::Stopwatch watch;
    const std::string what = core::grouped(size) + " players";
    const auto total = static_cast<std::uint64_t>(options_.repeats) * variants.size();
    std::uint64_t done = 0;
    observer_.progress(what, done, total, "runs");
    for (std::size_t round = 0; round < static_cast<std::size_t>(options_.repeats); ++round) {
      for (std::size_t turn = 0; turn < variants.size(); ++turn) {
        // Each round begins with another variant, so that none always follows the same one.
        const SweepVariant& variant = variants[(turn + round) % variants.size()];
        if (lines_[variant].stopped.empty()) run(variant, size);
        observer_.progress(what, ++done, total, "runs");
      }
    }
    observer_.info(fmt::format("Measured {} in {:.1f}s ({} variant{}, {} run{} of each)", what,
                               watch.seconds(), variants.size(), variants.size() == 1 ? "" : "s",
                               options_.repeats, options_.repeats == 1 ? "" : "s"));
  }

 private:
  bool may_go_on(const SweepVariant& variant, std::int64_t size) {
    SweepLine& line = lines_[variant];
    if (!line.stopped.empty()) return false;
    const auto expected = expected_s(line, size);
    if (!expected || *expected <= options_.max_time.count()) return true;
    line.stopped =
        fmt::format("stopped before {} players: a run would take about {:.0f} s, --max-time is {}",
                    core::grouped(size), *expected, core::format_duration(options_.max_time));
    observer_.info(variant.name() + " " + line.stopped);
    return false;
  }

  void run(const SweepVariant& variant, std::int64_t size) {
    refuse_stopped(stop_);
    SweepLine& line = lines_[variant];
    const core::Result result = capped_run(variant, size);
    refuse_stopped(stop_);
    if (result.interrupted) {
      line.samples.erase(size);
      line.stopped = fmt::format("stopped at {} players: a run did not end within --max-time {}",
                                 core::grouped(size), core::format_duration(options_.max_time));
      observer_.info(variant.name() + " " + line.stopped);
      return;
    }
    SweepSample& sample = line.samples[size];
    sample.elapsed_s.push_back(result.elapsed_s);
    sample.wal_bytes.push_back(result.metrics.find("wal_bytes")->number());
    sample.rows.push_back(result.metrics.find("rows")->number());
    const core::Value* hot = result.metrics.find("hot_ratio");
    if (hot != nullptr && hot->is_number()) sample.hot_ratio.push_back(hot->number());
  }

  /// The run that the deadline ends is reported as interrupted.
  core::Result capped_run(const SweepVariant& variant, std::int64_t size) {
    const pg::Session& fresh = arena_.fresh(variant.layout, size);
    const Deadline deadline(options_.max_time, stop_);
    pg::Session session = fresh.another(deadline.token());
    return tick::run(session, tick_, engine_options(variant), silent_);
  }

  tick::Options engine_options(const SweepVariant& variant) const {
    tick::Options engine;
    engine.strategy = tick::strategy_of(variant.strategy);
    if (engine.strategy == tick::Strategy::kBatched) engine.workers = options_.workers;
    return engine;
  }

  SweepArena& arena_;
  const tick::Definition& tick_;
  const SweepRunOptions& options_;
  const std::stop_token& stop_;
  core::Observer& observer_;
  SweepLines& lines_;
  Silent silent_;
};

}  // namespace

void run_sweep(SweepArena& arena, const tick::Definition& tick,
               const std::vector<SweepVariant>& variants, const SweepRunOptions& options,
               const std::stop_token& stop, core::Observer& observer, SweepLines& lines) {
  Sweep sweep(arena, tick, options, stop, observer, lines);
  for (const std::int64_t size : options.sizes) {
    refuse_stopped(stop);
    sweep.at(size, variants);
  }
}

}  // namespace scalectl::story
