#include "redis_lock.hpp"

#include <fmt/format.h>

#include "core/stopwatch.hpp"
#include "core/wait.hpp"
#include "tick/run.hpp"

namespace scalectl::tool {
namespace {

using core::Error;
using core::ErrorKind;

constexpr core::Seconds kTtl{30};
constexpr std::chrono::milliseconds kBetweenTries{50};

std::chrono::milliseconds milliseconds(core::Seconds length) {
  // A day is longer than any tick, and fits.
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::min(length, core::Seconds(86'400)));
}

/// scalectl:tick:stamina:db.example:5432/game:"public"."players"
std::string key_of(const tick::Definition& tick, const tick::Options& run,
                   const std::string& place) {
  const std::string table = tick.tables().empty() ? "" : ":" + run.naming.table(tick.target());
  return fmt::format("scalectl:tick:{}:{}{}", tick.name, place, table);
}

/// In the shape of a run that found its slot held.
core::Result held_result(const tick::Definition& tick, const tick::Options& run,
                         const std::string& key, const core::Stopwatch& watch) {
  core::Result result{.command = "tick run", .name = tick.name};
  watch.stamp(result);
  result.threshold_s = run.warn_after.value_or(tick.warn_after).count();
  result.params = core::Object{{"strategy", tick::name_of(run.strategy)}};
  if (run.window) {  // the labels of a run that works, so that its series go on
    result.params.set("window_s", run.window->count()).set("catch_up", tick::name_of(run.catch_up));
  }
  result.metrics = core::Object{{"rows", 0},
                                {"statements", 0},
                                {"slot_state", "held"},
                                {"slot", core::Value()},
                                {"token", core::Value()},
                                {"windows_missed", 0},
                                {"windows_worked", 0},
                                {"redis_lock", "held"}};
  result.notes.push_back(fmt::format(
      "held: another run is at work on tick {}: it has the Redis lock {}", tick.name, key));
  return result;
}

}  // namespace

void RedisLockOptions::declare(cli::Command& verb) {
  verb.flag(
          "--redis-lock", wanted,
          "With windows: ask a lock in Redis first, which spares the database the runs that would "
          "find the slot taken; for efficiency only, the slot row is what guarantees")
      .option("--redis-lock-ttl", ttl, "How long the lock lives unless it is renewed [30s]",
              "DURATION");
}

void RedisLockOptions::check(bool windows) const {
  if (ttl && !wanted) {
    throw core::usage_error("--redis-lock-ttl means nothing without --redis-lock",
                            "give both, or neither");
  }
  if (wanted && !windows) {
    throw core::usage_error("--redis-lock means nothing without --window",
                            "the slot of a window is what guarantees; for example --window 5m");
  }
  if (ttl && ttl->count() < 0.01) {
    throw core::usage_error("--redis-lock-ttl is too short",
                            "give at least 10ms, or leave it at 30s");
  }
}

RedisLock::RedisLock(const RedisLockOptions& options, Context& context)
    : context_(context), ttl_(milliseconds(options.ttl.value_or(kTtl))) {
  if (options.wanted) target_ = context.redis();
}

std::unique_ptr<redis::Lease> RedisLock::try_once(const std::string& key) {
  try {
    return redis::Lease::take(*target_, key, ttl_);
  } catch (const Error& error) {
    unavailable_ = error.message();
    return nullptr;
  }
}

std::optional<core::Result> RedisLock::take(const tick::Definition& tick, const tick::Options& run,
                                            const std::string& place) {
  if (!target_) return std::nullopt;
  core::Observer& observer = context_.observer();
  if (!told_) {
    observer.info("The Redis lock is for efficiency; the slot row is what guarantees");
    told_ = true;
  }
  const core::Stopwatch watch;
  const std::string key = key_of(tick, run, place);
  unavailable_.clear();
  for (;;) {
    lease_ = try_once(key);
    if (lease_) return std::nullopt;
    if (!unavailable_.empty()) {
      observer.warn(
          fmt::format("tick {} runs without the Redis lock: {}", tick.name, unavailable_));
      return std::nullopt;
    }
    if (run.on_held == tick::OnHeld::kSkip) {
      core::Result result = held_result(tick, run, key, watch);
      observer.info(fmt::format("tick {}: {}", tick.name, result.notes.back()));
      return result;
    }
    if (run.on_held == tick::OnHeld::kFail || watch.seconds() >= run.lock_timeout.count()) {
      throw Error(
          ErrorKind::kBusy,
          fmt::format("tick {}: another run is at work: it has the Redis lock {}", tick.name, key),
          "it ends by itself; --on-held skip does nothing then, wait waits longer with "
          "--lock-timeout");
    }
    if (!core::wait(context_.stop(), kBetweenTries)) {
      throw Error(ErrorKind::kInterrupted, "interrupted while another run had the Redis lock");
    }
  }
}

void RedisLock::end(core::Result& result) {
  if (!target_) return;
  core::Observer& observer = context_.observer();
  const auto say = [&](const char* state, std::string note) {
    result.metrics.set("redis_lock", state);
    if (!note.empty()) result.notes.push_back(std::move(note));
  };
  const std::unique_ptr<redis::Lease> lease = std::move(lease_);
  if (!lease) {
    return say("unavailable", fmt::format("without the Redis lock: {}", unavailable_));
  }
  std::string lost = lease->lost();
  if (!lease->release() && lost.empty()) lost = "it was gone at the end";
  if (lost.empty()) return say("released", "");
  observer.warn(
      fmt::format("tick {}: the Redis lock was lost while it ran: {}; the slot row kept it "
                  "to once",
                  result.name, lost));
  say("lost",
      fmt::format("the Redis lock was lost during the run ({}); the slot row kept it to once",
                  lost));
}

}  // namespace scalectl::tool
