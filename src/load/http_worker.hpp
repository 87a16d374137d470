// HttpWorker: a thread that sends HTTP requests: its loop, its share of the connections and
// arrivals.
#pragma once

#include <memory>
#include <string>

#include "load/plan.hpp"
#include "load/worker.hpp"
#include "net/tls.hpp"

namespace scalectl::load {

/// What all workers of a run share; none of it changes while they run.
struct HttpSetting {
  const HttpPlan& plan;
  net::Address address;        ///< that answered the probe
  const net::TlsContext* tls;  ///< null for plain HTTP
  std::string wire;            ///< the request's bytes
  bool samples = false;
};

class HttpWorker : public Worker {
 public:
  /// Worker `index` of plan.threads.
  HttpWorker(const HttpSetting& setting, int index);
  ~HttpWorker() override;

  void run() override;
  void begin(core::Nanos instant) override;
  void stop() override;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace scalectl::load
