// scalectl load ws.
#include <fmt/format.h>

#include <memory>

#include "core/stopwatch.hpp"
#include "load/ws_run.hpp"
#include "load_options.hpp"
#include "process/host.hpp"

namespace scalectl::tool {
namespace {

struct Options {
  LoadOptions common;
  std::string url;
  std::int64_t connections = 10;
  std::int64_t threads = 1;
  core::Seconds duration{10};
  core::Seconds ramp{0};
  std::optional<std::string> message;
  std::string message_size = "0";
  std::optional<core::Seconds> every;
  std::optional<std::string> rate;
  std::int64_t speakers = 0;
  std::optional<std::string> expect;
  std::vector<std::string> headers;
  std::vector<std::string> protocols;
  bool deflate = false;
  bool deflate_no_takeover = false;
  std::optional<std::int64_t> deflate_bits;
  bool reconnect = false;
  core::Seconds reconnect_jitter{1};
  std::optional<std::string> read_rate;
  std::string max_queued = "1MiB";
  std::string max_message = "16MiB";
  core::Seconds connect_timeout{10};
  core::Seconds drain{5};
};

load::Expect expectation(const Options& options) {
  const std::string word = options.expect.value_or("none");
  if (word == "none") return load::Expect::kNobody;
  if (word == "echo") return load::Expect::kEcho;
  if (word == "room") return load::Expect::kRoom;
  throw core::usage_error(fmt::format("--expect \"{}\" is not echo, room or none", word),
                          "echo: the sender gets it back; room: everybody gets it");
}

std::optional<net::WsDeflate> deflate_of(const Options& options) {
  constexpr int kLeast = net::DeflateWindow::kLeastBits;
  constexpr int kMost = net::DeflateWindow::kMostBits;
  if (!options.deflate && (options.deflate_no_takeover || options.deflate_bits)) {
    throw core::usage_error(
        fmt::format("{} without --deflate",
                    options.deflate_bits ? "--deflate-bits" : "--deflate-no-takeover"),
        "nothing is compressed unless --deflate asks for it");
  }
  if (!options.deflate) return std::nullopt;
  const std::int64_t bits = options.deflate_bits.value_or(kMost);
  if (bits < kLeast || bits > kMost) {
    throw core::usage_error(fmt::format("--deflate-bits {} is not possible", bits),
                            fmt::format("give {} to {}", kLeast, kMost));
  }
  const net::DeflateWindow window{.takeover = !options.deflate_no_takeover,
                                  .bits = static_cast<int>(bits)};
  return net::WsDeflate{.client = window, .server = window};
}

/// One message of each speaker in every interval is so many of all speakers together.
load::Rate rate_of_all(core::Seconds every, int speakers) {
  const core::Nanos interval = nanos(every);
  if (interval <= 0) throw core::usage_error("--every must be more than zero", "for example 1s");
  return {.count = static_cast<std::uint64_t>(speakers),
          .nanos = static_cast<std::uint64_t>(interval)};
}

/// Of which size messages are to be at least; that much is made, and may have to be taken.
std::size_t message_size(const Options& options, const load::WsPlan& plan) {
  const std::int64_t size = read_option("--message-size", options.message_size, core::parse_size);
  if (size > static_cast<std::int64_t>(load::kMostMessage)) {
    throw core::usage_error(fmt::format("--message-size {} is too much", options.message_size),
                            "at most 64MiB");
  }
  if (plan.expect != load::Expect::kNobody && size > static_cast<std::int64_t>(plan.max_message)) {
    throw core::usage_error(fmt::format("--message-size {} with --max-message {}",
                                        options.message_size, options.max_message),
                            "nobody could take such a message; give a larger --max-message");
  }
  return static_cast<std::size_t>(size);
}

load::WsPlan plan_of(const Options& options) {
  load::WsPlan plan{.url = net::parse_ws_url(options.url),
                    .unix_path = options.common.unix_path,
                    .request = {.headers = options.headers,
                                .protocols = options.protocols,
                                .deflate = deflate_of(options)},
                    .connections = to_int(options.connections),
                    .threads = to_int(options.threads),
                    .speakers = to_int(options.speakers),
                    .ramp = nanos(options.ramp),
                    .duration = nanos(options.duration),
                    .message = options.message,
                    .expect = expectation(options),
                    .start_at = options.common.start_time(),
                    .reconnect = options.reconnect,
                    .reconnect_jitter = nanos(options.reconnect_jitter),
                    .connect_timeout = nanos(options.connect_timeout),
                    .drain = nanos(options.drain),
                    .ip_version = options.common.ip_version(),
                    .sources = options.common.sources(),
                    .tls = options.common.tls(),
                    .thresholds = thresholds_of(options.common.thresholds),
                    .abort_on_fail = options.common.abort_on_fail,
                    .abort_delay = nanos(options.common.delay)};
  const auto size = [](const char* option, const std::string& text) {
    return static_cast<std::size_t>(read_option(option, text, core::parse_size));
  };
  plan.max_queued = size("--max-queued", options.max_queued);
  plan.max_message = size("--max-message", options.max_message);
  plan.message_bytes = message_size(options, plan);
  if (options.read_rate) {
    plan.read_rate = size("--read-rate", *options.read_rate);
    if (*plan.read_rate == 0)
      throw core::usage_error("--read-rate 0 reads nothing", "for example 1KiB");
  }
  if (options.every && options.rate) contradiction("--every", "--rate", "both say how often");
  if (plan.duration <= 0)
    throw core::usage_error("--duration must be more than zero", "for example 10s");
  if (options.every || options.rate) {
    const load::Rate rate = options.rate ? read_option("--rate", *options.rate, load::parse_rate)
                                         : rate_of_all(*options.every, plan.speaking());
    plan.schedule = load::Schedule::constant(rate, plan.duration);
  }
  if (!plan.url.tls && options.common.names_tls()) {
    throw core::usage_error("options for TLS with a URL that is not wss", "write wss://…");
  }
  load::check(plan);
  return plan;
}

core::Object params_of(const Options& options, const load::WsPlan& plan) {
  core::Object params;
  params.set("connections", plan.connections).set("threads", plan.threads);
  if (plan.ramp > 0) params.set("ramp_s", core::to_seconds(plan.ramp));
  params.set("duration_s", core::to_seconds(plan.duration));
  if (plan.message) {
    params.set("speakers", plan.speaking());
    params.set("expect", options.expect.value_or("none"));
  }
  if (options.rate) params.set("rate", load::to_text(load::parse_rate(*options.rate)));
  if (options.every) params.set("every_s", options.every->count());
  if (options.deflate) {
    params.set("deflate", options.deflate_no_takeover ? "no takeover" : "takeover");
  }
  return params;
}

int ws(const Options& options, Context& context) {
  const load::WsPlan plan = plan_of(options);
  core::Result result{.command = "load ws", .name = plan.url.text()};
  result.params = params_of(options, plan);
  const core::Stopwatch watch;
  const load::Outcome outcome = load::run(plan, context.stop(), context.observer());
  watch.stamp(result);
  load::report(plan, outcome, result);
  result.metrics.set("peak_resident_bytes", process::peak_resident_bytes());
  return context.emit(std::move(result));
}

}  // namespace

void declare_load_ws(cli::Command& load, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command verb = load.verb("ws", "WebSockets that stay open, speak, and time what they hear");
  verb.operand("URL", options->url, "ws:// or wss://")
      .option("-c,--connections", options->connections, "WebSockets kept open")
      .option("-d,--duration", options->duration, "How long, from when they are open")
      .option("-t,--threads", options->threads, "Threads, each with its share of the connections")
      .option("--ramp", options->ramp, "Open them evenly over this time")
      .option("--send", options->message, "What is sent; each message gets a stamp", "TEXT")
      .option("--message-size", options->message_size, "Fill messages up to this size", "SIZE")
      .option("--every", options->every, "Each speaker sends so often")
      .option("-R,--rate", options->rate, "All speakers together send so often: 5000/s", "RATE")
      .option("--speakers", options->speakers, "How many of the connections speak; 0 for all")
      .option("--expect", options->expect,
              "Who is to get a message: echo (its sender), room (everybody) or none", "WHO")
      .list("-H,--header", options->headers, "\"Name: value\" of the upgrade (several times)",
            "HEADER")
      .list("--subprotocol", options->protocols, "To ask for (several times, best first)", "NAME")
      .flag("--deflate", options->deflate, "Ask for permessage-deflate: compressed messages")
      .flag("--deflate-no-takeover", options->deflate_no_takeover,
            "Each message compressed by itself: less memory, longer messages")
      .option("--deflate-bits", options->deflate_bits,
              "Window of both sides, 2 to the power of 8 to 15 bytes (default: 15)", "BITS")
      .flag("--reconnect", options->reconnect, "Open a connection again that was closed")
      .option("--reconnect-jitter", options->reconnect_jitter, "After a random time up to this")
      .option("--read-rate", options->read_rate, "Read at most so much a second on a connection",
              "SIZE")
      .option("--max-queued", options->max_queued,
              "Send nothing more where so much waits to be sent", "SIZE")
      .option("--max-message", options->max_message, "Longest message taken", "SIZE")
      .option("--connect-timeout", options->connect_timeout, "Of a connection, upgrade included")
      .option("--drain", options->drain, "How long to wait at the end for what is under way");
  options->common.declare_thresholds(verb, "echo.p99<20ms, fanout.p99<100ms, lost==0");
  options->common.declare_reach(verb);
  verb.example(
          "scalectl load ws ws://127.0.0.1:8000/ws/echo -c 64 --send '{\"type\":\"ping\"}' "
          "--expect echo")
      .example(
          "scalectl load ws ws://127.0.0.1:8000/ws/room/plaza -c 1000 --speakers 1 --send hello "
          "--every 100ms --expect room --threshold lost==0")
      .action([options, &context] { return ws(*options, context); });
}

}  // namespace scalectl::tool
