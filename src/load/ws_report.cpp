// The Result of a run over WebSocket.
#include <fmt/format.h>

#include <array>

#include "core/text.hpp"
#include "load/report_parts.hpp"
#include "load/ws_run.hpp"

namespace scalectl::load {
namespace {

using core::Array;
using core::Object;
using core::Unit;

constexpr std::array<std::string_view, 7> kLatencies{"echo",    "fanout", "send_lag", "connect",
                                                     "upgrade", "tls",    "reopen"};

double throughput(const Outcome& outcome) {
  const auto delivered = static_cast<double>(outcome.tally.messages.delivered);
  return outcome.rated_s() > 0 ? delivered / outcome.rated_s() : 0;
}

void set_metrics(const Outcome& outcome, Object& metrics) {
  const Tally& tally = outcome.tally;
  metrics.set("messages", message_object(tally));
  metrics.set("throughput_rps", throughput(outcome));
  metrics.set("opening_s", outcome.opening_s);
  metrics.set("latency_ms", latency_object(tally.latencies, kLatencies));
  set_common_metrics(outcome, metrics);
  metrics.set("connections", Object{{"opened", tally.connections_opened},
                                    {"failed", tally.connections_failed},
                                    {"compressed", tally.connections_compressed},
                                    {"disconnects", tally.messages.disconnects},
                                    {"reopened", tally.messages.reopened}});
  Object closes;
  for (const auto& [code, count] : tally.close_codes()) closes.set(std::to_string(code), count);
  metrics.set("closes", std::move(closes));
}

core::Table message_table(const Outcome& outcome) {
  const Counts& c = outcome.tally.counts;
  const MessageCounts& m = outcome.tally.messages;
  CountRow row;
  row.add("missed", "missed", c.missed, outcome.open_model);
  row.add("sent", "sent", c.sent);
  if (outcome.expects) row.add("expected", "expected", m.expected);
  row.add("delivered", "delivered", m.delivered);
  if (outcome.expects) {
    row.add("lost", "lost", m.lost);
    row.add("unfinished", "unfinished", m.unfinished);
  }
  row.add("away", "away", m.away, false);
  row.add("duplicated", "duplicated", m.duplicated);
  row.add("reordered", "reordered", m.reordered);
  row.add("foreign", "foreign", m.foreign, false);
  return row.table("messages");
}

core::Table rate_table(const Outcome& outcome) {
  const Tally& tally = outcome.tally;
  return {.key = "rates",
          .columns = {{"throughput_rps", "deliveries/s", Unit::kCount},
                      {"in_bytes", "received", Unit::kBytes},
                      {"out_bytes", "sent", Unit::kBytes},
                      {"opened", "connections opened", Unit::kCount},
                      {"opening_s", "opened in", Unit::kSeconds},
                      {"failed", "failed", Unit::kCount},
                      {"disconnects", "disconnects", Unit::kCount},
                      {"cpu_ratio", "generator CPU", Unit::kRatio}},
          .rows = {{throughput(outcome), tally.bytes_in, tally.bytes_out, tally.connections_opened,
                    outcome.opening_s, tally.connections_failed, tally.messages.disconnects,
                    outcome.generator.cpu_ratio}},
          .shows_metrics = true};
}

core::Verdict verdict_of(const WsPlan& plan, const Outcome& outcome,
                         const std::vector<core::Check>& checks) {
  const Tally& tally = outcome.tally;
  const MessageCounts& m = tally.messages;
  if (has_failed(outcome, checks)) return core::Verdict::kFail;
  if (tally.connections_opened == 0 || tally.latencies.upgrade.empty()) return core::Verdict::kFail;
  if (plan.message && tally.counts.sent == 0) return core::Verdict::kInconclusive;
  if (m.expected > 0 && m.delivered == 0) return core::Verdict::kFail;
  const bool troubled = tally.connections_failed + tally.counts.missed + m.lost + m.unfinished +
                            m.away + m.duplicated + m.disconnects >
                        0;
  return troubled ? core::Verdict::kWarn : core::Verdict::kPass;
}

void add_notes(const WsPlan& plan, const Outcome& outcome, std::vector<std::string>& notes) {
  const Tally& tally = outcome.tally;
  const Counts& c = tally.counts;
  const MessageCounts& m = outcome.tally.messages;
  if (tally.latencies.upgrade.empty()) notes.emplace_back("no WebSocket was opened");
  if (plan.request.deflate && tally.connections_compressed < tally.connections_opened) {
    notes.push_back(
        fmt::format("the server did not take up permessage-deflate on {} of {} connections",
                    core::grouped(tally.connections_opened - tally.connections_compressed),
                    core::grouped(tally.connections_opened)));
  }
  if (c.missed > 0) {
    notes.push_back(
        fmt::format("{} messages were not sent: the speaker was not connected, or too much "
                    "waited to be sent already",
                    core::grouped(c.missed)));
  }
  if (m.expected > 0 && m.delivered == 0) {
    notes.emplace_back(plan.expect == Expect::kEcho ? "no message came back to its sender"
                                                    : "no message reached any of the connections");
  }
  if (m.unfinished > 0) {
    notes.push_back(
        fmt::format("{} deliveries had not come at the end, nor any later one of the same "
                    "speaker",
                    core::grouped(m.unfinished)));
  }
}

}  // namespace

void report(const WsPlan& plan, const Outcome& outcome, core::Result& result) {
  const Tally& tally = outcome.tally;
  check_message_identities(tally);
  result.elapsed_s = outcome.elapsed_s;
  result.interrupted = outcome.interrupted;
  set_metrics(outcome, result.metrics);
  if (plan.message || tally.messages.foreign > 0) result.tables.push_back(message_table(outcome));
  result.tables.push_back(rate_table(outcome));
  if (tally.connections_opened > 0) {
    result.tables.push_back(latency_table(tally.latencies, kLatencies));
  }
  if (!tally.latencies.fanout.empty()) {
    result.tables.push_back(bar_table(tally.latencies.fanout, "fan-out", "messages"));
  } else if (!tally.latencies.echo.empty()) {
    result.tables.push_back(bar_table(tally.latencies.echo, "echo", "messages"));
  }
  if (!tally.closes.empty()) result.tables.push_back(close_table(tally));
  core::Table failures = failure_table(tally);
  if (!failures.rows.empty()) result.tables.push_back(std::move(failures));
  result.checks = checks_of(outcome, plan.thresholds);
  result.verdict = verdict_of(plan, outcome, result.checks);
  result.notes = outcome.notes;
  add_notes(plan, outcome, result.notes);
  add_common_notes(outcome, result.notes);
  result.data = data_of(outcome);
}

}  // namespace scalectl::load
