#include "tick/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "pg/identifier.hpp"
#include "tick/run.hpp"

namespace scalectl::tick {
namespace {

using core::Error;

/// A table with room on its pages gives less only where something is wrong.
constexpr double kMostlyHot = 0.8;

/// "1 window was", "3 windows were".
std::string windows(std::int64_t count) {
  return fmt::format("{} {}", core::grouped(count), count == 1 ? "window was" : "windows were");
}

std::string length_of(const Window& window) {
  return core::format_duration(core::Seconds(static_cast<double>(window.microseconds()) / 1e6));
}

/// True where the window that is done is none of this run's, so that it may keep others from their
/// work for long: of another length, or more than a window in the future.
bool is_in_the_way(const Claim& claim, const Window& own) {
  if (claim.state != SlotState::kAlreadyDone) return false;
  return claim.window.microseconds() != own.microseconds() ||
         claim.window.begin_of(claim.slot) - claim.now > own.microseconds();
}

/// Until when, and how not to wait so long.
std::string way_out(const Claim& claim, const Window& own, const SlotKey& key) {
  const std::int64_t free = own.first_from(claim.window.end_of(claim.slot));
  return fmt::format(
      "; windows of {} are worked again from {} on; to work the present one at once, also where "
      "that works a time twice: UPDATE scalectl.tick_slots SET slot = NULL, window_s = NULL WHERE "
      "tick = {} AND target = {}",
      length_of(own), moment_text(own.begin_of(free)), pg::quote_literal(key.tick),
      pg::quote_literal(key.target));
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
  return fmt::format("already done: the window of {} ({} long) was worked under token {}", window,
                     length_of(claim.window), claim.token);
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
    const std::string count = windows(steps.missed) + " missed";
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
  if (const std::int64_t retries = steps.work.batch_retries; retries > 0) {
    note(fmt::format("{} {} worked again after a deadlock with another session",
                     core::grouped(retries), retries == 1 ? "batch was" : "batches were"));
  }
  if (steps.cut_short) note("another run has taken the windows that were left");
}

/// Two decimals, as in seed 000; more where the threshold is so small that they would hide the
/// miss.
std::string seconds_text(double elapsed_s, double threshold_s) {
  return threshold_s < 0.01 ? fmt::format("{:.6f}", elapsed_s) : fmt::format("{:.2f}", elapsed_s);
}

/// As it was given, and never with an exponent.
std::string threshold_text(double threshold_s) {
  return threshold_s < 1e-4 || threshold_s >= 1e6 ? fmt::format("{:f}", threshold_s)
                                                  : fmt::format("{:g}", threshold_s);
}

void announce(const core::Result& result, const Definition& tick, const Steps& steps,
              Strategy strategy, core::Observer& observer) {
  const auto values = [&](double elapsed_s) {
    return std::map<std::string, std::string>{
        {"rows", std::to_string(steps.work.rows)},
        {"elapsed", seconds_text(elapsed_s, *result.threshold_s)},
        {"threshold", threshold_text(*result.threshold_s)}};
  };
  observer.info(core::fill(strategy == Strategy::kEpoch ? tick.epoch->log : tick.log,
                           values(result.elapsed_s)));
  if (result.verdict != core::Verdict::kPass) {
    observer.warn(core::fill(tick.slow, values(steps.slowest_s)));
  }
}

}  // namespace

void Steps::add(const Step& step) {
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
  if (!step.stopped) ++worked;
  rows_before += step.rows_before;
  elapsed_s += step.timed.elapsed_s;
  slowest_s = std::max(slowest_s, step.timed.elapsed_s);
  if (!step.claim) return;
  missed = std::max(missed, step.claim->missed);
  resumed = resumed || step.claim->state == SlotState::kResumed;
  dropped = dropped || step.claim->dropped;
}

void set_metrics(core::Result& result, const Steps& steps, const Options& options) {
  const auto hot_ratio = steps.work.hot_ratio();
  result.metrics.set("rows", steps.work.rows).set("statements", steps.work.statements);
  result.metrics.set("hot_ratio", hot_ratio ? core::Value(*hot_ratio) : core::Value());
  result.metrics.set("wal_bytes", steps.work.wal_bytes);
  if (options.strategy == Strategy::kBatched) {
    result.metrics.set("batches", steps.work.batches)
        .set("batch_retries", steps.work.batch_retries);
  }
  if (!steps.last || !steps.last->claim) return;
  const Claim& claim = *steps.last->claim;
  const bool held = claim.state == SlotState::kHeld;
  result.metrics.set("slot_state", tick::name_of(claim.state));
  result.metrics.set("slot", held ? core::Value() : core::Value(claim.slot));
  result.metrics.set("token", held ? core::Value() : core::Value(claim.token));
  result.metrics.set("windows_missed", steps.missed).set("windows_worked", steps.worked);
  if (steps.resumed) result.metrics.set("rows_before", steps.rows_before);
}

void report_idle(core::Result& result, const Job& job, const Step& step, core::Observer& observer) {
  const bool in_the_way = is_in_the_way(*step.claim, job.wish->window);
  std::string note = idle_note(step, result.name);
  if (in_the_way) {
    note += way_out(*step.claim, job.wish->window, job.key);
    result.verdict = core::Verdict::kWarn;
  }
  const std::string line = fmt::format("tick {}: {}", result.name, note);
  in_the_way ? observer.warn(line) : observer.info(line);
  result.notes.push_back(std::move(note));
}

void report_work(core::Result& result, const Definition& tick, const Steps& steps,
                 const Options& options, core::Observer& observer) {
  result.band = band_of(steps.slowest_s, *result.threshold_s);
  if (steps.slowest_s > *result.threshold_s) {
    result.verdict = options.strict ? core::Verdict::kFail : core::Verdict::kWarn;
  }
  add_notes(result, steps, options);
  announce(result, tick, steps, options.strategy, observer);
}

void report_layout(core::Result& result, const Layout& layout, const Steps& steps) {
  core::Array harmful;
  std::vector<std::string> names;
  for (const HarmfulIndex& index : layout.indexes) {
    harmful.push_back(core::Object{{"index", index.name},
                                   {"table", index.table},
                                   {"columns", core::join(index.columns, ", ")}});
    names.push_back(fmt::format("{} names {}", index.name, core::join(index.columns, ", ")));
  }
  if (layout.name.empty()) return;  // the file names its tables in plain SQL: nobody knows them
  result.metrics.set("layout", layout.name)
      .set("fillfactor", layout.fillfactor)
      .set("dead_rows", layout.dead_rows)
      .set("harmful", std::move(harmful));
  const auto hot = steps.work.hot_ratio();
  if (layout.name == "hot" && hot && *hot < kMostlyHot) {
    result.notes.push_back(
        fmt::format("{:.1f} % of its updates were heap-only: not all pages have room yet; VACUUM, "
                    "or db migrate "
                    "--layout hot again",
                    *hot * 100));
  }
  if (names.empty() || steps.work.updated == 0) return;
  result.notes.push_back(fmt::format(
      "{}, which this tick sets: none of its updates can be heap-only, and each costs an entry in "
      "every index of the table",
      core::join(names, "; ")));
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

/// `error` with the windows that were worked before it.
core::Error within(const core::Error& error, const Definition& tick, const Steps& steps) {
  const Error named = error.within("tick " + tick.name);
  if (steps.worked == 0) return named;
  return Error(error.kind(),
               fmt::format("{}; {} worked before it", named.message(), windows(steps.worked)),
               error.hint());
}

}  // namespace scalectl::tick
