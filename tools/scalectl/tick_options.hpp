// What tick run and tick every have in common: which tick, how it is run, and on which tables.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "context.hpp"
#include "naming_options.hpp"
#include "redis_lock.hpp"
#include "tick/definition.hpp"
#include "tick/options.hpp"

namespace scalectl::tool {

struct TickOptions {
  std::string name;
  cli::Choice strategy{.value = "",  // empty: not given
                       .allowed = {"set", "rows", "batched", "epoch"}};
  bool strict = false;
  std::optional<core::Seconds> warn_after;
  core::Seconds lock_timeout{10};
  std::optional<core::Seconds> window;
  cli::Choice catch_up{.value = "", .allowed = {"none", "last", "all"}};  // empty: not given
  cli::Choice on_held{.value = "", .allowed = {"skip", "fail", "wait"}};
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> workers;
  RedisLockOptions redis_lock;
  NamingOptions naming;
  std::map<std::string, std::optional<std::string>> parameters;  // one entry for each option made
  std::vector<std::string> settings;                             // --set NAME=VALUE

  /// Every option but those that the verbs name otherwise (--window) or have alone.
  void declare(cli::Command& verb, const catalog::Catalog& catalog);
  /// Throws Error (usage) for what the options contradict each other in; `windows`: the tick is run
  /// once per window.
  void check(bool windows) const;

  /// The tick called `name`, or in the file of that path. Throws Error (usage).
  tick::Definition chosen(const catalog::Catalog& catalog) const;
  /// What the engine is told. A parameter that `tick` does not have is passed on, to be refused,
  /// unless it is `one_of_many`; where these say no strategy, each of many has its layout's.
  tick::Options engine(const tick::Definition& tick, bool recorded, bool one_of_many) const;

  /// Throws Error (usage) for what `ticks` cannot be run with, whatever the database holds; warns
  /// of what looks like a mistake.
  void check(const std::vector<tick::Definition>& ticks, Context& context) const;
  /// Throws Error (usage) where a file's tick would be once per window under the name of a tick of
  /// the catalog: each would take the other's windows for its own.
  void check_name(const tick::Definition& tick, const catalog::Catalog& catalog) const;
  /// Makes the bookkeeping, and in a lab the ticks' tables, where they are missing. False where the
  /// role may not make the bookkeeping. Throws Error (usage) naming a table that is not there.
  bool prepare(pg::Session& session, const std::vector<tick::Definition>& ticks,
               Context& context) const;
};

/// Adds to a run's Result what looks like a mistake in the tick.
void add_warnings(core::Result& result, const tick::Definition& tick);

void declare_tick_every(cli::Command& tick, cli::Application& application, Context& context);

}  // namespace scalectl::tool
