// WsWorker: a thread that keeps WebSockets open, speaks on some of them, and times what arrives.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "load/tally.hpp"
#include "load/worker.hpp"
#include "load/ws_plan.hpp"
#include "net/tls.hpp"

namespace scalectl::load {

/// What all workers of a run share; none of it changes while they run.
struct WsSetting {
  const WsPlan& plan;
  net::Address address;        ///< that answered the probe
  const net::TlsContext* tls;  ///< null for ws://
  std::uint32_t run = 0;       ///< 16 random bits: whose messages ours are
};

class WsWorker : public Worker {
 public:
  /// Worker `index` of plan.threads: connections `index`, `index` + threads, … are its own.
  WsWorker(const WsSetting& setting, int index);
  ~WsWorker() override;

  void run() override;
  void begin(core::Nanos instant) override;
  void stop() override;

  // --- Once it is done ---

  /// From the first connection's start until all of them were open or had failed; 0 if they never
  /// were.
  core::Nanos opening() const;

  /// From the run's beginning until it spoke no more, or to the last delivery where that was later.
  core::Nanos loaded() const;

  /// Writes how many messages each of its speakers has sent.
  void add_sent(std::vector<std::uint32_t>& by_speaker) const;
  /// Counts what its connections were to receive of those, and did.
  void settle(const std::vector<std::uint32_t>& by_speaker, MessageCounts& counts) const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace scalectl::load
