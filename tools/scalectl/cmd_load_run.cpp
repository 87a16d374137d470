// scalectl load run: a scenario's users against its servers.
#include <fmt/format.h>

#include <memory>

#include "core/stopwatch.hpp"
#include "load/scenario/reader.hpp"
#include "load/scenario/run.hpp"
#include "load_options.hpp"
#include "process/host.hpp"
#include "scenario_options.hpp"

namespace scalectl::tool {
namespace {

constexpr std::int64_t kMostThreads = 256;

struct Options {
  LoadOptions common;
  ScenarioOptions reading;
  std::string scenario;
  std::optional<std::int64_t> seed;
  std::int64_t threads = 1;
  std::optional<std::string> shard;
};

load::scenario::RunPlan plan_of(const Options& options) {
  if (options.threads < 1 || options.threads > kMostThreads) {
    throw core::usage_error(
        fmt::format("--threads {} is not 1 to {}", options.threads, kMostThreads), "for example 2");
  }
  load::scenario::RunPlan plan{.threads = to_int(options.threads),
                               .start_at = options.common.start_time(),
                               .unix_path = options.common.unix_path,
                               .ip_version = options.common.ip_version(),
                               .sources = options.common.sources(),
                               .tls = options.common.tls(),
                               .abort_on_fail = options.common.abort_on_fail,
                               .abort_delay = nanos(options.common.delay)};
  if (options.shard) plan.shard = read_option("--shard", *options.shard, load::parse_shard);
  return plan;
}

int run(const Options& options, Context& context) {
  load::scenario::ReadOptions reading = options.reading.read();
  if (options.seed) reading.seed = static_cast<std::uint64_t>(*options.seed);
  load::scenario::Scenario scenario = load::scenario::read_scenario(
      load::scenario::open_source(options.scenario, context.catalog()), reading);
  for (const load::Threshold& threshold : thresholds_of(options.common.thresholds)) {
    scenario.thresholds.push_back({.threshold = threshold, .text = threshold.text});
  }
  const load::scenario::RunPlan plan = plan_of(options);
  core::Result result{.command = "load run", .name = scenario.name};
  result.params.set("file", scenario.file).set("seed", scenario.seed).set("threads", plan.threads);
  if (options.reading.target) result.params.set("target", *options.reading.target);
  if (options.shard) result.params.set("shard", *options.shard);
  const core::Stopwatch watch;
  const auto outcome = load::scenario::run(scenario, plan, context.stop(), context.observer());
  watch.stamp(result);
  load::scenario::report(scenario, outcome, result);
  result.metrics.set("peak_resident_bytes", process::peak_resident_bytes());
  return context.emit(std::move(result));
}

}  // namespace

void declare_load_run(cli::Command& load, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command verb = load.verb("run", "Users of a scenario, each doing several things in a row");
  verb.operand("SCENARIO", options->scenario, "A file, or the name of one that load list shows")
      .option("--seed", options->seed, "For everything that is random")
      .option("-t,--threads", options->threads, "Threads, each with its share of the users")
      .option("--shard", options->shard, "Every N-th user, from I: 0/4 to 3/4", "I/N");
  options->reading.declare(verb);
  options->common.declare_thresholds(verb, "response.p99<200ms, failed_checks==0");
  options->common.declare_reach(verb);
  verb.example("scalectl load run smoke")
      .example("scalectl load run ./checkout.json --target https://staging.example.com -k")
      .action([options, &context] { return run(*options, context); });
}

}  // namespace scalectl::tool
