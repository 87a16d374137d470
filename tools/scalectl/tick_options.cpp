#include "tick_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "process/files.hpp"
#include "schema/migrations.hpp"
#include "tick/file.hpp"
#include "tick/run.hpp"
#include "tick/warnings.hpp"

namespace scalectl::tool {
namespace {

tick::CatchUp catch_up_of(const std::string& word) {
  if (word == "none") return tick::CatchUp::kNone;
  return word == "all" ? tick::CatchUp::kAll : tick::CatchUp::kLast;
}

tick::OnHeld on_held_of(const std::string& word) {
  if (word == "fail") return tick::OnHeld::kFail;
  return word == "wait" ? tick::OnHeld::kWait : tick::OnHeld::kSkip;
}

/// Every parameter of every tick is an option of its own. A file that cannot be read has none here;
/// it is reported when it is used.
void declare_parameters(cli::Command& verb, TickOptions& options, const catalog::Catalog& catalog) {
  std::map<std::string, std::string> helps;
  for (const catalog::Entry& entry : catalog.newest("sql/ticks")) {
    try {
      const tick::Definition tick = tick::parse_file(entry.file);
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
    try {
      verb.option("--" + name, options.parameters[name], help, "VALUE");
    } catch (const std::exception&) {  // the verb has an option of that name; --set remains
      continue;
    }
  }
}

}  // namespace

void TickOptions::declare(cli::Command& verb, const catalog::Catalog& catalog) {
  verb.option("--strategy", strategy,
              "set (default; with --all, epoch where that is the layout): one statement; rows: one "
              "statement for each row, as before seed 000's fix; "
              "batched: ranges of the key, or a queue, each batch a transaction of its own; epoch: "
              "one row, on the epoch layout")
      .option("--catch-up", catch_up,
              "Windows that were missed: last (default): the present one stands for all; none: "
              "they are dropped; all: each is worked, oldest first")
      .option("--on-held", on_held,
              "While another run is at work: skip (default): exit 0; fail: exit 4; wait: up to "
              "--lock-timeout")
      .option("--batch", batch,
              "Rows in a batch, in place of the tick's own; without --window, batches that are "
              "done stay so, and a killed run cannot be resumed",
              "COUNT")
      .option("--workers", workers, "Connections that work on batches, 1 to 64 [1]", "COUNT")
      .option("--warn-after", warn_after, "Threshold in place of the tick's own")
      .flag("--strict", strict, "A missed threshold is a failure (exit 1)")
      .option("--lock-timeout", lock_timeout, "How long to wait for a locked row");
  redis_lock.declare(verb);
  verb.list("--set", settings, "A parameter of the tick, above all of one in a file", "NAME=VALUE");
  naming.declare(verb);
  declare_parameters(verb, *this, catalog);
}

void TickOptions::check(bool windows) const {
  redis_lock.check(windows);
  if (windows) return;
  // What says how windows are to be treated means nothing without them.
  for (const auto& [option, given] : {std::pair("--catch-up", !catch_up.value.empty()),
                                      std::pair("--on-held", !on_held.value.empty())}) {
    if (given) {
      throw core::usage_error(fmt::format("{} means nothing without --window", option),
                              "for example --window 5m");
    }
  }
}

tick::Definition TickOptions::chosen(const catalog::Catalog& catalog) const {
  if (!tick::names_a_file(name)) return tick::load(catalog, name);
  return tick::parse_file({.path = name, .text = process::read_file(name)});
}

tick::Options TickOptions::engine(const tick::Definition& tick, bool recorded,
                                  bool one_of_many) const {
  const bool unasked = strategy.value.empty();
  tick::Options made{.strategy = unasked ? tick::Strategy::kSet : tick::strategy_of(strategy.value),
                     .by_layout = unasked && one_of_many,
                     .one_of_many = one_of_many,
                     .parameters = {},
                     .warn_after = warn_after,
                     .lock_timeout = lock_timeout,
                     .strict = strict,
                     .record = recorded,
                     .naming = naming.naming(""),
                     .window = window,
                     .catch_up = catch_up_of(catch_up.value),
                     .on_held = on_held_of(on_held.value),
                     .batch = batch,
                     .workers = workers,
                     .clock = nullptr};
  for (const auto& [parameter, value] : parameters) {
    if (value && (!one_of_many || tick.find_parameter(parameter) != nullptr)) {
      made.parameters[parameter] = *value;
    }
  }
  for (const auto& [parameter, value] : tick::parse_settings(settings)) {
    const tick::Parameter* known = tick.find_parameter(parameter);
    if (one_of_many && known == nullptr) continue;
    // By its name as an option, whichever way --set has written it.
    const std::string& key = known == nullptr ? parameter : known->name;
    if (!made.parameters.emplace(key, value).second) {
      throw core::usage_error(
          fmt::format("--{} and --set {} contradict each other", key, parameter),
          "give one of them");
    }
  }
  return made;
}

void TickOptions::check(const std::vector<tick::Definition>& ticks, Context& context) const {
  const bool many = ticks.size() > 1;
  std::vector<std::string> tables;
  for (const tick::Definition& tick : ticks) {
    tick::check(tick, engine(tick, false, many));
    check_name(tick, context.catalog());
    const auto its_tables = tick.tables();
    tables.insert(tables.end(), its_tables.begin(), its_tables.end());
    if (its_tables.empty() && (naming.schema || naming.prefix || !naming.tables.empty())) {
      throw core::usage_error(
          fmt::format("tick {} names its tables plainly: {} does not reach them", tick.name,
                      naming.schema   ? "--schema"
                      : naming.prefix ? "--prefix"
                                      : "--table"),
          "write the tables as :\"name\" in the file");
    }
  }
  naming.naming("").check(tables);
  for (const auto& [parameter, value] : tick::parse_settings(settings)) {
    if (std::none_of(ticks.begin(), ticks.end(), [&, wanted = parameter](const auto& tick) {
          return tick.find_parameter(wanted) != nullptr;
        })) {
      throw core::usage_error(fmt::format("--set {}: no tick has this parameter", parameter),
                              "see scalectl tick list");
    }
  }
  for (const tick::Definition& tick : ticks) {
    for (const std::string& warning : tick::warnings(tick)) context.observer().warn(warning);
  }
}

void TickOptions::check_name(const tick::Definition& tick, const catalog::Catalog& catalog) const {
  if (!window || !tick::names_a_file(name)) return;
  const std::vector<catalog::Entry> known = catalog.newest("sql/ticks");
  if (std::none_of(known.begin(), known.end(),
                   [&](const catalog::Entry& entry) { return entry.name == tick.name; })) {
    return;
  }
  throw core::usage_error(
      fmt::format("{}: a tick of scalectl's is called {} too, and each would take the other's "
                  "windows for its own",
                  name, tick.name),
      fmt::format("call this one otherwise (the file, or its \"-- tick:\"); tick run {0} --sql-dir "
                  "DIR runs DIR/ticks/{0}.sql in place of that one",
                  tick.name));
}

bool TickOptions::prepare(pg::Session& session, const std::vector<tick::Definition>& ticks,
                          Context& context) const {
  for (const tick::Definition& tick : ticks) {
    if (tick.family.empty()) continue;
    schema::ensure_in_lab(session, context.catalog(),
                          {.family = tick.family,
                           .schema = naming.schema,
                           .prefix = naming.prefix,
                           .version = kVersion},
                          context.observer());
  }
  for (const tick::Definition& tick : ticks) {
    tick::check_tables(session, tick, engine(tick, false, ticks.size() > 1));
  }
  return schema::ensure_bookkeeping(session, context.catalog(), kVersion, context.observer());
}

void add_warnings(core::Result& result, const tick::Definition& tick) {
  for (std::string& warning : tick::warnings(tick)) result.notes.push_back(std::move(warning));
}

}  // namespace scalectl::tool
