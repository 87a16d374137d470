#include "load/drive.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "load/recorder.hpp"

namespace scalectl::load {
namespace {

using core::Nanos;

/// How often to look how the workers are doing: more often at first, for runs that are over at
/// once.
constexpr auto kFirstLook = std::chrono::milliseconds(1);
constexpr auto kLook = std::chrono::milliseconds(20);

/// What the workers handed over, added up; each second on its own until all have handed it over.
class Collector {
 public:
  Collector(Workers& workers, const SampleSink& samples, const DrivePlan& plan)
      : workers_(workers), samples_(samples), plan_(plan), reached_(workers.size(), -1) {}

  /// Takes what there is.
  void collect() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      Recorder& recorder = workers_[i]->recorder();
      for (std::unique_ptr<Second>& second : recorder.take()) {
        reached_[i] = std::max(reached_[i], second->index);
        if (samples_ && !second->samples.empty()) samples_(second->samples);
        total_.merge(second->tally);
        auto& whole = seconds_[second->index];
        if (!whole) whole = std::make_unique<Tally>();
        whole->merge(second->tally);
        recorder.give_back(std::move(second));
      }
    }
    close_until(*std::min_element(reached_.begin(), reached_.end()));
  }

  /// At the end: nothing more will come.
  std::vector<SeriesRow> finish() {
    collect();
    close_until(INT64_MAX);
    return std::move(series_);
  }

  const Tally& total() const { return total_; }
  const std::vector<SeriesRow>& series() const { return series_; }

 private:
  void close_until(std::int64_t last) {
    while (!seconds_.empty() && seconds_.begin()->first <= last) {
      const auto& [second, tally] = *seconds_.begin();
      series_.push_back(series_row(second, *tally));
      if (plan_.on_second) plan_.on_second(second, *tally);
      seconds_.erase(seconds_.begin());
    }
  }

  Workers& workers_;
  const SampleSink& samples_;
  const DrivePlan& plan_;
  std::vector<std::int64_t> reached_;
  Tally total_;
  std::map<std::int64_t, std::unique_ptr<Tally>> seconds_;
  std::vector<SeriesRow> series_;
};

/// The workers and their threads; stops and joins them whatever happens.
class Crew {
 public:
  explicit Crew(Workers& workers) : workers_(workers) {
    for (const auto& worker : workers_)
      threads_.emplace_back([&worker = *worker] { worker.run(); });
  }
  ~Crew() {
    stop();
    for (std::thread& thread : threads_) thread.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void begin(Nanos instant) {
    for (const auto& worker : workers_) worker->begin(instant);
  }
  void stop() {
    for (const auto& worker : workers_) worker->stop();
  }
  bool ready() const {
    return all([](const Worker& worker) { return worker.is_ready(); });
  }
  bool futile() const {
    return all([](const Worker& worker) { return worker.is_futile(); });
  }
  bool done() const {
    return all([](const Worker& worker) { return worker.is_done(); });
  }
  std::int64_t in_flight() const {
    std::int64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->in_flight();
    return sum;
  }

 private:
  template <typename Holds>
  bool all(const Holds& holds) const {
    return std::all_of(workers_.begin(), workers_.end(),
                       [&](const auto& worker) { return holds(*worker); });
  }

  Workers& workers_;
  std::vector<std::thread> threads_;
};

/// The first instant of the load by the monotonic clock.
Nanos first_instant(const DrivePlan& plan) {
  const Nanos now = core::monotonic_now();
  if (!plan.start_at) return now;
  const auto ahead = std::chrono::duration_cast<std::chrono::nanoseconds>(
      *plan.start_at - std::chrono::system_clock::now());
  return now + std::max<Nanos>(0, ahead.count());
}

/// How much of the run is done, 0 to 1; 0 where nobody knows.
double share_of(const DrivePlan& plan, double elapsed_s, const Tally& total) {
  double share = 0;
  if (plan.length) share = elapsed_s / core::to_seconds(*plan.length);
  if (plan.count) {
    share =
        std::max(share, static_cast<double>(total.counts.sent) / static_cast<double>(*plan.count));
  }
  return std::min(share, 1.0);
}

/// The first threshold that `tally` misses; empty where it misses none.
std::string missed_threshold(const DrivePlan& plan, const Tally& tally, double elapsed_s,
                             bool expects) {
  const OutcomeMeasurement measurement(tally, elapsed_s, 0, expects);
  for (const Threshold& threshold : plan.thresholds) {
    const ThresholdOutcome outcome = evaluate(threshold, measurement);
    if (!outcome.passed && outcome.observed) return outcome.text;
  }
  return "";
}

}  // namespace

void drive(const DrivePlan& plan, Workers& workers, const std::stop_token& stop,
           core::Observer& observer, const SampleSink& samples, Outcome& outcome) {
  Crew crew(workers);
  Collector collector(workers, samples, plan);
  while (!crew.ready() && !stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const Nanos begin = first_instant(plan);
  // Interrupted before that: nothing was sent yet, and nothing is.
  outcome.interrupted = stop.stop_requested();
  bool stopping = outcome.interrupted || crew.futile();
  stopping ? crew.stop() : crew.begin(begin);
  std::size_t shown = 0;
  auto look = kFirstLook;
  while (!crew.done()) {
    std::this_thread::sleep_for(look);
    look = std::min(look * 2, kLook);
    collector.collect();
    const double elapsed_s = core::to_seconds(core::monotonic_now() - begin);
    const bool new_second = collector.series().size() > shown && !crew.done();
    if (new_second) {
      shown = collector.series().size();
      observer.snapshot(
          {.what = "load",
           .elapsed_s = elapsed_s,
           .share = share_of(plan, elapsed_s, collector.total()),
           .values = plan.live(collector.total(), collector.series().back(), crew.in_flight())});
    }
    if (stopping) continue;
    if (stop.stop_requested()) {
      outcome.interrupted = true;
    } else if (plan.abort_on_fail && new_second &&
               elapsed_s >= core::to_seconds(plan.abort_delay)) {
      outcome.aborted_by = missed_threshold(plan, collector.total(), elapsed_s, outcome.expects);
    }
    stopping = outcome.interrupted || !outcome.aborted_by.empty();
    if (stopping) crew.stop();
  }
  outcome.series = collector.finish();
  outcome.tally = collector.total();
  Nanos finished = begin;
  outcome.generator.threads = static_cast<int>(workers.size());
  for (const auto& worker : workers) {
    const WorkerHealth health = worker->health();
    finished = std::max(finished, health.finished);
    outcome.generator.cpu_ratio = std::max(outcome.generator.cpu_ratio, health.cpu_ratio);
    outcome.generator.longest_gap = std::max(outcome.generator.longest_gap, health.longest_gap);
  }
  outcome.elapsed_s = core::to_seconds(finished - begin);
}

}  // namespace scalectl::load
