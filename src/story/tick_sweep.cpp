#include "story/tick_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "story/sweep_arena.hpp"
#include "story/sweep_report.hpp"
#include "story/sweep_runs.hpp"

namespace scalectl::story {
namespace {

using core::usage_error;

constexpr std::int64_t kFewest = 10;
constexpr std::int64_t kMost = 100'000'000;
constexpr int kMostRepeats = 1000;
constexpr int kMostWorkers = 64;

void check_words(const char* option, const std::vector<std::string>& words,
                 const std::vector<std::string>& known) {
  if (words.empty())
    throw usage_error(fmt::format("{} names none", option), "leave it out for all");
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (std::find(known.begin(), known.end(), *word) == known.end()) {
      throw usage_error(fmt::format("{} has \"{}\"", option, *word),
                        core::did_you_mean(*word, known, "there are: " + core::join(known, ", ")));
    }
    if (std::find(words.begin(), word, *word) != word) {
      throw usage_error(fmt::format("{} has {} twice", option, *word), "once is enough");
    }
  }
}

void check_sizes(const std::vector<std::int64_t>& sizes) {
  if (sizes.empty()) throw usage_error("--sizes names none", "for example --sizes 1k,10k,100k");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < kFewest || sizes[i] > kMost) {
      throw usage_error(fmt::format("--sizes {} is not {} to 100M", sizes[i], kFewest),
                        "fewer players say nothing about growth");
    }
    if (i == 0 || sizes[i] > sizes[i - 1]) continue;
    if (std::count(sizes.begin(), sizes.end(), sizes[i]) > 1) {
      throw usage_error(fmt::format("--sizes has {} twice", sizes[i]), "once is enough");
    }
    throw usage_error(fmt::format("--sizes {} comes after {}", sizes[i], sizes[i - 1]),
                      "name the smallest first: what it takes says how far the rest can go");
  }
}

}  // namespace

void check(const tick::Definition& tick, const TickSweepOptions& options) {
  if (tick.family != "game") {
    throw usage_error(fmt::format("tick sweep: {} does not work on the game's tables", tick.name),
                      "a sweep seeds those; see tick list");
  }
  check_sizes(options.sizes);
  check_words("--strategies", options.strategies, kSweepStrategies);
  check_words("--layouts", options.layouts, kSweepLayouts);
  if (options.repeats < 1 || options.repeats > kMostRepeats) {
    throw usage_error(fmt::format("--repeats {} is not 1 to {}", options.repeats, kMostRepeats),
                      "5 are usual; an interval takes 3");
  }
  if (options.max_time.count() < 0.001) {
    throw usage_error("--max-time must be more than zero", "for example --max-time 60s");
  }
  if (options.workers < 1 || options.workers > kMostWorkers) {
    throw usage_error(fmt::format("--workers {} is not 1 to {}", options.workers, kMostWorkers),
                      "as many as the server has cores");
  }
  if (options.predict < kFewest || options.predict > kMost * 10) {
    throw usage_error(fmt::format("--predict {} is not {} to 1G", options.predict, kFewest),
                      "for example --predict 10M");
  }
  plan_sweep(tick, options.strategies, options.layouts);
}

core::Result tick_sweep(const pg::Target& admin, const catalog::Catalog& catalog,
                        const tick::Definition& tick, const TickSweepOptions& options,
                        const std::stop_token& stop, core::Observer& observer) {
  const core::Stopwatch watch;
  check(tick, options);
  const SweepPlan plan = plan_sweep(tick, options.strategies, options.layouts);
  const SweepClaims claims = read_sweep_claims(catalog, tick);
  core::Result result{.command = "tick sweep", .name = tick.name};
  std::vector<std::string> sizes;
  for (const std::int64_t size : options.sizes) sizes.push_back(std::to_string(size));
  result.params.set("sizes", core::join(sizes, ","))
      .set("strategies", core::join(options.strategies, ","))
      .set("layouts", core::join(options.layouts, ","))
      .set("repeats", options.repeats)
      .set("max_time_s", options.max_time.count())
      .set("workers", options.workers);
  SweepLines lines;
  try {
    SweepArena arena(admin, catalog, tick, options.version, stop);
    run_sweep(arena, tick, plan.variants,
              {.sizes = options.sizes,
               .repeats = options.repeats,
               .max_time = options.max_time,
               .workers = options.workers},
              stop, observer, lines);
    if (!arena.checkpoints()) {
      result.notes.emplace_back(
          "this role may not checkpoint (GRANT pg_checkpoint, from PostgreSQL 15 "
          "on): what one run wrote may weigh on the next");
    }
  } catch (const core::Error& error) {
    if (error.kind() != core::ErrorKind::kInterrupted) throw error.within("tick sweep");
    result.interrupted = true;
    result.verdict = core::Verdict::kInconclusive;
    result.notes.emplace_back(
        "interrupted: the private databases are dropped; what follows was "
        "measured before");
  }
  report_sweep(tick, plan, claims, lines, options.predict, result);
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::story
