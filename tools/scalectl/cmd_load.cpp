// scalectl load: HTTP load, and the merging of shards.
#include <fmt/format.h>

#include <memory>

#include "context.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "load/merge.hpp"
#include "load/run.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::tool {
namespace {

constexpr core::Nanos kUsualDuration = 10 * core::kSecond;

struct Options {
  std::string url;
  std::int64_t connections = 10;
  std::int64_t threads = 1;
  std::int64_t pipeline = 1;
  std::optional<core::Seconds> duration;
  std::optional<std::int64_t> requests;
  std::optional<std::string> rate;
  std::optional<std::string> stages;
  std::optional<std::string> shard;
  std::optional<std::string> start_at;

  std::optional<std::string> method;
  std::vector<std::string> headers;
  std::optional<std::string> body;
  std::optional<std::string> body_file;
  std::int64_t follow = 0;
  bool no_keep_alive = false;

  core::Seconds timeout{30};
  core::Seconds connect_timeout{5};
  core::Seconds drain{5};
  cli::Choice ip{.value = "any", .allowed = {"any", "4", "6"}};
  cli::Choice resolve{.value = "once", .allowed = {"once", "each"}};
  std::optional<std::string> unix_path;
  std::optional<std::string> source;
  std::string max_header = "256KiB";
  std::string max_body = "64MiB";

  bool insecure = false;
  std::optional<std::string> ca_file;
  std::optional<std::string> cert_file;
  std::optional<std::string> key_file;
  std::optional<std::string> sni;

  std::vector<std::string> thresholds;
  bool abort_on_fail = false;
  core::Seconds delay{0};
  std::optional<std::string> samples;
};

core::Nanos nanos(core::Seconds seconds) {
  // 146 years are as good as for ever.
  return seconds.count() >= 4.6e9 ? INT64_MAX / 2
                                  : static_cast<core::Nanos>(seconds.count() * 1e9 + 0.5);
}

/// What `parse` makes of an option's text; its error names the option.
template <typename Parse>
auto read(const char* option, const std::string& text, const Parse& parse) {
  try {
    return parse(text);
  } catch (const core::Error& error) {
    throw error.within(option);
  }
}

load::Rate rate_of(const Options& options) { return read("--rate", *options.rate, load::parse_rate); }

std::vector<load::Threshold> thresholds_of(const std::vector<std::string>& texts) {
  std::vector<load::Threshold> thresholds;
  for (const std::string& text : texts) thresholds.push_back(load::parse_threshold(text));
  return thresholds;
}

[[noreturn]] void contradiction(const std::string& one, const std::string& other,
                                const std::string& why) {
  throw core::usage_error(one + " and " + other + " contradict each other", why);
}

/// When requests start: from --rate or --stages, or whenever a connection is free.
void set_model(const Options& options, load::HttpPlan& plan) {
  std::optional<core::Nanos> duration;
  if (options.duration) duration = nanos(*options.duration);
  std::optional<std::uint64_t> count;
  if (options.requests) count = static_cast<std::uint64_t>(*options.requests);
  if (duration && *duration == 0) throw core::usage_error("--duration must be more than zero", "for example 10s");
  if (count && *count == 0) throw core::usage_error("--requests must be more than zero", "for example 10k");
  if (options.stages) {
    const char* why = "the stages say how fast and how long";
    if (options.rate) contradiction("--stages", "--rate", why);
    if (duration) contradiction("--stages", "--duration", why);
    if (count) contradiction("--stages", "--requests", why);
    plan.schedule = load::Schedule::stages(read("--stages", *options.stages, load::parse_stages));
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
  if (options.shard) plan.shard = read("--shard", *options.shard, load::parse_shard);
  if (options.start_at) {
    const auto now = std::chrono::system_clock::now();
    plan.start_at = read("--start-at", *options.start_at,
                         [&](const std::string& text) { return core::parse_time(text, now); });
    if (*plan.start_at < now) {
      throw core::usage_error(fmt::format("--start-at {} is past", *options.start_at),
                              "now is " + core::format_time(now));
    }
  }
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

/// A whole number within the range of int; what is sensible is checked by the plan.
int to_int(std::int64_t number) {
  return static_cast<int>(std::min<std::int64_t>(number, std::numeric_limits<int>::max()));
}

load::HttpPlan plan_of(const Options& options) {
  load::HttpPlan plan{.url = net::parse_url(options.url),
                      .unix_path = options.unix_path,
                      .connections = to_int(options.connections),
                      .threads = to_int(options.threads),
                      .pipeline = to_int(options.pipeline),
                      .timeout = nanos(options.timeout),
                      .connect_timeout = nanos(options.connect_timeout),
                      .drain = nanos(options.drain),
                      .ip_version = options.ip.value == "4"   ? net::IpVersion::kV4
                                    : options.ip.value == "6" ? net::IpVersion::kV6
                                                              : net::IpVersion::kAny,
                      .resolve_each = options.resolve.value == "each",
                      .tls = {.insecure = options.insecure,
                              .ca_file = options.ca_file,
                              .cert_file = options.cert_file,
                              .key_file = options.key_file,
                              .sni = options.sni},
                      .thresholds = thresholds_of(options.thresholds),
                      .abort_on_fail = options.abort_on_fail,
                      .abort_delay = nanos(options.delay)};
  set_model(options, plan);
  set_request(options, plan);
  if (options.source) plan.sources = net::parse_sources(*options.source);
  const std::int64_t header = read("--max-header", options.max_header, core::parse_size);
  if (header < 64 || header > 64 * 1024 * 1024) {
    throw core::usage_error("--max-header " + options.max_header + " is not 64 B to 64 MiB",
                            "for example 256KiB");
  }
  plan.limits = {.header_bytes = static_cast<std::uint32_t>(header),
                 .body_bytes = static_cast<std::uint64_t>(read("--max-body", options.max_body, core::parse_size))};
  if (!plan.url.tls && (options.insecure || options.ca_file || options.cert_file ||
                        options.key_file || options.sni)) {
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

void declare_load(cli::Application& application, Context& context) {
  auto options = std::make_shared<Options>();
  cli::Command load = application.command("load", "Drive HTTP load, and tell the truth about it");

  cli::Command verb = load.verb("http", "Requests to one URL, as fast as they go or at a rate");
  verb.operand("URL", options->url, "http:// or https://")
      .option("-c,--connections", options->connections, "Connections kept open")
      .option("-d,--duration", options->duration, "How long (default: 10s, unless -n says how many)")
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
      .option("--timeout", options->timeout, "Of a request, from its first byte to its answer's last")
      .option("--connect-timeout", options->connect_timeout, "Of a connection, TLS handshake included")
      .option("--drain", options->drain, "How long to wait at the end for answers that are due")
      .list("--threshold", options->thresholds,
            "What must hold, else exit 1: response.p99<200ms, error_rate<1%, missed==0 (several "
            "times)", "EXPRESSION")
      .flag("--abort-on-fail", options->abort_on_fail, "Stop as soon as a threshold is missed")
      .option("--delay", options->delay, "Before --abort-on-fail looks for the first time")
      .option("--samples", options->samples, "Write each request as a line of JSON", "FILE")
      .flag("-k,--insecure", options->insecure, "Trust any certificate")
      .option("--cacert", options->ca_file, "Authorities to trust, in place of the system's", "FILE")
      .option("--cert", options->cert_file, "Our certificate, with its chain", "FILE")
      .option("--key", options->key_file, "Its key, if not in the same file", "FILE")
      .option("--sni", options->sni, "The server's name, if it is not the URL's host", "NAME")
      .option("--unix", options->unix_path, "Connect to a Unix socket", "PATH")
      .option("--ip", options->ip, "IP version")
      .option("--resolve", options->resolve, "Look the name up once, or for each connection")
      .option("--source", options->source,
              "Local addresses to connect from: 127.0.0.2, 127.0.0.2-10", "ADDRESSES")
      .option("--max-header", options->max_header, "Largest header of an answer", "SIZE")
      .option("--max-body", options->max_body, "Largest body of an answer", "SIZE")
      .option("--shard", options->shard, "Send every N-th arrival, from I: 0/4 to 3/4", "I/N")
      .option("--start-at", options->start_at, "Begin at this time (UTC), with all other shards", "TIME")
      .example("scalectl load http http://127.0.0.1:8000/api/health -c 64 -d 5s --threshold 'response.p99<50ms'")
      .example("scalectl load http http://127.0.0.1:8000/api/health -R 1000/s -d 1m --threshold missed==0")
      .action([options, &context] { return http(*options, context); });

  struct MergeOptions {
    std::vector<std::string> files;
    std::vector<std::string> thresholds;
  };
  auto merge_options = std::make_shared<MergeOptions>();
  load.verb("merge", "One result out of those of the shards of a run")
      .operands("FILE", merge_options->files, "Results as JSON")
      .list("--threshold", merge_options->thresholds, "What must hold of the whole", "EXPRESSION")
      .example("scalectl load merge shard-*.json --threshold 'response.p99<200ms'")
      .action([merge_options, &context] {
        std::vector<load::NamedText> texts;
        for (const std::string& file : merge_options->files) {
          texts.push_back({file, process::read_file(file)});
        }
        return context.emit(load::merge(texts, thresholds_of(merge_options->thresholds)));
      });
}

}  // namespace scalectl::tool
