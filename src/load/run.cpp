#include "load/run.hpp"

#include <memory>

#include "load/http_worker.hpp"
#include "load/preflight.hpp"

namespace scalectl::load {
namespace {

core::Object live(const Tally& total, const SeriesRow& last, std::int64_t in_flight) {
  const core::Histogram& response = total.latencies.response;
  core::Object now;
  now.set("rate_rps", static_cast<double>(last.answered));
  now.set("requests", total.counts.sent).set("in_flight", in_flight);
  if (!response.empty()) {
    now.set("p50_ms", core::to_milliseconds(response.quantile(0.5)));
    now.set("p99_ms", core::to_milliseconds(response.quantile(0.99)));
  }
  now.set("errors", total.counts.errors());
  return now;
}

}  // namespace

Outcome run(const HttpPlan& plan, const std::stop_token& stop, core::Observer& observer,
            const SampleSink& samples) {
  check(plan);
  Outcome outcome{.open_model = plan.is_open()};
  const Reach reach{.url = plan.url,
                    .unix_path = plan.unix_path,
                    .ip_version = plan.ip_version,
                    .sources = plan.sources,
                    .connections = plan.connections,
                    .connect_timeout = plan.connect_timeout,
                    .tls = plan.tls};
  check_resources(reach, observer, outcome.notes);
  const Entry entry = find_server(reach, stop);
  const HttpSetting setting{.plan = plan,
                            .address = entry.address,
                            .tls = entry.tls.get(),
                            .wire = plan.request.wire(plan.url, plan.url.target),
                            .samples = samples != nullptr};
  Workers workers;
  for (int i = 0; i < plan.threads; ++i) {
    workers.push_back(std::make_unique<HttpWorker>(setting, i));
  }
  drive({.start_at = plan.start_at,
         .length = plan.schedule ? plan.schedule->end() : plan.duration,
         .count = plan.count,
         .thresholds = plan.thresholds,
         .abort_on_fail = plan.abort_on_fail,
         .abort_delay = plan.abort_delay,
         .live = live},
        workers, stop, observer, samples, outcome);
  return outcome;
}

}  // namespace scalectl::load
