// Running a load plan against a ScriptedServer, and looking at what came of it request by request.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <stop_token>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/text.hpp"
#include "load/outcome.hpp"
#include "load/run.hpp"
#include "support/json.hpp"
#include "support/recorder.hpp"
#include "support/scripted_server.hpp"

namespace scalectl::test {

/// One line of the stream of samples.
struct Sample {
  double planned_s = 0;
  std::string outcome;
  double response_ms = 0;
  double service_ms = -1;  ///< -1 where nothing was sent
  int status = 0;
};

inline std::vector<Sample> samples_of(const std::string& lines) {
  std::vector<Sample> samples;
  for (const core::Value& line : json_lines(lines)) {
    const core::Object& object = *line.if_object();
    const core::Value* service = object.find("service_ms");
    const core::Value* status = object.find("status");
    samples.push_back({.planned_s = at(line, "planned_s").number(),
                       .outcome = text_at(line, "outcome"),
                       .response_ms = at(line, "response_ms").number(),
                       .service_ms = service == nullptr ? -1 : service->number(),
                       .status = status == nullptr ? 0 : static_cast<int>(*status->if_integer())});
  }
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.planned_s < b.planned_s; });
  return samples;
}

struct Ran {
  load::Outcome outcome;
  std::vector<Sample> samples;  ///< in the order in which they were planned

  const load::Counts& counts() const { return outcome.tally.counts; }
  const load::Latencies& latencies() const { return outcome.tally.latencies; }
  std::uint64_t failures(net::FailureClass kind) const {
    return outcome.tally.failures[static_cast<std::size_t>(kind)].count;
  }
  double response_ms(double q) const {
    return core::to_milliseconds(latencies().response.quantile(q));
  }
  double service_ms(double q) const {
    return core::to_milliseconds(latencies().service.quantile(q));
  }
};

/// One connection, one thread; the rest is the test's to say.
inline load::HttpPlan plan_for(const ScriptedServer& server, const std::string& target = "/") {
  return {.url = net::parse_url(server.url(target)), .connections = 1, .threads = 1};
}

/// Runs `plan` and holds every identity of the counts against what came of it.
inline Ran run(const load::HttpPlan& plan, const std::stop_token& stop = {}) {
  Recorder observer;
  std::string lines;
  Ran ran;
  ran.outcome = load::run(plan, stop, observer, [&](std::string_view more) { lines += more; });
  ran.samples = samples_of(lines);
  load::check_request_identities(ran.outcome.tally);
  EXPECT_EQ(ran.samples.size(), ran.counts().sent) << "every request has a sample";
  return ran;
}

/// Another process may take the core for longer than a tool under test would lie: what depends on
/// the clock may be measured up to three times. A wrong tool fails every time.
template <typename Measure>
testing::AssertionResult within_three(const Measure& measure) {
  std::string why;
  for (int i = 0; i < 3; ++i) {
    const testing::AssertionResult result = measure();
    if (result) return result;
    why += std::string(result.message()) + "\n";
  }
  return testing::AssertionFailure() << why;
}

}  // namespace scalectl::test
