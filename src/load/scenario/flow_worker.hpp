// FlowWorker: a thread that lets its share of a scenario's users come, go through their flows, and
// leave.
#pragma once

#include <memory>

#include "load/scenario/crowd.hpp"
#include "load/worker.hpp"

namespace scalectl::load::scenario {

class FlowWorker : public Worker {
 public:
  /// Worker `index` of setting.threads: users and arrivals `index`, `index` + threads, … are its
  /// own.
  FlowWorker(const FlowSetting& setting, int index);
  ~FlowWorker() override;

  void run() override;
  void begin(core::Nanos instant) override;
  void stop() override;

  /// Once it is done: the variables of the user that ended last.
  const Values& last_values() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace scalectl::load::scenario
