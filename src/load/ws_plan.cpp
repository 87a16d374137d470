#include "load/ws_plan.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"
#include "load/checks.hpp"

namespace scalectl::load {
namespace {

using core::usage_error;

constexpr int kMostConnections = 1'000'000;
constexpr int kMostThreads = 256;
/// Of pairs of receiver and speaker, at 24 bytes each.
constexpr std::int64_t kMostPairs = 64'000'000;

}  // namespace

void check(const WsPlan& plan) {
  check_number("--connections", plan.connections, 1, kMostConnections, 1000);
  check_number("--threads", plan.threads, 1, kMostThreads, 2);
  if (plan.threads > plan.connections) {
    throw usage_error(
        fmt::format("--threads {} for --connections {}", plan.threads, plan.connections),
        "a thread needs a connection at least");
  }
  if (plan.speakers < 0 || plan.speakers > plan.connections) {
    throw usage_error(
        fmt::format("--speakers {} for --connections {}", plan.speakers, plan.connections),
        "at most every connection speaks");
  }
  const std::string by_us = "the upgrade needs it as it is";
  const std::vector<ReservedHeader> reserved{{"connection", by_us},
                                             {"upgrade", by_us},
                                             {"sec-websocket-key", by_us},
                                             {"sec-websocket-version", by_us},
                                             {"sec-websocket-protocol", "give --subprotocol"},
                                             {"sec-websocket-extensions", "give --deflate"}};
  for (const std::string& header : plan.request.headers) check_header(header, reserved);
  for (const std::string& protocol : plan.request.protocols) {
    if (!is_token(protocol)) {
      throw usage_error(fmt::format("--subprotocol \"{}\" is not a word", protocol),
                        "for example chat");
    }
  }
  if (plan.duration <= 0) throw usage_error("--duration must be more than zero", "for example 10s");
  if (plan.connect_timeout <= 0) {
    throw usage_error("--connect-timeout must be more than zero", "for example 10s");
  }
  if (!plan.message && (plan.schedule || plan.expect != Expect::kNobody || plan.speakers > 0)) {
    throw usage_error("nothing is sent: --every, --rate, --expect and --speakers go with --send",
                      "for example --send '{\"type\":\"ping\"}'");
  }
  if (plan.message && !plan.schedule && plan.expect != Expect::kEcho) {
    throw usage_error("how often are messages sent?",
                      "give --every 1s or --rate 100/s; with --expect echo the next one may follow "
                      "the answer to the last");
  }
  const std::int64_t pairs = static_cast<std::int64_t>(plan.connections) * plan.speaking();
  if (plan.expect == Expect::kRoom && pairs > kMostPairs) {
    throw usage_error(fmt::format("{} listeners of {} speakers are too many to count one by one",
                                  core::grouped(std::int64_t{plan.connections}), plan.speaking()),
                      "let fewer speak: --speakers 100");
  }
  if (plan.unix_path && !plan.sources.empty()) {
    throw usage_error("--unix and --source contradict each other", "a Unix socket has no address");
  }
  if (plan.abort_on_fail && plan.thresholds.empty()) {
    throw usage_error("--abort-on-fail without --threshold", "there is nothing that could fail");
  }
}

}  // namespace scalectl::load
