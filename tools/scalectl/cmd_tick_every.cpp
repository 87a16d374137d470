// scalectl tick every: a tick in each window, as a small daemon in the foreground.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>

#include "core/monotonic.hpp"
#include "core/rng.hpp"
#include "core/stopwatch.hpp"
#include "core/wait.hpp"
#include "process/host.hpp"
#include "process/notify.hpp"
#include "redis_lock.hpp"
#include "tick/every.hpp"
#include "tick/run.hpp"
#include "tick_options.hpp"

namespace scalectl::tool {
namespace {

/// A daemon is well as long as each thing it does ends about when it should: a wait this much after
/// its time, a question to the database within it, a run within so many windows.
constexpr core::Seconds kSlack{60};
constexpr double kWindowsOfARun = 10;

struct Options {
  TickOptions tick;
  std::optional<core::Seconds> every;
  std::optional<core::Seconds> duration;
  core::Seconds jitter{0};
  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> max_failures;
};

/// Hosts draw their jitter differently, each the same every time.
std::uint64_t seed_of(const std::optional<std::int64_t>& given) {
  if (given) return static_cast<std::uint64_t>(*given);
  std::uint64_t seed = 0;
  for (const char c : process::host_name()) {
    seed = core::Rng(seed, static_cast<unsigned char>(c), 0).next();
  }
  return seed;
}

tick::Missed missed_of(tick::CatchUp catch_up) {
  switch (catch_up) {
    case tick::CatchUp::kNone:
      return tick::Missed::kDropped;
    case tick::CatchUp::kLast:
      return tick::Missed::kLast;
    case tick::CatchUp::kAll:
      return tick::Missed::kAll;
  }
  return tick::Missed::kLast;
}

class Daemon {
 public:
  Daemon(const Options& options, tick::Definition tick, Context& context,
         const cli::Application& application)
      : options_(options),
        ticks_{std::move(tick)},
        context_(context),
        application_name_("scalectl " + application.chosen()),
        target_(context.postgres()),
        place_(pg::place_of(target_)),
        lock_(options.tick.redis_lock, context) {}

  /// The first connection: what is wrong here is wrong for good.
  void start() {
    connect();
    run_ =
        options_.tick.engine(ticks_[0], options_.tick.prepare(*session_, ticks_, context_), false);
    context_.note_versions(session_->server_version(), std::nullopt);
    if (!run_.record) {
      throw core::usage_error(
          "tick every needs the bookkeeping in schema scalectl, which this role may not use or "
          "make",
          "GRANT USAGE ON SCHEMA scalectl and ALL ON ALL TABLES IN SCHEMA scalectl to it; or "
          "connect once "
          "as a role that may create it");
    }
  }

  tick::Ended run(const tick::EveryOptions& every) {
    const process::Notifier notifier;
    every_ = every.every;
    expect(kSlack);
    const process::Watchdog watchdog(notifier,
                                     [this] { return core::monotonic_now() < well_until_; });
    notifier.ready(fmt::format("tick {} every {}", every.name, core::format_duration(every.every)));
    const std::stop_callback stopping(context_.stop(),
                                      [&] { notifier.stopping("the run under way ends"); });
    context_.observer().info(
        fmt::format("Tick {} every {}", every.name, core::format_duration(every.every)));
    tick::Ended ended = tick::run_every(every, port(notifier), context_.observer());
    describe(ended.result);
    return ended;
  }

 private:
  /// What the loop does not know of its runs; the same in every report, so that series go on.
  void describe(core::Result& result) const {
    result.params.set("strategy", tick::name_of(run_.strategy));
    add_warnings(result, ticks_[0]);
  }

  tick::EveryPort port(const process::Notifier& notifier) {
    return {.database_now = [this] { return database_now(); },
            .connect = [this] { connect(); },
            .run_once = [this] { return run_once(); },
            .wait = [this](core::Seconds length) { return wait(length); },
            .elapsed = [this] { return core::Seconds(watch_.seconds()); },
            .after_run =
                [this, &notifier](const core::Result& result, const std::string& line) {
                  notifier.status(line);
                  try {
                    core::Result kept = result;
                    describe(kept);
                    context_.keep(std::move(kept));
                  } catch (const core::Error& error) {  // the disk is full; the ticks go on
                    context_.observer().log(core::LogLevel::kError, error.what());
                  }
                }};
  }

  void expect(core::Seconds length) {
    well_until_ =
        core::monotonic_now() + static_cast<core::Nanos>(std::min(length.count(), 1e8) * 1e9);
  }

  /// A stop does not reach the session: what runs on it ends in its own time.
  void connect() {
    expect(kSlack);
    session_.reset();
    session_.emplace(target_, application_name_);
  }

  double database_now() {
    expect(kSlack);
    return session_->query("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
        .real(0, "now");
  }

  core::Result run_once() {
    expect(kSlack + options_.tick.lock_timeout + every_ * kWindowsOfARun);
    if (auto held = lock_.take(ticks_[0], run_, place_)) return std::move(*held);
    try {
      core::Result result = tick::run(*session_, ticks_[0], run_, context_.observer());
      lock_.end(result);
      return result;
    } catch (const core::Error&) {
      lock_.end();
      throw;
    }
  }

  bool wait(core::Seconds length) {
    expect(length + kSlack);
    return core::wait(context_.stop(),
                      std::chrono::duration_cast<std::chrono::nanoseconds>(length));
  }

  const Options& options_;
  const std::vector<tick::Definition> ticks_;  // one
  Context& context_;
  const std::string application_name_;
  const pg::Target target_;
  const std::string place_;
  RedisLock lock_;
  std::optional<pg::Session> session_;
  tick::Options run_;
  core::Seconds every_{0};
  const core::Stopwatch watch_;
  std::atomic<core::Nanos> well_until_ = 0;
};

int every(Options options, Context& context, const cli::Application& application) {
  options.tick.check(true);
  tick::Definition tick = options.tick.chosen(context.catalog());
  options.tick.window = options.every.value_or(tick.every);
  const tick::EveryOptions loop{
      .name = tick.name,
      .every = *options.tick.window,
      .duration = options.duration,
      .jitter = options.jitter,
      .seed = seed_of(options.seed),
      .max_failures = options.max_failures,
      .missed = missed_of(options.tick.engine(tick, false, false).catch_up)};
  check(loop);
  options.tick.check({tick}, context);
  Daemon daemon(options, std::move(tick), context, application);
  daemon.start();
  tick::Ended ended = daemon.run(loop);
  const int code = context.emit(std::move(ended.result));
  if (ended.failure.empty()) return code;
  throw core::Error(core::ErrorKind::kFailed, "tick every: " + ended.failure,
                    "what the runs before did is done; start it again when the cause is gone");
}

}  // namespace

void declare_tick_every(cli::Command& tick, cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command verb =
      tick.verb("every", "Run one tick in each window, as a daemon in the foreground");
  verb.operand("TICK", options->tick.name, "Which tick; see tick list; or a file of SQL")
      .option("--every", options->every, "Length of the windows (default: the tick's own)")
      .option(
          "--for", options->duration,
          "End after so long (else at SIGINT or SIGTERM); exit 5 where no run worked, or the last "
          "failed")
      .option("--jitter", options->jitter, "Begin each run up to so much after its window does")
      .option("--seed", options->seed, "Of the jitter (default: made of this host's name)", "N")
      .option("--max-failures", options->max_failures,
              "Give up after so many failures in a row (default: never)", "N");
  options->tick.declare(verb, context.catalog());
  verb.example("scalectl tick every stamina --every 5m --jitter 10s")
      .example("scalectl tick every ./my_tick.sql --every 30s --for 1h --format prom -o ticks.prom")
      .action([options, &context, &application] { return every(*options, context, application); });
}

}  // namespace scalectl::tool
