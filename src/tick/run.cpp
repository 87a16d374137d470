#include "tick/run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"
#include "tick/holders.hpp"
#include "tick/layout.hpp"
#include "tick/statements.hpp"
#include "tick/step.hpp"
#include "tick/summary.hpp"
#include "tick/target.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

constexpr std::int64_t kMaxWorkers = 64;

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

/// What the strategy's statement, the one that writes, looks like to the server.
std::string written_by(const Statements& statements, Strategy strategy) {
  const Definition& tick = statements.tick();
  switch (strategy) {
    case Strategy::kRows:
      return statements.bind(tick.rows->each).sql;
    case Strategy::kBatched:
      return statements.bind(tick.batched->work).sql;
    case Strategy::kEpoch:
      return statements.bind(tick.epoch->advance).sql;
    case Strategy::kSet:
      break;
  }
  return statements.bind(tick.set).sql;
}

/// How the tables are laid out, after the work. It is done and safe by then, so that nothing is
/// said where nothing can be seen.
std::optional<Layout> layout_after(Job& job) {
  try {
    pg::Transaction tx = job.session.begin();
    return look_at_layout(tx, job.relations, written_by(job.statements, job.options.strategy));
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// The Error of a lock that was waited for in vain, with who may have it.
Error with_holders(const Error& error, Job& job) {
  if (error.message().find("lock timeout") == std::string::npos) return error;
  const std::string holders = holders_of(job.session, job.relations);
  if (holders.empty()) return error;
  return {error.kind(), fmt::format("{}; locks on its tables: {}", error.message(), holders),
          error.hint()};
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
    params.set("catch_up", tick::name_of(options.catch_up));
  }
  return params;
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
                      options.one_of_many ? "leave --strategy out" : "run it with --strategy set");
  }
  if (options.warn_after && options.warn_after->count() <= 0) {
    throw usage_error("--warn-after must be more than zero", "for example --warn-after 5s");
  }
  check_batches(options);
  if (options.window) static_cast<void>(Window(*options.window));
  static_cast<void>(Statements(tick, options));
}

void check_tables(pg::Session& session, const Definition& tick, const Options& options) {
  find_target(session, tick, fit_layout(session, tick, options));
}

core::Result run(pg::Session& session, const Definition& tick, const Options& given,
                 core::Observer& observer) {
  check(tick, given);
  const Options options = fit_layout(session, tick, given);
  if (options.window && !options.record) {
    throw usage_error(
        "--window needs the bookkeeping in schema scalectl, which this role may not use or make",
        "GRANT USAGE ON SCHEMA scalectl and ALL ON ALL TABLES IN SCHEMA scalectl to it; or connect "
        "once "
        "as a role that may create it");
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
          .wish = std::nullopt,
          .pooled = options.strategy == Strategy::kRows && session.is_pooled()};
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
    if (error.kind() != ErrorKind::kInterrupted)
      throw within(with_holders(error, job), tick, steps);
    stopped = true;
  }
  watch.stamp(result);
  if (steps.worked > 0 && !stopped) result.elapsed_s = steps.elapsed_s;
  set_metrics(result, steps, options);
  if (stopped) {
    report_stop(result, steps, options);
  } else if (steps.worked == 0) {
    report_idle(result, job, *steps.last, observer);
  } else {
    report_work(result, tick, steps, options, observer);
    if (const auto layout = layout_after(job)) report_layout(result, *layout, tick, steps, options);
  }
  return result;
}

}  // namespace scalectl::tick
