// What can be said of a flow without running it.
#pragma once

#include "load/scenario/scenario.hpp"

namespace scalectl::load::scenario {

/// Whether every way through the flow waits for something: what does not could go round and round
/// without end in no time. http, connect, expect, think, pace and a join by connect wait.
bool takes_time(const Flow& flow);

/// What is in a flow, at any depth.
struct FlowFacts {
  std::size_t steps = 0;
  std::size_t requests = 0;  ///< http
  bool has_http = false;
  bool has_websocket = false;
  bool has_expect = false;
  bool has_wait = false;  ///< think or pace
};

FlowFacts facts_of(const Flow& flow);

}  // namespace scalectl::load::scenario
