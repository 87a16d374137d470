#include "load/ws_run.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include "load/drive.hpp"
#include "load/preflight.hpp"
#include "load/ws_worker.hpp"

namespace scalectl::load {
namespace {

const core::Histogram& latency_of(const Tally& tally) {
  return tally.latencies.fanout.empty() ? tally.latencies.echo : tally.latencies.fanout;
}

core::Object live(const Tally& total, const SeriesRow& last, std::int64_t open) {
  const core::Histogram& latency = latency_of(total);
  core::Object now;
  now.set("rate_rps", static_cast<double>(last.answered));
  now.set("open", open).set("sent", total.counts.sent);
  if (!latency.empty()) {
    now.set("p50_ms", core::to_milliseconds(latency.quantile(0.5)));
    now.set("p99_ms", core::to_milliseconds(latency.quantile(0.99)));
  }
  now.set("disconnects", total.messages.disconnects);
  return now;
}

}  // namespace

Outcome run(const WsPlan& plan, const std::stop_token& stop, core::Observer& observer) {
  check(plan);
  Outcome outcome{.open_model = plan.is_open(), .expects = plan.expect != Expect::kNobody};
  const Reach reach{.url = plan.url,
                    .unix_path = plan.unix_path,
                    .ip_version = plan.ip_version,
                    .sources = plan.sources,
                    .connections = plan.connections,
                    .connect_timeout = plan.connect_timeout,
                    .tls = plan.tls};
  check_resources(reach, observer, outcome.notes);
  const Entry entry = find_server(reach, stop);
  const WsSetting setting{.plan = plan,
                          .address = entry.address,
                          .tls = entry.tls.get(),
                          .run = std::random_device()() & 0xffffU};
  Workers workers;
  for (int i = 0; i < plan.threads; ++i) workers.push_back(std::make_unique<WsWorker>(setting, i));
  drive({.start_at = plan.start_at,
         .length = plan.duration,
         .count = std::nullopt,
         .thresholds = plan.thresholds,
         .abort_on_fail = plan.abort_on_fail,
         .abort_delay = plan.abort_delay,
         .live = live},
        workers, stop, observer, nullptr, outcome);
  core::Nanos loaded = 0;
  std::vector<std::uint32_t> sent(static_cast<std::size_t>(plan.speaking()));
  for (const auto& worker : workers) {
    const WsWorker& own = static_cast<const WsWorker&>(*worker);
    own.add_sent(sent);
    loaded = std::max(loaded, own.loaded());
    outcome.opening_s = std::max(outcome.opening_s, core::to_seconds(own.opening()));
  }
  outcome.loaded_s = core::to_seconds(loaded);
  for (const auto& worker : workers) {
    static_cast<const WsWorker&>(*worker).settle(sent, outcome.tally.messages);
  }
  if (plan.expect == Expect::kNobody)
    outcome.tally.messages.expected = outcome.tally.messages.delivered;
  return outcome;
}

}  // namespace scalectl::load
