#include "tick/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"
#include "tick/statements.hpp"
#include "tick/step.hpp"
#include "tick/target.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

constexpr std::int64_t kMaxWorkers = 64;

std::string name_of(CatchUp catch_up) {
  switch (catch_up) {
    case CatchUp::kNone:
      return "none";
    case CatchUp::kLast:
      return "last";
    case CatchUp::kAll:
      return "all";
  }
  return "";
}

/// All the windows of one run.
struct Steps {
  Work work;
  std::optional<Step> last;  ///< that worked; else that did not
  std::int64_t worked = 0;
  std::int64_t missed = 0;
  std::int64_t rows_before = 0;
  double elapsed_s = 0;
  double slowest_s = 0;
  bool resumed = false;
  bool dropped = false;
  bool cut_short = false;  ///< another run has come between two windows

  void add(const Step& step) {
    if (!step.has_worked()) {
      if (worked > 0) {
        cut_short = true;
      } else {
        last = step;
      }
      return;
    }
    last = step;
    work += step.work;
    ++worked;
    rows_before += step.rows_before;
    elapsed_s += step.timed.elapsed_s;
    slowest_s = std::max(slowest_s, step.timed.elapsed_s);
    if (!step.claim) return;
    missed = std::max(missed, step.claim->missed);
    resumed = resumed || step.claim->state == SlotState::kResumed;
    dropped = dropped || step.claim->dropped;
  }
};

/// Works every window that is due. What an Error interrupts is in `steps` up to there.
void work_windows(Job& job, Steps& steps) {
  for (;;) {
    const Step step =
        job.options.strategy == Strategy::kBatched ? in_batches(job) : in_one_transaction(job);
    steps.add(step);
    if (!step.has_worked() || step.stopped || !step.claim || !step.claim->more) return;
    // The clock is read once: a run that is slower than the windows pass comes to an end too.
    job.wish->now = step.claim->now;
  }
}

core::Object params_of(const Statements& statements, const Options& options) {
  core::Object params{{"strategy", tick::name_of(options.strategy)}};
  for (const auto& [key, value] : statements.described()) params.set(key, value);
  if (options.strategy == Strategy::kBatched) {
    params.set("batch", options.batch.value_or(statements.tick().batched->batch));
    params.set("workers", options.workers.value_or(1));
  }
  if (options.window) {
    params.set("window_s", options.window->count());
    params.set("catch_up", name_of(options.catch_up));
  }
  return params;
}

void set_metrics(core::Result& result, const Steps& steps, const Options& options) {
  const auto hot_ratio = steps.work.hot_ratio();
  result.metrics.set("rows", steps.work.rows).set("statements", steps.work.statements);
  result.metrics.set("hot_ratio", hot_ratio ? core::Value(*hot_ratio) : core::Value());
  result.metrics.set("wal_bytes", steps.work.wal_bytes);
  if (options.strategy == Strategy::kBatched) result.metrics.set("batches", steps.work.batches);
  if (!steps.last || !steps.last->claim) return;
  const Claim& claim = *steps.last->claim;
  const bool held = claim.state == SlotState::kHeld;
  result.metrics.set("slot_state", tick::name_of(claim.state));
  result.metrics.set("slot", held ? core::Value() : core::Value(claim.slot));
  result.metrics.set("token", held ? core::Value() : core::Value(claim.token));
  result.metrics.set("windows_missed", steps.missed).set("windows_worked", steps.worked);
  if (steps.resumed) result.metrics.set("rows_before", steps.rows_before);
}

/// "1 window was", "3 windows were".
std::string windows(std::int64_t count) {
  return fmt::format("{} {}", core::grouped(count), count == 1 ? "window was" : "windows were");
}

/// What a run that found nothing to do says.
std::string idle_note(const Step& step, const std::string& tick) {
  const Claim& claim = *step.claim;
  if (claim.state == SlotState::kHeld) {
    return fmt::format("held: another run is at work on tick {}: {}", tick, step.holder);
  }
  const std::string window = moment_text(claim.window.begin_of(claim.slot));
  if (claim.clock_behind) {
    return fmt::format(
        "already done: the clock is behind, it shows {}, and the window of {} is done",
        moment_text(claim.now), window);
  }
  return fmt::format("already done: the window of {} was worked under token {}", window,
                     claim.token);
}

void add_notes(core::Result& result, const Steps& steps, const Options& options) {
  const auto note = [&](std::string text) { result.notes.push_back(std::move(text)); };
  if (steps.dropped) {
    note("the rest of an earlier window, which was begun in batches, is dropped (--catch-up none)");
  }
  if (steps.resumed) {
    note(fmt::format("resumed: {} rows of a window that was begun earlier were done already",
                     core::grouped(steps.rows_before)));
  }
  if (steps.missed > 0) {
    const std::string count = fmt::format("{} window{} missed", core::grouped(steps.missed),
                                          steps.missed == 1 ? " was" : "s were");
    switch (options.catch_up) {
      case CatchUp::kNone:
        note(count + " and dropped (--catch-up none)");
        break;
      case CatchUp::kLast:
        note(count + "; the last run stands for all of them (--catch-up last)");
        break;
      case CatchUp::kAll:
        note(count + " and caught up with, oldest first (--catch-up all)");
        break;
    }
  }
  if (steps.cut_short) note("another run has taken the windows that were left");
}

void report_stop(core::Result& result, const Steps& steps, const Options& options) {
  result.interrupted = true;
  result.band = std::nullopt;
  result.verdict = core::Verdict::kInconclusive;
  const bool in_batches = steps.last && steps.last->stopped;
  if (in_batches) {
    result.notes.push_back(
        fmt::format("interrupted after {} rows in {} batches, which are done; {}",
                    core::grouped(steps.work.rows), core::grouped(steps.work.batches),
                    options.window ? "the next run goes on from there"
                                   : "without --window a further run begins anew"));
  } else if (steps.worked == 0) {
    result.notes.emplace_back("interrupted: rolled back, no row was changed");
  } else {
    result.notes.push_back(fmt::format("interrupted: {} worked, the one under way was rolled back",
                                       windows(steps.worked)));
  }
}

/// Two decimals, as in seed 000; more where the threshold is so small that they would hide the
/// miss.
std::string seconds_text(double elapsed_s, double threshold_s) {
  return threshold_s < 0.01 ? fmt::format("{:.6f}", elapsed_s) : fmt::format("{:.2f}", elapsed_s);
}

void announce(const core::Result& result, const Definition& tick, const Steps& steps,
              Strategy strategy, core::Observer& observer) {
  const auto values = [&](double elapsed_s) {
    return std::map<std::string, std::string>{
        {"rows", std::to_string(steps.work.rows)},
        {"elapsed", seconds_text(elapsed_s, *result.threshold_s)},
        {"threshold", fmt::format("{:g}", *result.threshold_s)}};
  };
  observer.info(core::fill(strategy == Strategy::kEpoch ? tick.epoch->log : tick.log,
                           values(result.elapsed_s)));
  if (result.verdict != core::Verdict::kPass) {
    observer.warn(core::fill(tick.slow, values(steps.slowest_s)));
  }
}

/// `error` with the windows that were worked before it.
Error within(const Error& error, const Definition& tick, const Steps& steps) {
  const Error named = error.within("tick " + tick.name);
  if (steps.worked == 0) return named;
  return Error(error.kind(),
               fmt::format("{}; {} worked before it", named.message(), windows(steps.worked)),
               error.hint());
}

void check_batches(const Options& options) {
  if (options.strategy != Strategy::kBatched && (options.batch || options.workers)) {
    throw usage_error(
        fmt::format("--{} belongs to --strategy batched", options.batch ? "batch" : "workers"),
        fmt::format("{} works in one transaction", tick::name_of(options.strategy)));
  }
  if (options.batch && *options.batch < 1) {
    throw usage_error("--batch must be more than zero", "for example --batch 10k");
  }
  if (options.workers && (*options.workers < 1 || *options.workers > kMaxWorkers)) {
    throw usage_error(
        fmt::format("--workers {} is not between 1 and {}", *options.workers, kMaxWorkers),
        "each is a connection; about one for each core of the server");
  }
}

}  // namespace

std::string band_of(double elapsed_s, double threshold_s) {
  if (elapsed_s > threshold_s) return "warning";
  if (elapsed_s < 0.5) return "excellent";
  if (elapsed_s < 2) return "good";
  return "ok";
}

void check(const Definition& tick, const Options& options) {
  if (!tick.has(options.strategy)) {
    const std::string form =
        options.strategy == Strategy::kRows ? "row-by-row" : tick::name_of(options.strategy);
    throw usage_error(fmt::format("tick {} has no {} form", tick.name, form),
                      "run it with --strategy set");
  }
  if (options.warn_after && options.warn_after->count() <= 0) {
    throw usage_error("--warn-after must be more than zero", "for example --warn-after 5s");
  }
  check_batches(options);
  if (options.window) static_cast<void>(Window(*options.window));
  static_cast<void>(Statements(tick, options));
}

void check_tables(pg::Session& session, const Definition& tick, const Options& options) {
  find_target(session, tick, options);
}

core::Result run(pg::Session& session, const Definition& tick, const Options& options,
                 core::Observer& observer) {
  check(tick, options);
  if (options.window && !options.record) {
    throw usage_error("--window needs the bookkeeping in schema scalectl, which is not there",
                      "connect as a role that may create it, once");
  }
  const Statements statements(tick, options);
  const Target target = find_target(session, tick, options);
  core::Result result{.command = "tick run", .name = tick.name};
  result.threshold_s = options.warn_after.value_or(tick.warn_after).count();
  result.params = params_of(statements, options);
  Job job{.session = session,
          .statements = statements,
          .options = options,
          .relations = target.relations,
          .observer = observer,
          .key = {.tick = tick.name, .target = target.quoted},
          .schema = target.schema,
          .head = result,
          .wish = std::nullopt};
  if (options.window) {
    job.wish = Wish{.window = Window(*options.window),
                    .catch_up = options.catch_up,
                    .strategy = options.strategy,
                    .params = core::to_json(statements.described()),
                    .now = std::nullopt};
  }

  const core::Stopwatch watch;
  Steps steps;
  bool stopped = false;
  try {
    work_windows(job, steps);
    stopped = steps.last->stopped;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw within(error, tick, steps);
    stopped = true;
  }
  watch.stamp(result);
  if (steps.worked > 0 && !stopped) result.elapsed_s = steps.elapsed_s;
  set_metrics(result, steps, options);
  if (stopped) {
    report_stop(result, steps, options);
    return result;
  }
  if (steps.worked == 0) {
    result.notes.push_back(idle_note(*steps.last, tick.name));
    observer.info(fmt::format("tick {}: {}", tick.name, result.notes.back()));
    return result;
  }
  result.band = band_of(steps.slowest_s, *result.threshold_s);
  if (steps.slowest_s > *result.threshold_s) {
    result.verdict = options.strict ? core::Verdict::kFail : core::Verdict::kWarn;
  }
  add_notes(result, steps, options);
  announce(result, tick, steps, options.strategy, observer);
  return result;
}

}  // namespace scalectl::tick
