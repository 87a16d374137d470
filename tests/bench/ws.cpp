#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "contests.hpp"
#include "core/statistics.hpp"
#include "core/text.hpp"
#include "pinned.hpp"
#include "reference_server.hpp"

namespace scalectl::bench {
namespace {

using core::Unit;
using core::Value;

constexpr int kRounds = 5;
constexpr const char* kLength = "5s";

constexpr double kMostResident_bytes = 12 * 1024;
constexpr double kLeastOpened = 3'000;
constexpr double kLeastEchoes = 120'000;
constexpr double kLeastDeliveries = 200'000;

/// What a side took for each connection or message, of a whole run.
struct Cost {
  double us = 0;
  double kernel_ratio = 0;  ///< the kernel's share of it
};

Cost cost(const Cpu& cpu, double count) {
  return {.us = cpu.all_s() * 1e6 / count, .kernel_ratio = cpu.kernel_s / cpu.all_s()};
}

struct Run {
  double measured = 0;
  Cost generator;
  Cost server;
};

/// Runs `load ws` with `options` against `path`; `measure` reads its Result, and `done` is the path
/// of what was done in it, connections opened or messages delivered.
Run run(const Arena& arena, const std::string& path, std::vector<std::string> options,
        const std::string& done, const std::function<double(const Value&)>& measure) {
  const ReferenceServer server(arena);
  options.insert(options.begin(), {"ws", server.url(path)});
  Cpu cpu;
  const Value result = scalectl_load(arena, options, &cpu);
  const double count = at(result, done).number();
  return {.measured = measure(result),
          .generator = cost(cpu, count),
          .server = cost(server.cpu(), count)};
}

double peak(const Value& result) { return at(result, "metrics.peak_resident_bytes").number(); }

/// Deliveries in a second of the run: the median of its whole seconds, without the first.
double deliveries(const Value& result) {
  std::vector<double> seconds;
  const core::Array& series = *at(result, "data.series").if_array();
  const double length = at(result, "params.duration_s").number();
  for (const Value& row : series) {
    const double second = at(row, "t_s").number();
    if (second >= 1 && second < length) seconds.push_back(at(row, "answered").number());
  }
  return core::median(seconds);
}

std::string median_of(const std::vector<Run>& runs, Cost Run::*side) {
  std::vector<double> us;
  std::vector<double> kernel;
  for (const Run& run : runs) {
    us.push_back((run.*side).us);
    kernel.push_back((run.*side).kernel_ratio);
  }
  return fmt::format("{:.2f} us, {:.0f} % in the kernel", core::median(us),
                     core::median(kernel) * 100);
}

class Rows {
 public:
  /// Runs `once` several times; a row of the medians, held against `limit`.
  void add(const std::string& what, Unit unit, bool at_most, double limit,
           const std::function<Run()>& once) {
    std::vector<Run> runs;
    std::vector<double> measured;
    for (int round = 0; round < kRounds; ++round) {
      runs.push_back(once());
      measured.push_back(runs.back().measured);
      fmt::print(stderr, "INFO - {}, round {} of {}: {:.0f}\n", what, round + 1, kRounds,
                 measured.back());
    }
    const double middle = core::median(measured);
    const bool held = at_most ? middle <= limit : middle >= limit;
    passed_ = passed_ && held;
    const auto show = [&](double value) {
      return unit == Unit::kBytes ? fmt::format("{:.1f} KiB", value / 1024)
                                  : core::grouped(static_cast<std::int64_t>(value)) + "/s";
    };
    const auto [least, most] = std::minmax_element(measured.begin(), measured.end());
    table_.rows.push_back({what, show(middle), show(*least) + " to " + show(*most),
                           fmt::format("{} {}{}", at_most ? "at most" : "at least", show(limit),
                                       held ? "" : ": MISSED"),
                           median_of(runs, &Run::generator), median_of(runs, &Run::server)});
  }

  const core::Table& table() const { return table_; }
  bool passed() const { return passed_; }

 private:
  core::Table table_{.key = "ws",
                     .title = fmt::format("load ws and serve, one core each ({} rounds)", kRounds),
                     .columns = {{"what", "what"},
                                 {"median", "median"},
                                 {"range", "range"},
                                 {"limit", "limit"},
                                 {"generator", "generator's CPU for each"},
                                 {"server", "serve's CPU for each"}},
                     .rows = {}};
  bool passed_ = true;
};

}  // namespace

core::Result ws(const Arena& arena) {
  constexpr const char* kOpened = "metrics.connections.opened";
  constexpr const char* kDelivered = "metrics.messages.delivered";
  core::Result result{.command = "bench", .name = "ws"};
  Rows rows;
  double alone = 0;
  run(arena, "/ws/echo", {"-c", "1", "-d", "1s"}, kOpened,
      [&](const Value& one) { return alone = peak(one); });
  rows.add("10,000 idle connections: resident for each", Unit::kBytes, true, kMostResident_bytes,
           [&] {
             return run(arena, "/ws/echo", {"-c", "10000", "-d", "1s"}, kOpened,
                        [&](const Value& many) { return (peak(many) - alone) / 9'999; });
           });
  rows.add("10,000 idle connections: opened", Unit::kCount, false, kLeastOpened, [&] {
    return run(arena, "/ws/echo", {"-c", "10000", "-d", "1s"}, kOpened, [](const Value& opened) {
      return 10'000 / at(opened, "metrics.opening_s").number();
    });
  });
  rows.add("echo of 64 bytes, 64 connections: round trips", Unit::kCount, false, kLeastEchoes, [&] {
    return run(
        arena, "/ws/echo",
        {"-c", "64", "-d", kLength, "--send", "x", "--message-size", "64", "--expect", "echo"},
        kDelivered, deliveries);
  });
  // Twice what is wanted is said.
  rows.add("one speaker, 5,000 listeners, 400,080/s due: deliveries", Unit::kCount, false,
           kLeastDeliveries, [&] {
             return run(arena, "/ws/room/plaza",
                        {"-c", "5001", "-d", kLength, "--speakers", "1", "--send", "x", "--expect",
                         "room", "-R", "80/s", "--drain", "20s"},
                        kDelivered, deliveries);
           });
  result.tables.push_back(rows.table());
  result.notes.emplace_back(
      "Every message is timed. CPU for each connection or message is that of a whole run, start "
      "and "
      "end included; one core can do 1 by that in a second.");
  if (!rows.passed()) result.verdict = core::Verdict::kFail;
  return result;
}

}  // namespace scalectl::bench
