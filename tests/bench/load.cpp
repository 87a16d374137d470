#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "contests.hpp"
#include "core/rng.hpp"
#include "core/statistics.hpp"
#include "first_request.hpp"
#include "load/recorder.hpp"
#include "pinned.hpp"
#include "process/files.hpp"
#include "web_server.hpp"

namespace scalectl::bench {
namespace {

using core::Unit;
using core::Value;

constexpr int kRounds = 5;
constexpr const char* kSeconds = "5";

constexpr double kLeastThroughput = 0.95;
constexpr double kMostCpu = 1.2;
constexpr double kMostLag_s = 0.001;
constexpr double kMostMemoryGrowth = 1.05;
constexpr double kMostMemory = 100e6;
constexpr double kMostStart_s = 0.020;
constexpr double kLeastOfPlain = 0.8;

/// One run of a generator.
struct Run {
  double throughput = 0;  ///< answers per second
  double cpu_s = 0;       ///< for each answer
  double lag_p99_s = 0;
};

/// The number before or after `mark` in wrk's summary.
double number_after(const std::string& text, const std::string& mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) throw std::runtime_error("wrk says no \"" + mark + "\": " + text);
  return std::stod(text.substr(at + mark.size()));
}
double number_before(const std::string& text, const std::string& mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string::npos) throw std::runtime_error("wrk says no \"" + mark + "\": " + text);
  return std::stod(text.substr(text.rfind('\n', at) + 1));
}

Run run_wrk(const std::string& url, int connections) {
  const auto [out, cpu] = run_pinned(
      {"wrk", "-t1", fmt::format("-c{}", connections), fmt::format("-d{}s", kSeconds), url});
  return {.throughput = number_after(out, "Requests/sec:"),
          .cpu_s = cpu.all_s() / number_before(out, " requests in")};
}

Run run_scalectl(const Arena& arena, const std::string& url, int connections,
                 std::optional<double> rate) {
  std::vector<std::string> options{
      "http", url, "-c", std::to_string(connections), "-d", std::string(kSeconds) + "s"};
  if (rate) options.insert(options.end(), {"-R", fmt::format("{:.0f}/s", *rate)});
  if (url.starts_with("https")) options.emplace_back("-k");
  Cpu cpu;
  const Value result = scalectl_load(arena, options, &cpu);
  return {.throughput = at(result, "metrics.throughput_rps").number(),
          .cpu_s = cpu.all_s() / at(result, "metrics.requests.ok").number(),
          .lag_p99_s = at(result, "metrics.latency_ms.send_lag.p99").number() / 1000};
}

/// One kind of load, wrk and scalectl in turn.
struct Case {
  std::string name;
  std::string url;
  int connections = 64;
  bool open = false;  ///< scalectl at half of wrk's rate, compared by CPU
};

core::Array compete(const Arena& arena, const Case& load, bool& passed) {
  std::vector<double> wrk;
  std::vector<double> ours;
  std::vector<double> ratios;
  std::vector<double> cpu_ratios;
  std::vector<double> lags;
  for (int round = 0; round < kRounds; ++round) {
    const Run first = run_wrk(load.url, load.connections);
    const Run second = run_scalectl(arena, load.url, load.connections,
                                    load.open ? std::optional(first.throughput / 2) : std::nullopt);
    wrk.push_back(first.throughput);
    ours.push_back(second.throughput);
    ratios.push_back(second.throughput / first.throughput);
    cpu_ratios.push_back(second.cpu_s / first.cpu_s);
    lags.push_back(second.lag_p99_s);
    fmt::print(stderr, "INFO - {}, round {} of {}: wrk {:.0f}/s, scalectl {:.0f}/s\n", load.name,
               round + 1, kRounds, first.throughput, second.throughput);
  }
  const double ratio = core::median(ratios);
  const double cpu = core::median(cpu_ratios);
  const double lag = core::median(lags);
  const bool fine = load.open ? cpu <= kMostCpu && lag < kMostLag_s : ratio >= kLeastThroughput;
  passed = passed && fine;
  return {load.name,
          core::median(wrk),
          core::median(ours),
          load.open ? Value() : Value(ratio),
          load.open ? Value() : Value(kLeastThroughput),
          cpu,
          load.open ? Value(kMostCpu) : Value(),
          load.open ? Value(lag) : Value(),
          load.open ? Value(kMostLag_s) : Value()};
}

core::Table against_wrk(const Arena& arena, const WebServer& server, bool& passed) {
  core::Table table{
      .key = "wrk",
      .title = fmt::format("load http against wrk, one core each, nginx ({} rounds of {} s)",
                           kRounds, kSeconds),
      .columns = {{"load", "load"},
                  {"wrk_rps", "wrk/s", Unit::kCount},
                  {"scalectl_rps", "scalectl/s", Unit::kCount},
                  {"ratio", "ratio", Unit::kTimes},
                  {"least_ratio", "at least", Unit::kTimes},
                  {"cpu_ratio", "CPU a request", Unit::kTimes},
                  {"most_cpu_ratio", "at most", Unit::kTimes},
                  {"lag_p99_s", "send lag p99", Unit::kSeconds},
                  {"most_lag_s", "under", Unit::kSeconds}},
      .rows = {}};
  for (const Case& load : {Case{"closed, 64 connections", server.url(), 64},
                           Case{"closed, 256 connections", server.url(), 256},
                           Case{"TLS, closed, 64 connections", server.tls_url(), 64},
                           Case{"open at half of wrk's rate, 64", server.url(), 64, true}}) {
    table.rows.push_back(compete(arena, load, passed));
  }
  return table;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

/// Resident memory after 50 million requests over that after one million, their latencies spread
/// over six decades: recording and collecting as a run does it.
double memory_growth() {
  load::Recorder recorder;
  load::Tally total;
  core::Rng rng(42, 0, 0);
  constexpr std::int64_t kRequests = 50'000'000;
  constexpr std::int64_t kPerSecond = 100'000;
  recorder.begin(0, false);
  double early = 0;
  for (std::int64_t i = 0; i < kRequests; ++i) {
    const core::Nanos now = i * (core::kSecond / kPerSecond);
    recorder.advance(now);
    const auto bits = rng.next();
    const auto latency = static_cast<core::Nanos>((1000 + bits % 1000) << (bits >> 32) % 20);
    recorder.sent();
    recorder.lag(latency / 100);
    recorder.answered(200, now - latency, latency, latency, latency / 2);
    if (i % kPerSecond != 0) continue;
    for (auto& second : recorder.take()) {
      total.merge(second->tally);
      recorder.give_back(std::move(second));
    }
    if (i == 1'000'000) early = resident_bytes();
  }
  return resident_bytes() / early;
}

/// A scenario of one step against the same by load http, interleaved.
core::Table scenario_of_one_step(const Arena& arena, const WebServer& server, bool& passed) {
  const std::string file = arena.scratch() + "/one_step.json";
  process::write_file(file, fmt::format(R"({{"summary": "one step", "target": "{}",
      "populations": [{{"name": "users", "load": {{"users": 64, "for": {}}},
                        "flow": [{{"http": "GET /"}}]}}]}})",
                                        server.url(), kSeconds));
  std::vector<double> plain;
  std::vector<double> ours;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    plain.push_back(run_scalectl(arena, server.url(), 64, std::nullopt).throughput);
    ours.push_back(at(scalectl_load(arena, {"run", file}), "metrics.throughput_rps").number());
    ratios.push_back(ours.back() / plain.back());
    fmt::print(stderr, "INFO - one step, round {} of {}: load http {:.0f}/s, load run {:.0f}/s\n",
               round + 1, kRounds, plain.back(), ours.back());
  }
  passed = passed && core::median(ratios) >= kLeastOfPlain;
  return {.key = "scenario",
          .title = "load run of a scenario with one step against load http, 64 connections",
          .columns = {{"http_rps", "load http/s", Unit::kCount},
                      {"run_rps", "load run/s", Unit::kCount},
                      {"ratio", "ratio", Unit::kTimes},
                      {"least_ratio", "at least", Unit::kTimes}},
          .rows = {{core::median(plain), core::median(ours), core::median(ratios), kLeastOfPlain}}};
}

core::Table limits(const Arena& arena, const WebServer& server, bool& passed) {
  core::Table table{.key = "limits",
                    .title = "Memory and start",
                    .columns = {{"what", "what"}, {"measured", "measured"}, {"limit", "limit"}},
                    .rows = {}};
  const auto add = [&](const char* what, double measured, double limit, const char* format) {
    table.rows.push_back({what, fmt::format(fmt::runtime(format), measured),
                          fmt::format(fmt::runtime(format), limit)});
    passed = passed && measured <= limit;
  };
  add("resident memory, 50M requests over 1M", memory_growth(), kMostMemoryGrowth, "{:.3f}x");
  const Value many =
      scalectl_load(arena, {"http", server.url(), "-c", "10000", "-R", "20000/s", "-d", "5s"});
  add("peak resident memory, 10,000 connections",
      at(many, "metrics.peak_resident_bytes").number() / 1e6, kMostMemory / 1e6, "{:.1f} MB");
  std::vector<double> starts;
  for (int i = 0; i < 21; ++i) {
    const FirstRequest server_of_one;
    const auto start = std::chrono::steady_clock::now();
    scalectl_load(arena, {"http", server_of_one.url(), "-c", "1", "-n", "1"});
    starts.push_back(std::chrono::duration<double>(server_of_one.at() - start).count());
  }
  add("from start to the first request (median of 21)", core::median(starts) * 1000,
      kMostStart_s * 1000, "{:.1f} ms");
  return table;
}

}  // namespace

core::Result load(const Arena& arena) {
  core::Result result{.command = "bench", .name = "load"};
  const WebServer server(arena.scratch(), kServerCore);
  bool passed = true;
  result.tables.push_back(against_wrk(arena, server, passed));
  result.tables.push_back(scenario_of_one_step(arena, server, passed));
  result.tables.push_back(limits(arena, server, passed));
  if (!passed) result.verdict = core::Verdict::kFail;
  return result;
}

}  // namespace scalectl::bench
