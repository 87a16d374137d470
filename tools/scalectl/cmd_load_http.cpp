// scalectl load http.
#include <fmt/format.h>

#include <memory>

#include "core/stopwatch.hpp"
#include "load/run.hpp"
#include "load_options.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::tool {
namespace {

constexpr core::Nanos kUsualDuration = 10 * core::kSecond;

struct Options {
  LoadOptions common;
  std::string url;
  std::int64_t connections = 10;
  std::int64_t threads = 1;
  std::int64_t pipeline = 1;
  std::optional<core::Seconds> duration;
  std::optional<std::int64_t> requests;
  std::optional<std::string> rate;
  std::optional<std::string> stages;
  std::optional<std::string> shard;

  std::optional<std::string> method;
  std::vector<std::string> headers;
  std::optional<std::string> body;
  std::optional<std::string> body_file;
  std::int64_t follow = 0;
  bool no_keep_alive = false;

  core::Seconds timeout{30};
  core::Seconds connect_timeout{5};
  core::Seconds drain{5};
  cli::Choice resolve{.value = "once", .allowed = {"once", "each"}};
  std::string max_header = "256KiB";
  std::string max_body = "64MiB";

  std::optional<std::string> samples;
};

load::Rate rate_of(const Options& options) {
  return read_option("--rate", *options.rate, load::parse_rate);
}

/// When requests start: from --rate or --stages, or whenever a connection is free.
void set_model(const Options& options, load::HttpPlan& plan) {
  std::optional<core::Nanos> duration;
  if (options.duration) duration = nanos(*options.duration);
  std::optional<std::uint64_t> count;
  if (options.requests) count = static_cast<std::uint64_t>(*options.requests);
  if (duration && *duration == 0)
    throw core::usage_error("--duration must be more than zero", "for example 10s");
  if (count && *count == 0)
    throw core::usage_error("--requests must be more than zero", "for example 10k");
  if (options.stages) {
    const char* why = "the stages say how fast and how long";
    if (options.rate) contradiction("--stages", "--rate", why);
    if (duration) contradiction("--stages", "--duration", why);
    if (count) contradiction("--stages", "--requests", why);
    plan.schedule =
        load::Schedule::stages(read_option("--stages", *options.stages, load::parse_stages));
  } else if (options.rate) {
    if (duration && count) {
      contradiction("--duration", "--requests", "with --rate, either says where the end is");
    }
    if (!duration && !count) duration = kUsualDuration;
    plan.schedule = load::Schedule::constant(rate_of(options), duration, count);
  } else {
    plan.duration = duration || count ? duration : kUsualDuration;
    plan.count = count;
  }
  if (options.shard) plan.shard = read_option("--shard", *options.shard, load::parse_shard);
  plan.start_at = options.common.start_time();
}

void set_request(const Options& options, load::HttpPlan& plan) {
  if (options.body && options.body_file) contradiction("--body", "--body-file", "give one of them");
  load::HttpRequest& request = plan.request;
  if (options.body) request.body = *options.body;
  if (options.body_file) request.body = process::read_file(*options.body_file);
  request.method = options.method.value_or(request.body ? "POST" : "GET");
  request.headers = options.headers;
  request.keep_alive = !options.no_keep_alive;
  request.follow = static_cast<int>(std::min<std::int64_t>(options.follow, 1000));
}

load::HttpPlan plan_of(const Options& options) {
  load::HttpPlan plan{.url = net::parse_url(options.url),
                      .unix_path = options.common.unix_path,
                      .connections = to_int(options.connections),
                      .threads = to_int(options.threads),
                      .pipeline = to_int(options.pipeline),
                      .timeout = nanos(options.timeout),
                      .connect_timeout = nanos(options.connect_timeout),
                      .drain = nanos(options.drain),
                      .ip_version = options.common.ip_version(),
                      .resolve_each = options.resolve.value == "each",
                      .tls = options.common.tls(),
                      .thresholds = thresholds_of(options.common.thresholds),
                      .abort_on_fail = options.common.abort_on_fail,
                      .abort_delay = nanos(options.common.delay)};
  set_model(options, plan);
  set_request(options, plan);
  plan.sources = options.common.sources();
  const std::int64_t header = read_option("--max-header", options.max_header, core::parse_size);
  if (header < 64 || header > 64 * 1024 * 1024) {
    throw core::usage_error("--max-header " + options.max_header + " is not 64 B to 64 MiB",
                            "for example 256KiB");
  }
  plan.limits = {.header_bytes = static_cast<std::uint32_t>(header),
                 .body_bytes = static_cast<std::uint64_t>(
                     read_option("--max-body", options.max_body, core::parse_size))};
  if (!plan.url.tls && options.common.names_tls()) {
    throw core::usage_error("options for TLS with a URL that is not https", "write https://…");
  }
  load::check(plan);
  return plan;
}

core::Object params_of(const Options& options, const load::HttpPlan& plan) {
  core::Object params;
  if (plan.request.method != "GET") params.set("method", plan.request.method);
  params.set("connections", plan.connections).set("threads", plan.threads);
  if (plan.pipeline > 1) params.set("pipeline", plan.pipeline);
  if (options.rate) params.set("rate", load::to_text(rate_of(options)));
  if (options.stages) params.set("stages", *options.stages);
  if (plan.schedule) params.set("duration_s", core::to_seconds(plan.schedule->end().value()));
  if (plan.duration) params.set("duration_s", core::to_seconds(*plan.duration));
  if (options.requests) params.set("requests", *options.requests);
  if (options.shard) params.set("shard", *options.shard);
  return params;
}

int http(const Options& options, Context& context) {
  const load::HttpPlan plan = plan_of(options);
  core::Result result{.command = "load http", .name = plan.url.text()};
  result.params = params_of(options, plan);
  std::optional<process::Appender> samples;
  load::SampleSink sink;
  if (options.samples) {
    samples.emplace(*options.samples);
    sink = [&](std::string_view lines) { samples->write(lines); };
  }
  const core::Stopwatch watch;
  const load::Outcome outcome = load::run(plan, context.stop(), context.observer(), sink);
  watch.stamp(result);
  load::report(outcome, plan.thresholds, result);
  result.metrics.set("peak_resident_bytes", process::peak_resident_bytes());
  return context.emit(std::move(result));
}

}  // namespace

void declare_load_http(cli::Command& load, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command verb = load.verb("http", "Requests to one URL, as fast as they go or at a rate");
  verb.operand("URL", options->url, "http:// or https://")
      .option("-c,--connections", options->connections, "Connections kept open")
      .option("-d,--duration", options->duration,
              "How long (default: 10s, unless -n says how many)")
      .option("-n,--requests", options->requests, "How many requests", "COUNT")
      .option("-t,--threads", options->threads, "Threads, each with its share of the connections")
      .option("-R,--rate", options->rate,
              "Start this many requests, whether or not answers come: 1000/s, 90/m", "RATE")
      .option("--stages", options->stages,
              "Ramp from 0 through rates, DURATION:RATE with commas: 30s:100,1m:1000", "STAGES")
      .option("--pipeline", options->pipeline, "Requests in flight on one connection")
      .option("-m,--method", options->method, "Default: GET, or POST with a body", "METHOD")
      .list("-H,--header", options->headers, "\"Name: value\" (several times)", "HEADER")
      .option("--body", options->body, "The request's body", "TEXT")
      .option("--body-file", options->body_file, "A file with the request's body", "FILE")
      .option("--follow", options->follow, "Redirects to follow, on the same server")
      .flag("--no-keep-alive", options->no_keep_alive, "A new connection for each request")
      .option("--timeout", options->timeout,
              "Of a request, from its first byte to its answer's last")
      .option("--connect-timeout", options->connect_timeout,
              "Of a connection, TLS handshake included")
      .option("--drain", options->drain, "How long to wait at the end for answers that are due")
      .option("--samples", options->samples, "Write each request as a line of JSON", "FILE")
      .option("--resolve", options->resolve, "Look the name up once, or for each connection")
      .option("--max-header", options->max_header, "Largest header of an answer", "SIZE")
      .option("--max-body", options->max_body, "Largest body of an answer", "SIZE")
      .option("--shard", options->shard, "Send every N-th arrival, from I: 0/4 to 3/4", "I/N");
  options->common.declare_thresholds(verb, "response.p99<200ms, error_rate<1%, missed==0");
  options->common.declare_reach(verb);
  verb.example(
          "scalectl load http http://127.0.0.1:8000/api/health -c 64 -d 5s --threshold "
          "'response.p99<50ms'")
      .example(
          "scalectl load http http://127.0.0.1:8000/api/health -R 1000/s -d 1m --threshold "
          "missed==0")
      .action([options, &context] { return http(*options, context); });
}

}  // namespace scalectl::tool
