#include "load/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <thread>

#include "core/error.hpp"
#include "load/preflight.hpp"
#include "load/recorder.hpp"
#include "load/worker.hpp"

namespace scalectl::load {
namespace {

using core::Nanos;

constexpr auto kLook = std::chrono::milliseconds(20);

/// What the workers handed over, added up; each second on its own until all have handed it over.
class Collector {
 public:
  Collector(std::vector<std::unique_ptr<Worker>>& workers, const SampleSink& samples)
      : workers_(workers), samples_(samples), reached_(workers.size(), -1) {}

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
      series_.push_back(series_row(seconds_.begin()->first, *seconds_.begin()->second));
      seconds_.erase(seconds_.begin());
    }
  }

  std::vector<std::unique_ptr<Worker>>& workers_;
  const SampleSink& samples_;
  std::vector<std::int64_t> reached_;
  Tally total_;
  std::map<std::int64_t, std::unique_ptr<Tally>> seconds_;
  std::vector<SeriesRow> series_;
};

/// The workers and their threads; stops and joins them whatever happens.
class Crew {
 public:
  explicit Crew(const RunSetting& setting) {
    for (int i = 0; i < setting.plan.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(setting, i));
    }
    for (const auto& worker : workers_) threads_.emplace_back([&worker = *worker] { worker.run(); });
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
  bool ready() const { return all([](const Worker& worker) { return worker.is_ready(); }); }
  bool done() const { return all([](const Worker& worker) { return worker.is_done(); }); }
  std::int64_t in_flight() const {
    std::int64_t sum = 0;
    for (const auto& worker : workers_) sum += worker->in_flight();
    return sum;
  }
  std::vector<std::unique_ptr<Worker>>& workers() { return workers_; }

 private:
  template <typename Holds>
  bool all(const Holds& holds) const {
    return std::all_of(workers_.begin(), workers_.end(),
                       [&](const auto& worker) { return holds(*worker); });
  }

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

/// The first instant of the load by the monotonic clock.
Nanos first_instant(const HttpPlan& plan) {
  const Nanos now = core::monotonic_now();
  if (!plan.start_at) return now;
  const auto ahead = std::chrono::duration_cast<std::chrono::nanoseconds>(
      *plan.start_at - std::chrono::system_clock::now());
  return now + std::max<Nanos>(0, ahead.count());
}

/// What is shown while it runs.
class Display {
 public:
  Display(const HttpPlan& plan, core::Observer& observer) : observer_(observer) {
    if (plan.schedule) total_s_ = core::to_seconds(plan.schedule->end().value());
    if (plan.duration) total_s_ = core::to_seconds(*plan.duration);
    if (plan.count) total_requests_ = *plan.count;
  }

  void show(double elapsed_s, std::int64_t in_flight, const Tally& total,
            const std::vector<SeriesRow>& series) {
    const core::Histogram& response = total.latencies.response;
    core::Object now;
    if (!series.empty()) now.set("rate_rps", static_cast<double>(series.back().answered));
    now.set("requests", total.counts.sent).set("in_flight", in_flight);
    if (!response.empty()) {
      now.set("p50_ms", core::to_milliseconds(response.quantile(0.5)));
      now.set("p99_ms", core::to_milliseconds(response.quantile(0.99)));
    }
    now.set("errors", total.counts.errors());
    observer_.snapshot({.what = "load",
                        .elapsed_s = elapsed_s,
                        .share = share(elapsed_s, total),
                        .values = std::move(now)});
  }

 private:
  double share(double elapsed_s, const Tally& total) const {
    double share = 0;
    if (total_s_ > 0) share = elapsed_s / total_s_;
    if (total_requests_ > 0) {
      const auto sent = static_cast<double>(total.counts.sent);
      share = std::max(share, sent / static_cast<double>(total_requests_));
    }
    return std::min(share, 1.0);
  }

  core::Observer& observer_;
  double total_s_ = 0;
  std::uint64_t total_requests_ = 0;
};

/// The first threshold that `tally` misses; empty where it misses none.
std::string missed_threshold(const HttpPlan& plan, const Tally& tally, double elapsed_s) {
  const OutcomeMeasurement measurement(tally, elapsed_s, 0);
  for (const Threshold& threshold : plan.thresholds) {
    const ThresholdOutcome outcome = evaluate(threshold, measurement);
    if (!outcome.passed && outcome.observed) return outcome.text;
  }
  return "";
}

}  // namespace

Outcome run(const HttpPlan& plan, const std::stop_token& stop, core::Observer& observer,
            const SampleSink& samples) {
  check(plan);
  Outcome outcome{.open_model = plan.is_open()};
  outcome.notes = resource_warnings(plan);
  for (const std::string& warning : outcome.notes) observer.warn(warning);
  std::optional<net::TlsContext> tls;
  if (plan.url.tls) tls.emplace(plan.tls, plan.url.host);
  const RunSetting setting{.plan = plan,
                           .address = find_server(plan, tls ? &*tls : nullptr, stop),
                           .tls = tls ? &*tls : nullptr,
                           .wire = plan.request.wire(plan.url, plan.url.target),
                           .samples = samples != nullptr};
  Crew crew(setting);
  Collector collector(crew.workers(), samples);
  while (!crew.ready() && !stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  const Nanos begin = first_instant(plan);
  // Interrupted before that: nothing was sent yet, and nothing is.
  outcome.interrupted = stop.stop_requested();
  outcome.interrupted ? crew.stop() : crew.begin(begin);
  Display display(plan, observer);
  std::size_t shown = 0;
  bool stopping = outcome.interrupted;
  while (!crew.done()) {
    std::this_thread::sleep_for(kLook);
    collector.collect();
    const double elapsed_s = core::to_seconds(core::monotonic_now() - begin);
    const bool new_second = collector.series().size() > shown && !crew.done();
    if (new_second) {
      shown = collector.series().size();
      display.show(elapsed_s, crew.in_flight(), collector.total(), collector.series());
    }
    if (stopping) continue;
    if (stop.stop_requested()) {
      outcome.interrupted = true;
    } else if (plan.abort_on_fail && new_second && elapsed_s * 1e9 >= static_cast<double>(plan.abort_delay)) {
      outcome.aborted_by = missed_threshold(plan, collector.total(), elapsed_s);
    }
    stopping = outcome.interrupted || !outcome.aborted_by.empty();
    if (stopping) crew.stop();
  }
  outcome.series = collector.finish();
  outcome.tally = collector.total();
  Nanos finished = begin;
  outcome.generator.threads = plan.threads;
  for (const auto& worker : crew.workers()) {
    const WorkerHealth health = worker->health();
    finished = std::max(finished, health.finished);
    outcome.generator.cpu_ratio = std::max(outcome.generator.cpu_ratio, health.cpu_ratio);
    outcome.generator.longest_gap = std::max(outcome.generator.longest_gap, health.longest_gap);
  }
  outcome.elapsed_s = core::to_seconds(finished - begin);
  return outcome;
}

}  // namespace scalectl::load
