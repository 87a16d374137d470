// Running a scenario.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "load/outcome.hpp"
#include "load/scenario/scenario.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"

namespace scalectl::load::scenario {

struct RunPlan {
  int threads = 1;
  Shard shard;
  std::optional<std::chrono::system_clock::time_point> start_at;
  std::optional<std::string> unix_path;  ///< a Unix socket to connect to, whatever the URLs' hosts
  net::IpVersion ip_version = net::IpVersion::kAny;
  std::vector<net::Address> sources;
  net::TlsOptions tls;
  core::Nanos connect_timeout = 5 * core::kSecond;
  bool abort_on_fail = false;
  core::Nanos abort_delay = 0;  ///< thresholds are not looked at before
};

struct ScenarioOutcome {
  Outcome outcome;
  std::vector<core::Check> checks;  ///< of Scenario::thresholds
};

/// Runs setup, then all that users do, then teardown; teardown also where a stop request ended the
/// rest early. Throws Error: usage for what cannot be, connection where a server cannot be reached
/// before anything was sent, failed where a step of setup fails.
ScenarioOutcome run(const Scenario& scenario, const RunPlan& plan, const std::stop_token& stop,
                    core::Observer& observer);

/// Fills in verdict, metrics, tables, checks, notes and data; `result` names the command and its
/// parameters. Throws Error (failed) where the counts contradict each other.
void report(const Scenario& scenario, const ScenarioOutcome& outcome, core::Result& result);

}  // namespace scalectl::load::scenario
