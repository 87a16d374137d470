// Lease: a lock in Redis that is held for a time and renewed while its holder lives.
//
// For efficiency only: Redis may lose the key (failover, eviction, restart), and a holder that was
// paused may go on after its lease has passed to another. What must not happen twice needs a guard
// where the effect is: here, the slot row in PostgreSQL.
//
// One key with a random value of 128 bits: SET NX PX takes it; renewal (at a third of its time to
// live, from a thread and a connection of its own) and release compare the value first, in one
// script, so that neither touches what another holder took. Source: Redis documentation,
// "Distributed Locks with Redis", the single-instance algorithm.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "redis/client.hpp"

namespace scalectl::redis {

class Lease {
 public:
  /// Takes `key` for `ttl`, or returns nothing where somebody holds it. Throws Error: usage for a
  /// `ttl` under 10 ms, connection where Redis is not there, failed for what it refuses.
  static std::unique_ptr<Lease> take(const Target& target, const std::string& key,
                                     std::chrono::milliseconds ttl);
  /// Releases it.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const std::string& key() const { return key_; }
  /// The random value that says whose it is.
  const std::string& value() const { return value_; }

  /// Why it is no longer held; empty while it is, as far as the last renewal knows.
  std::string lost() const;

  /// Ends the renewal and deletes the key, if it is ours still; false where it is not, or Redis is
  /// gone. What another holder took in the meantime stays. Later calls do nothing.
  bool release();

 private:
  Lease(const Target& target, std::string key, std::chrono::milliseconds ttl);
  void renew_until(const std::stop_token& stop);
  /// Throws what Client throws.
  void renew();
  void lose(std::string why);

  const Target target_;
  const std::string key_;
  const std::string value_;
  const std::chrono::milliseconds ttl_;
  std::unique_ptr<Client> client_;  // of the renewing thread while that runs
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::string lost_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace scalectl::redis
