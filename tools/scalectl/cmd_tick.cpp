// scalectl tick: regen, combat and decay ticks on demand.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "cmd_tick_sweep.hpp"
#include "context.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "naming_options.hpp"
#include "schema/migrations.hpp"
#include "tick/definition.hpp"
#include "tick/history.hpp"
#include "tick/run.hpp"
#include "tick/trigger.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  std::string name;
  bool all = false;
  cli::Choice strategy{.value = "set", .allowed = {"set", "rows", "batched", "epoch"}};
  std::optional<std::string> trigger;
  bool strict = false;
  std::optional<core::Seconds> warn_after;
  core::Seconds lock_timeout{10};
  std::optional<core::Seconds> window;
  cli::Choice catch_up{.value = "", .allowed = {"none", "last", "all"}};  // empty: not given
  cli::Choice on_held{.value = "", .allowed = {"skip", "fail", "wait"}};
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> workers;
  NamingOptions naming;
  std::map<std::string, std::optional<std::string>> parameters;  // one entry for each option made
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

tick::CatchUp catch_up_of(const std::string& word) {
  if (word == "none") return tick::CatchUp::kNone;
  return word == "all" ? tick::CatchUp::kAll : tick::CatchUp::kLast;
}

tick::OnHeld on_held_of(const std::string& word) {
  if (word == "fail") return tick::OnHeld::kFail;
  return word == "wait" ? tick::OnHeld::kWait : tick::OnHeld::kSkip;
}

tick::Options engine_options(const Options& options, const tick::Definition& tick, bool recorded) {
  tick::Options engine{.strategy = tick::strategy_of(options.strategy.value),
                       .parameters = {},
                       .warn_after = options.warn_after,
                       .lock_timeout = options.lock_timeout,
                       .strict = options.strict,
                       .record = recorded,
                       .naming = options.naming.naming(""),
                       .window = options.window,
                       .catch_up = catch_up_of(options.catch_up.value),
                       .on_held = on_held_of(options.on_held.value),
                       .batch = options.batch,
                       .workers = options.workers,
                       .clock = nullptr};
  for (const auto& [name, value] : options.parameters) {
    // With --all, a parameter goes to the ticks that have it.
    if (value && (!options.all || tick.find_parameter(name) != nullptr)) {
      engine.parameters[name] = *value;
    }
  }
  return engine;
}

/// What says how windows are to be treated means nothing without them.
void check_windows(const Options& options) {
  if (options.window) return;
  for (const auto& [name, given] : {std::pair("--catch-up", !options.catch_up.value.empty()),
                                    std::pair("--on-held", !options.on_held.value.empty())}) {
    if (given) {
      throw core::usage_error(fmt::format("{} means nothing without --window", name),
                              "for example --window 5m");
    }
  }
}

std::vector<tick::Definition> chosen_ticks(const Options& options,
                                           const catalog::Catalog& catalog) {
  if (options.all && !options.name.empty()) {
    throw core::usage_error("tick run: a tick and --all contradict each other", "give one of them");
  }
  if (options.all) return tick::load_all(catalog);
  if (options.name.empty()) {
    throw core::usage_error("tick run: which tick?", "name one, or give --all; see tick list");
  }
  return {tick::load(catalog, options.name)};
}

/// tick run NAME --trigger install|remove: the variant of a tick that lives in the database.
int set_trigger(const Options& options, Context& context, const cli::Application& application) {
  const bool install = *options.trigger == "install";
  if (!install && *options.trigger != "remove") {
    throw core::usage_error(fmt::format("--trigger: \"{}\" is not one of install, remove",
                                        *options.trigger),
                            "for example tick run combat --trigger install");
  }
  if (options.all) {
    throw core::usage_error("tick run: --all and --trigger contradict each other", "name one tick");
  }
  const tick::Definition tick = chosen_ticks(options, context.catalog()).front();
  const tick::Options engine = engine_options(options, tick, false);
  tick::check_trigger(context.catalog(), tick, engine);
  options.naming.naming("").check(tick.tables());
  pg::Session session = context.connect(application);
  schema::ensure_in_lab(session, context.catalog(),
                        {.family = tick.family,
                         .schema = options.naming.schema,
                         .prefix = options.naming.prefix,
                         .version = kVersion},
                        context.observer());
  return context.emit(tick::set_trigger(
      session, context.catalog(), tick, engine,
      install ? tick::TriggerAction::kInstall : tick::TriggerAction::kRemove, context.observer()));
}

int run(const Options& options, Context& context, const cli::Application& application) {
  if (options.trigger) return set_trigger(options, context, application);
  check_windows(options);
  const auto ticks = chosen_ticks(options, context.catalog());
  std::vector<std::string> tables;
  for (const tick::Definition& tick : ticks) {
    tick::check(tick, engine_options(options, tick, false));
    const auto its_tables = tick.tables();
    tables.insert(tables.end(), its_tables.begin(), its_tables.end());
  }
  options.naming.naming("").check(tables);
  pg::Session session = context.connect(application);
  for (const tick::Definition& tick : ticks) {
    if (tick.family.empty()) continue;
    schema::ensure_in_lab(session, context.catalog(),
                          {.family = tick.family,
                           .schema = options.naming.schema,
                           .prefix = options.naming.prefix,
                           .version = kVersion},
                          context.observer());
  }
  for (const tick::Definition& tick : ticks) {
    tick::check_tables(session, tick, engine_options(options, tick, false));
  }
  const bool recorded =
      schema::ensure_bookkeeping(session, context.catalog(), kVersion, context.observer());
  std::vector<core::Result> results;
  try {
    for (const tick::Definition& tick : ticks) {
      results.push_back(
          tick::run(session, tick, engine_options(options, tick, recorded), context.observer()));
      if (results.back().interrupted) break;
    }
  } catch (const core::Error& error) {
    if (results.empty()) throw;
    // The ticks before it are committed; what they did must not get lost, nor be done again.
    const std::size_t done = results.size();
    std::vector<std::string> left;
    for (std::size_t i = done + 1; i < ticks.size(); ++i) left.push_back(ticks[i].name);
    context.emit(std::move(results));
    throw core::Error(core::ErrorKind::kFailed,
                      fmt::format("tick run --all: {} failed: {}; {} before it ran{}",
                                  ticks[done].name, error.message(), done,
                                  left.empty() ? "" : ", not run: " + core::join(left, ", ")),
                      error.hint());
  }
  return context.emit(std::move(results));
}

/// Every parameter of every tick is an option of its own. A file that cannot be read has none here;
/// it is reported when it is used.
void declare_parameters(cli::Command& verb, Options& options, const catalog::Catalog& catalog) {
  std::map<std::string, std::string> helps;
  for (const catalog::Entry& entry : catalog.newest("sql/ticks")) {
    try {
      const tick::Definition tick = tick::parse(entry.file);
      for (const tick::Parameter& parameter : tick.parameters) {
        std::string& help = helps[parameter.name];
        help += fmt::format("{}{}: {} [{}]", help.empty() ? "" : "; ", tick.name, parameter.help,
                            parameter.default_value);
      }
    } catch (const core::Error&) {
      continue;
    }
  }
  for (const auto& [name, help] : helps) {
    verb.option("--" + name, options.parameters[name], help, "VALUE");
  }
}

}  // namespace

void declare_tick(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command tick = application.command("tick", "Regen, combat and decay ticks on demand");

  tick.verb("list", "The ticks, with their thresholds and parameters")
      .example("scalectl tick list")
      .action([&context] { return context.emit(list(context.catalog())); });

  cli::Command run_verb = tick.verb("run", "Run one tick, or all of them");
  run_verb.operand("TICK", options->name, "Which tick; see tick list", false)
      .flag("--all", options->all, "Every tick, one after another")
      .option("--strategy", options->strategy,
              "set: one statement; rows: one statement for each row, as before seed 000's fix; "
              "batched: ranges of the key, or a queue, each batch a transaction of its own; epoch: "
              "one row, on the epoch layout")
      .option("--window", options->window,
              "Once in each window of this length by the database's clock: a second run, another "
              "host or a rerun does nothing, and a killed batched run is resumed",
              "DURATION")
      .option("--catch-up", options->catch_up,
              "Windows that were missed: last (default): the present one stands for all; none: "
              "they are dropped; all: each is worked, oldest first")
      .option("--on-held", options->on_held,
              "While another run is at work: skip (default): exit 0; fail: exit 4; wait: up to "
              "--lock-timeout")
      .option("--batch", options->batch,
              "Rows in a batch, in place of the tick's own; without --window, batches that are "
              "done stay so, and a killed run cannot be resumed",
              "COUNT")
      .option("--workers", options->workers, "Connections that work on batches, 1 to 64 [1]",
              "COUNT")
      .option("--warn-after", options->warn_after, "Threshold in place of the tick's own")
      .option("--trigger", options->trigger,
              "combat: install or remove a trigger that ends idle turns whenever the game writes one "
              "(with --idle), instead of running the tick",
              "ACTION")
      .flag("--strict", options->strict, "A missed threshold is a failure (exit 1)")
      .option("--lock-timeout", options->lock_timeout, "How long to wait for a locked row");
  declare_parameters(run_verb, *options, context.catalog());
  options->naming.declare(run_verb);
  run_verb.example("scalectl --lab tick run stamina")
      .example("scalectl tick run stamina --window 5m --strategy batched --batch 10k --workers 2")
      .example(
          "scalectl tick run --all --strict --quiet --format prom -o "
          "/var/lib/node_exporter/ticks.prom")
      .action([options, &context, &application] { return run(*options, context, application); });

  tick.verb("status", "Each tick's last run, p50 and p95 of the last day, and trend")
      .example("scalectl tick status")
      .action([&context, &application] {
        pg::Session session = context.connect(application);
        return context.emit(tick::status(session, tick::load_all(context.catalog())));
      });

  declare_tick_sweep(tick, context, application);
}

}  // namespace scalectl::tool
