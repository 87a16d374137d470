// scalectl tick: regen, combat and decay ticks on demand.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cmd_tick_sweep.hpp"
#include "context.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "redis_lock.hpp"
#include "schema/migrations.hpp"
#include "tick/definition.hpp"
#include "tick/history.hpp"
#include "tick/run.hpp"
#include "tick/trigger.hpp"
#include "tick_options.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  TickOptions tick;
  bool all = false;
  std::optional<std::string> trigger;
};

core::Result list(const catalog::Catalog& catalog) {
  const core::Stopwatch watch;
  core::Result result{.command = "tick list"};
  core::Table table{.key = "ticks",
                    .title = "",
                    .columns = {{"tick", "tick"},
                                {"every", "every"},
                                {"threshold", "threshold"},
                                {"parameters", "parameters"},
                                {"strategies", "strategies"},
                                {"summary", "summary"}},
                    .rows = {}};
  for (const tick::Definition& tick : tick::load_all(catalog)) {
    std::string parameters;
    for (const tick::Parameter& parameter : tick.parameters) {
      parameters += fmt::format("{}--{} {}", parameters.empty() ? "" : " ", parameter.name,
                                parameter.default_value);
    }
    std::vector<std::string> strategies;
    for (const tick::Strategy strategy : tick.strategies()) {
      strategies.push_back(tick::name_of(strategy));
    }
    table.rows.push_back({tick.name, core::format_duration(tick.every),
                          core::format_duration(tick.warn_after), parameters,
                          core::join(strategies, ", "), tick.summary});
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

std::vector<tick::Definition> chosen_ticks(const Options& options,
                                           const catalog::Catalog& catalog) {
  const std::string& name = options.tick.name;
  if (options.all && !name.empty()) {
    throw core::usage_error("tick run: a tick and --all contradict each other", "give one of them");
  }
  if (options.all) return tick::load_all(catalog);
  if (name.empty()) {
    throw core::usage_error("tick run: which tick?", "name one, or give --all; see tick list");
  }
  return {options.tick.chosen(catalog)};
}

/// tick run NAME --trigger install|remove: the variant of a tick that lives in the database.
int set_trigger(const Options& options, Context& context, const cli::Application& application) {
  const bool install = *options.trigger == "install";
  if (!install && *options.trigger != "remove") {
    throw core::usage_error(
        fmt::format("--trigger: \"{}\" is not one of install, remove", *options.trigger),
        "for example tick run combat --trigger install");
  }
  if (options.all) {
    throw core::usage_error("tick run: --all and --trigger contradict each other", "name one tick");
  }
  if (options.tick.window) {
    throw core::usage_error("tick run: --window and --trigger contradict each other",
                            "--trigger installs something and runs no tick");
  }
  const tick::Definition tick = chosen_ticks(options, context.catalog()).front();
  const tick::Options engine = options.tick.engine(tick, false, false);
  tick::check_trigger(context.catalog(), tick, engine);
  options.tick.naming.naming("").check(tick.tables());
  pg::Session session = context.connect(application);
  schema::ensure_in_lab(session, context.catalog(),
                        {.family = tick.family,
                         .schema = options.tick.naming.schema,
                         .prefix = options.tick.naming.prefix,
                         .version = kVersion},
                        context.observer());
  return context.emit(tick::set_trigger(
      session, context.catalog(), tick, engine,
      install ? tick::TriggerAction::kInstall : tick::TriggerAction::kRemove, context.observer()));
}

/// The runs of one command. It connects when the first of them needs the database: where a lock in
/// Redis is held, none does.
class Runs {
 public:
  Runs(const Options& options, Context& context, const cli::Application& application)
      : options_(options),
        context_(context),
        application_(application),
        ticks_(chosen_ticks(options, context.catalog())) {
    options.tick.check(options.tick.window.has_value());
    options.tick.check(ticks_, context);
  }

  int run() {
    const pg::Target target = context_.postgres();
    const std::string place = pg::place_of(target);
    RedisLock lock(options_.tick.redis_lock, context_);
    try {
      for (const tick::Definition& tick : ticks_) {
        auto held = lock.take(tick, engine(tick), place);
        results_.push_back(held ? std::move(*held) : run_one(tick, target, lock));
        if (results_.back().interrupted) break;
      }
    } catch (const core::Error& error) {
      if (results_.empty()) throw;
      report_rest(error);
    }
    return context_.emit(std::move(results_));
  }

 private:
  tick::Options engine(const tick::Definition& tick) const {
    return options_.tick.engine(tick, recorded_, options_.all);
  }

  core::Result run_one(const tick::Definition& tick, const pg::Target& target, RedisLock& lock) {
    try {
      if (!session_) {
        session_.emplace(context_.connect(target, application_));
        recorded_ = options_.tick.prepare(*session_, ticks_, context_);
      }
      core::Result result = tick::run(*session_, tick, engine(tick), context_.observer());
      lock.end(result);
      add_warnings(result, tick);
      return result;
    } catch (const core::Error&) {
      lock.end();
      throw;
    }
  }

  /// The ticks before the one that failed are committed; what they did must not get lost, nor be
  /// done again.
  [[noreturn]] void report_rest(const core::Error& error) {
    const std::size_t done = results_.size();
    std::vector<std::string> left;
    for (std::size_t i = done + 1; i < ticks_.size(); ++i) left.push_back(ticks_[i].name);
    context_.emit(std::move(results_));
    throw core::Error(core::ErrorKind::kFailed,
                      fmt::format("tick run --all: {} failed: {}; {} before it ran{}",
                                  ticks_[done].name, error.message(), done,
                                  left.empty() ? "" : ", not run: " + core::join(left, ", ")),
                      error.hint());
  }

  const Options& options_;
  Context& context_;
  const cli::Application& application_;
  const std::vector<tick::Definition> ticks_;
  std::optional<pg::Session> session_;
  bool recorded_ = false;
  std::vector<core::Result> results_;
};

}  // namespace

void declare_tick(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command tick = application.command("tick", "Regen, combat and decay ticks on demand");

  tick.verb("list", "The ticks, with their thresholds and parameters")
      .example("scalectl tick list")
      .action([&context] { return context.emit(list(context.catalog())); });

  cli::Command run_verb = tick.verb("run", "Run one tick, or all of them");
  run_verb.operand("TICK", options->tick.name, "Which tick; see tick list; or a file of SQL", false)
      .flag("--all", options->all, "Every tick, one after another")
      .option("--window", options->tick.window,
              "Once in each window of this length by the database's clock: a second run, another "
              "host or a rerun does nothing, and a killed batched run is resumed",
              "DURATION")
      .option(
          "--trigger", options->trigger,
          "combat: install or remove a trigger that ends idle turns whenever the game writes one "
          "(with --idle), instead of running the tick",
          "ACTION");
  options->tick.declare(run_verb, context.catalog());
  run_verb.example("scalectl --lab tick run stamina")
      .example("scalectl tick run ./my_tick.sql --set bonus=2")
      .example("scalectl tick run stamina --window 5m --strategy batched --batch 10k --workers 2")
      .example(
          "scalectl tick run --all --strict --quiet --format prom -o "
          "/var/lib/node_exporter/ticks.prom")
      .action([options, &context, &application] {
        if (options->trigger) return set_trigger(*options, context, application);
        return Runs(*options, context, application).run();
      });

  declare_tick_every(tick, application, context);

  tick.verb("status", "Each tick's last run, p50 and p95 of the last day, trend and window")
      .example("scalectl tick status")
      .action([&context, &application] {
        pg::Session session = context.connect(application);
        return context.emit(tick::status(session, tick::load_all(context.catalog())));
      });

  declare_tick_sweep(tick, context, application);
}

}  // namespace scalectl::tool
