#include "load/scenario/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <random>

#include "core/error.hpp"
#include "core/rng.hpp"
#include "core/text.hpp"
#include "load/drive.hpp"
#include "load/scenario/flow_worker.hpp"
#include "load/scenario/slice.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr Nanos kOnce = 3600 * core::kSecond;  ///< setup and teardown take no longer

/// From the monotonic clock to the time of the day, as ${now()} tells it.
std::int64_t wall_offset() {
  const auto wall = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return wall.count() - core::monotonic_now();
}

/// Fills in the scenario's own variables, before there are users.
class Beginning : public Scope {
 public:
  explicit Beginning(const Scenario& scenario)
      : random_(scenario.seed, 0, UINT64_MAX), values_(scenario.symbols.size()) {
    for (const auto& [variable, text] : scenario.variables) {
      Variable value;
      const auto unset = text.evaluate(*this, value);
      if (unset) {
        throw core::usage_error(fmt::format("variable \"{}\" needs \"{}\", which has no value yet",
                                            scenario.symbols.name(variable),
                                            scenario.symbols.name(*unset)));
      }
      values_[static_cast<std::size_t>(variable)] = std::move(value);
    }
  }
  Values take() { return std::move(values_); }

  const Variable* variable(int number) const override {
    const auto& value = values_[static_cast<std::size_t>(number)];
    return value ? &*value : nullptr;
  }
  std::uint64_t random() override { return random_.next(); }
  std::int64_t now() const override { return core::monotonic_now() + offset_; }
  std::uint64_t sequence() override { return 0; }

 private:
  core::Rng random_;
  const std::int64_t offset_ = wall_offset();
  Values values_;
};

/// How many connections there may be at once.
int most_connections(const Scenario& scenario) {
  std::uint64_t sum = 0;
  for (const Population& population : scenario.populations) {
    const Load& load = scenario.loads[static_cast<std::size_t>(population.load)];
    const std::uint64_t each =
        (population.uses_http ? 1U : 0U) + (population.uses_websocket ? 1U : 0U);
    sum += std::min(load.most_users(), load.all_users()) * each;
  }
  if (sum > kMostConnections) {
    throw core::usage_error(fmt::format("{}: users with {} connections at once are too many",
                                        scenario.file, core::grouped(sum)),
                            fmt::format("at most {}; max_users bounds users who arrive",
                                        core::grouped(kMostConnections)));
  }
  return static_cast<int>(std::max<std::uint64_t>(sum, 1));
}

std::vector<Entry> find_servers(const Scenario& scenario, const RunPlan& plan,
                                const std::stop_token& stop, core::Observer& observer,
                                std::vector<std::string>& notes) {
  std::vector<Entry> entries;
  for (const Origin& origin : scenario.origins) {
    const Reach reach{.url = origin.url,
                      .unix_path = plan.unix_path,
                      .ip_version = plan.ip_version,
                      .sources = plan.sources,
                      .connections = most_connections(scenario),
                      .connect_timeout = plan.connect_timeout,
                      .tls = plan.tls};
    if (entries.empty()) check_resources(reach, observer, notes);
    entries.push_back(find_server(reach, stop));
  }
  return entries;
}

core::Object live(const Tally& total, const SeriesRow& last, std::int64_t users) {
  core::Object now;
  now.set("rate_rps", static_cast<double>(last.answered));
  now.set("users", users).set("iterations", total.flow.iterations.started);
  const core::Histogram& response =
      total.latencies.response.empty() ? total.latencies.fanout : total.latencies.response;
  if (!response.empty()) {
    now.set("p50_ms", core::to_milliseconds(response.quantile(0.5)));
    now.set("p99_ms", core::to_milliseconds(response.quantile(0.99)));
  }
  now.set("errors", total.counts.errors() + total.flow.iterations.failed);
  return now;
}

/// `scenario` with nothing but `flow`, which one user goes through once.
Scenario only(const Scenario& scenario, const Flow& flow, const char* name) {
  Scenario once = scenario;
  once.stage_names = {name};
  once.loads = {{.stages = {{.name = name, .hold = kOnce, .users = 1}}, .iterations = 1}};
  once.populations = {{.name = name, .flow = flow, .reads_messages = true}};
  once.thresholds.clear();
  return once;
}

class Runner {
 public:
  Runner(const Scenario& scenario, const RunPlan& plan, const std::stop_token& stop,
         core::Observer& observer)
      : scenario_(scenario), plan_(plan), stop_(stop), observer_(observer) {}

  ScenarioOutcome run() {
    std::vector<Slice> slices;
    for (const ScenarioThreshold& threshold : scenario_.thresholds) {
      slices.emplace_back(scenario_, threshold);
    }
    values_ = Beginning(scenario_).take();
    ScenarioOutcome result;
    Outcome& outcome = result.outcome;
    entries_ = find_servers(scenario_, plan_, stop_, observer_, outcome.notes);
    if (!scenario_.setup.empty()) set_up(outcome);
    if (!outcome.interrupted) {
      drive_users(slices, outcome);
      if (!scenario_.teardown.empty()) tear_down(outcome);
    }
    for (Slice& slice : slices) {
      result.checks.push_back(
          slice.finish(outcome.tally, outcome.elapsed_s, outcome.generator.cpu_ratio));
    }
    return result;
  }

 private:
  FlowSetting setting_of(const Scenario& scenario, int threads, const Shard& shard) const {
    return {.scenario = scenario,
            .entries = entries_,
            .sources = plan_.sources,
            .values = values_,
            .seed = scenario.seed,
            .threads = threads,
            .shard = shard,
            .run = run_,
            .wall_offset = wall_offset_};
  }

  void drive_users(std::vector<Slice>& slices, Outcome& outcome) {
    const FlowSetting setting = setting_of(scenario_, plan_.threads, plan_.shard);
    Workers workers;
    for (int i = 0; i < plan_.threads; ++i) {
      workers.push_back(std::make_unique<FlowWorker>(setting, i));
    }
    std::vector<Threshold> whole;  // those of the run as a whole can end it
    for (const ScenarioThreshold& held : scenario_.thresholds) {
      if (!held.step && !held.tag && !held.stage && !held.from && !held.to && !held.window) {
        whole.push_back(held.threshold);
      }
    }
    Nanos length = 0;
    for (const Load& load : scenario_.loads) {
      length = std::max(length, load.length());
      outcome.open_model = outcome.open_model || load.is_open;
    }
    drive({.start_at = plan_.start_at,
           .length = length < LoadStage::kUntilDone ? std::optional(length) : std::nullopt,
           .count = std::nullopt,
           .thresholds = whole,
           .abort_on_fail = plan_.abort_on_fail,
           .abort_delay = plan_.abort_delay,
           .live = live,
           .on_second =
               [&](std::int64_t second, const Tally& tally) {
                 for (Slice& slice : slices) slice.take(second, tally);
               }},
          workers, stop_, observer_, nullptr, outcome);
  }

  /// Goes through a flow once; what came of it, and in `values_` what it leaves behind.
  Outcome run_once(const Scenario& once, const std::stop_token& stop) {
    FlowSetting setting = setting_of(once, 1, {});
    setting.keeps_values = true;
    Workers workers;
    workers.push_back(std::make_unique<FlowWorker>(setting, 0));
    Outcome outcome;
    const std::vector<Threshold> none;
    drive({.thresholds = none, .live = live}, workers, stop, observer_, nullptr, outcome);
    if (!outcome.interrupted) {
      values_ = static_cast<const FlowWorker&>(*workers.front()).last_values();
    }
    return outcome;
  }

  /// Why a flow that was gone through once did not succeed; empty where it did.
  static std::string trouble(const Scenario& once, const Outcome& outcome) {
    const FlowTally& flow = outcome.tally.flow;
    if (!flow.reasons.empty()) return flow.reasons.begin()->first;
    for (std::size_t i = 0; i < flow.checks.size(); ++i) {
      if (flow.checks[i].failed > 0) return "check failed: " + once.check_names[i];
    }
    return flow.iterations.ok == 1 ? "" : "it did not come to its end";
  }

  void set_up(Outcome& run) {
    const Scenario once = only(scenario_, scenario_.setup, "setup");
    const Outcome outcome = run_once(once, stop_);
    if (outcome.interrupted) {
      run.interrupted = true;
      run.notes.emplace_back("interrupted in setup: no user has begun, teardown was not run");
      return;
    }
    if (const std::string why = trouble(once, outcome); !why.empty()) {
      throw core::Error(core::ErrorKind::kFailed, "setup: " + why,
                        "no user has begun; teardown was not run");
    }
  }

  void tear_down(Outcome& outcome) {
    const Scenario once = only(scenario_, scenario_.teardown, "teardown");
    // An interrupted run is cleaned up after; whoever interrupts that means it.
    const Outcome ended = run_once(once, outcome.interrupted ? std::stop_token() : stop_);
    outcome.interrupted = outcome.interrupted || ended.interrupted;
    const std::string why = ended.interrupted ? "interrupted" : trouble(once, ended);
    if (why.empty()) return;
    outcome.notes.push_back("teardown: " + why);
    observer_.warn(outcome.notes.back());
  }

  const Scenario& scenario_;
  const RunPlan& plan_;
  const std::stop_token& stop_;
  core::Observer& observer_;
  const std::uint32_t run_ = std::random_device()() & 0xffffU;
  const std::int64_t wall_offset_ = wall_offset();
  std::vector<Entry> entries_;
  Values values_;
};

}  // namespace

ScenarioOutcome run(const Scenario& scenario, const RunPlan& plan, const std::stop_token& stop,
                    core::Observer& observer) {
  return Runner(scenario, plan, stop, observer).run();
}

}  // namespace scalectl::load::scenario
