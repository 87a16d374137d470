// The lock in Redis that a tick run may take before it talks to the database (--redis-lock).
//
// It spares the database the runs that would find the slot taken. What guarantees once per window
// is the slot row, and so a Redis that is not there, or goes away, changes nothing but the load.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.hpp"
#include "context.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "redis/lease.hpp"
#include "tick/definition.hpp"
#include "tick/options.hpp"

namespace scalectl::tool {

struct RedisLockOptions {
  bool wanted = false;
  std::optional<core::Seconds> ttl;

  void declare(cli::Command& verb);
  /// Throws Error (usage) for a time without a lock, a lock without windows, and a time too short.
  void check(bool windows) const;
};

/// The locks of one command's runs: says once what they are worth.
class RedisLock {
 public:
  /// Without `options.wanted` every run goes on without a lock. Throws Error (usage) where no Redis
  /// is named.
  RedisLock(const RedisLockOptions& options, Context& context);

  /// Takes the lock of `tick` in the database at `place`, as `run.on_held` says where somebody has
  /// it: skip returns the Result of a run that found its slot held; fail, and wait after the lock
  /// timeout, throw Error (busy). Nothing returned: go on. Redis not there: a warning, and go on.
  std::optional<core::Result> take(const tick::Definition& tick, const tick::Options& run,
                                   const std::string& place);
  /// Releases it; `result` tells what became of it.
  void end(core::Result& result);
  /// Releases it after a run that failed.
  void end() { lease_.reset(); }

 private:
  std::unique_ptr<redis::Lease> try_once(const std::string& key);

  Context& context_;
  const std::chrono::milliseconds ttl_;
  std::optional<redis::Target> target_;  // nothing: no lock is wanted
  bool told_ = false;
  std::unique_ptr<redis::Lease> lease_;
  std::string unavailable_;  // why this run has no lock
};

}  // namespace scalectl::tool
