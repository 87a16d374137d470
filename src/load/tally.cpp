#include "load/tally.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"

namespace scalectl::load {

void Counts::add(const Counts& other) {
  scheduled += other.scheduled;
  missed += other.missed;
  sent += other.sent;
  ok += other.ok;
  http_error += other.http_error;
  transport_error += other.transport_error;
  timeout += other.timeout;
  unfinished += other.unfinished;
  redirects += other.redirects;
}

void MessageCounts::add(const MessageCounts& other) {
  expected += other.expected;
  delivered += other.delivered;
  lost += other.lost;
  unfinished += other.unfinished;
  away += other.away;
  duplicated += other.duplicated;
  reordered += other.reordered;
  foreign += other.foreign;
  disconnects += other.disconnects;
  reopened += other.reopened;
}

void Latencies::merge(const Latencies& other) {
  response.merge(other.response);
  service.merge(other.service);
  send_lag.merge(other.send_lag);
  connect.merge(other.connect);
  tls.merge(other.tls);
  first_byte.merge(other.first_byte);
  upgrade.merge(other.upgrade);
  echo.merge(other.echo);
  fanout.merge(other.fanout);
  reopen.merge(other.reopen);
}

void Latencies::clear() {
  for (core::Histogram* histogram : {&response, &service, &send_lag, &connect, &tls, &first_byte,
                                     &upgrade, &echo, &fanout, &reopen}) {
    histogram->clear();
  }
}

void Tally::merge(const Tally& other) {
  counts.add(other.counts);
  messages.add(other.messages);
  for (const auto& [closing, count] : other.closes) count_close(closing, count);
  latencies.merge(other.latencies);
  for (const auto& [status, count] : other.statuses) statuses[status] += count;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    failures[i].count += other.failures[i].count;
    if (failures[i].example.empty()) failures[i].example = other.failures[i].example;
  }
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  connections_opened += other.connections_opened;
  connections_failed += other.connections_failed;
  connections_compressed += other.connections_compressed;
  flow.merge(other.flow);
}

void Tally::clear() {
  counts = {};
  messages = {};
  closes.clear();
  latencies.clear();
  statuses.clear();
  failures = {};
  bytes_in = bytes_out = connections_opened = connections_failed = connections_compressed = 0;
  flow.clear();
}

void Tally::count_failure(const net::Failure& failure) {
  FailureCount& entry = failures[static_cast<std::size_t>(failure.kind)];
  ++entry.count;
  if (entry.example.empty()) entry.example = failure.detail;
}

void Tally::count_close(Closing closing, std::uint64_t count) {
  constexpr std::size_t kMostReasons = 256;
  if (closes.size() >= kMostReasons && closes.count(closing) == 0) {
    closing.reason = "(other reasons)";
  }
  closes[std::move(closing)] += count;
}

std::map<int, std::uint64_t> Tally::close_codes() const {
  std::map<int, std::uint64_t> codes;
  for (const auto& [closing, count] : closes) codes[closing.code] += count;
  return codes;
}

namespace {

void require(const char* identity, std::uint64_t left, std::uint64_t right) {
  if (left == right) return;
  throw core::Error(
      core::ErrorKind::kFailed,
      fmt::format("internal error: {} does not hold: {} and {}", identity, left, right),
      "please report this with the command that led to it");
}

/// Every request has one outcome, and every outcome its latency.
void require_outcomes(const Tally& tally) {
  const Counts& c = tally.counts;
  require("scheduled = sent + missed", c.scheduled, c.sent + c.missed);
  require("sent = ok + http_error + transport_error + timeout + unfinished", c.sent,
          c.ok + c.http_error + c.transport_error + c.timeout + c.unfinished);
  require("latency_ms.response.count = ok + http_error + timeout + unfinished",
          tally.latencies.response.count(), c.ok + c.http_error + c.timeout + c.unfinished);
}

void require_deliveries(const MessageCounts& m) {
  require("expected = delivered + lost + unfinished + away", m.expected,
          m.delivered + m.lost + m.unfinished + m.away);
}

}  // namespace

void check_request_identities(const Tally& tally) {
  require_outcomes(tally);
  std::uint64_t failed = 0;
  for (const FailureCount& entry : tally.failures) failed += entry.count;
  require("failures = transport_error + timeout", failed,
          tally.counts.transport_error + tally.counts.timeout);
}

void check_message_identities(const Tally& tally) {
  require("scheduled = sent + missed", tally.counts.scheduled,
          tally.counts.sent + tally.counts.missed);
  require_deliveries(tally.messages);
}

void check_scenario_identities(const Tally& tally) {
  require_outcomes(tally);
  require_deliveries(tally.messages);
  const IterationCounts& i = tally.flow.iterations;
  require("iterations: scheduled = started + missed", i.scheduled, i.started + i.missed);
  require("iterations: started = ok + failed + unfinished", i.started,
          i.ok + i.failed + i.unfinished);
}

}  // namespace scalectl::load
