#include "gateway/serve.hpp"

#include <fmt/format.h>

#include <array>

#include "core/stopwatch.hpp"
#include "core/wait.hpp"
#include "gateway/reference.hpp"
#include "net/limits.hpp"

namespace scalectl::gateway {
namespace {

using core::Column;
using core::Object;
using core::Unit;

/// Waits for the stop, or for the duration where there is one.
void wait(const std::stop_token& stop, const std::optional<core::Seconds>& duration) {
  // A year is for ever, and fits the clock.
  const core::Seconds year{365.0 * 24 * 3600};
  const core::Seconds length = std::min(duration.value_or(year), year);
  core::wait(stop, std::chrono::duration_cast<std::chrono::nanoseconds>(length));
}

std::chrono::milliseconds milliseconds(core::Seconds length) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::min(length, core::Seconds(365.0 * 24 * 3600)));
}

Object params(const ServeOptions& options) {
  const net::ServerOptions& server = options.server;
  Object made;
  made.set("threads", server.threads);
  made.set("connections", server.max_connections);
  made.set("idle_timeout_s", core::Seconds(server.idle_timeout).count());
  made.set("max_body_bytes", server.max_body_bytes);
  made.set("tls", !server.tls_cert.empty());
  if (options.duration) made.set("duration_s", options.duration->count());
  made.set("drain_s", options.drain.count());
  if (server.accept_delay.count() != 0) {
    made.set("accept_delay_s", core::Seconds(server.accept_delay).count());
  }
  Object switches;  // those that are on
  const auto set = [&](const char* name, std::uint64_t every) {
    if (every != 0) switches.set(name, every);
  };
  if (server.ws.delay.count() != 0) {
    switches.set("delay_s", core::Seconds(server.ws.delay).count());
    switches.set("delay_every", server.ws.delay_every);
  }
  const DisorderOptions& disorder = options.rooms.disorder;
  set("drop", disorder.drop);
  set("duplicate", disorder.duplicate);
  set("reorder", disorder.reorder);
  set("close_after", options.rooms.close_after);
  if (options.rooms.deflate) switches.set("deflate", true);
  if (!switches.empty()) made.set("websockets", std::move(switches));
  return made;
}

Object metrics(const net::ServerCounters& sum, const std::vector<RequestCount>& rows,
               std::uint64_t cut) {
  std::array<std::uint64_t, 5> classes{};
  for (const RequestCount& row : rows) {
    classes[static_cast<std::size_t>(row.status / 100 - 1)] += row.count;
  }
  Object failures;  // those that there were
  for (std::size_t i = 0; i < net::kServerFaults; ++i) {
    if (sum.faults[i] == 0) continue;
    failures.set(std::string(net::to_text(static_cast<net::ServerFault>(i))), sum.faults[i]);
  }
  Object made;
  made.set("requests", sum.requests);
  made.set("statuses", Object{{"1xx", classes[0]},
                              {"2xx", classes[1]},
                              {"3xx", classes[2]},
                              {"4xx", classes[3]},
                              {"5xx", classes[4]}});
  made.set("connections",
           Object{{"opened", sum.opened}, {"refused", sum.refused}, {"cut_off", cut}});
  made.set("bytes_in", sum.bytes_in);
  made.set("bytes_out", sum.bytes_out);
  made.set("failures", std::move(failures));
  return made;
}

Object metrics(const net::WsCounters& sum, const RoomCounters& rooms) {
  Object closed;
  for (const auto& [code, count] : sum.closed) closed.set(std::to_string(code), count);
  return Object{{"opened", sum.opened},           {"compressed", sum.compressed},
                {"closed", std::move(closed)},    {"overflowed", sum.overflowed},
                {"messages_in", sum.messages},    {"ignored", sum.ignored},
                {"dropped", rooms.dropped},       {"duplicated", rooms.duplicated},
                {"reordered", rooms.reordered},   {"withheld", rooms.withheld},
                {"deliveries", sum.deliveries},   {"delayed", sum.delayed},
                {"undelivered", sum.undelivered}, {"delivered", sum.deliveries - sum.undelivered}};
}

core::Table table(const std::vector<RequestCount>& rows) {
  core::Table made{
      .key = "routes",
      .title = "Requests",
      .columns = {Column{"route", "route"}, Column{"method", "method"}, Column{"status", "status"},
                  Column{"requests", "requests", Unit::kCount}},
      .rows = {}};
  for (const RequestCount& row : rows) {
    made.rows.push_back({row.route, row.method, std::to_string(row.status), row.count});
  }
  return made;
}

}  // namespace

core::Result serve(const ServeOptions& options, const std::stop_token& stop,
                   core::Observer& observer) {
  net::raise_descriptor_limit();
  Reference reference(options.server.threads, options.rooms);
  net::HttpServer server(options.server, reference);
  reference.watch(server);
  const core::Stopwatch watch;
  server.start();
  observer.info(fmt::format("Serving {} ({} thread{})", server.url(), options.server.threads,
                            options.server.threads == 1 ? "" : "s"));
  wait(stop, options.duration);
  const std::uint64_t cut = server.stop(milliseconds(options.drain));

  core::Result result{.command = "serve", .name = server.url()};
  const std::vector<RequestCount> rows = reference.counts();
  result.params = params(options);
  result.metrics = metrics(server.counters(), rows, cut);
  if (const net::WsCounters sockets = server.ws_counters(); sockets.opened != 0) {
    result.metrics.set("websockets", metrics(sockets, reference.room_counters()));
  }
  if (!rows.empty()) result.tables.push_back(table(rows));
  if (cut != 0) {
    result.verdict = core::Verdict::kWarn;
    result.notes.push_back(
        fmt::format("{} connection{} cut off: not answered, or not closed, within the drain of {}",
                    cut, cut == 1 ? " was" : "s were", core::format_duration(options.drain)));
  }
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::gateway
