#include "story/demo.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/power_law.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/session.hpp"
#include "redis/client.hpp"
#include "story/tick_trial.hpp"

namespace scalectl::story {
namespace {

using core::Array;
using core::Object;
using core::Unit;
using core::Value;
using tick::Strategy;

constexpr Variant kBefore{.strategy = Strategy::kRows, .indexed = false};
constexpr Variant kPlainSet{.strategy = Strategy::kSet, .indexed = false};
constexpr Variant kAfter{.strategy = Strategy::kSet, .indexed = true};
constexpr Variant kIndexedRows{.strategy = Strategy::kRows, .indexed = true};

/// Seed 000's threshold for the stamina tick, in seconds.
constexpr double kThreshold = 5;

/// What was measured, by number of players.
using Trials = std::map<std::int64_t, Trial>;

struct Size {
  std::int64_t players;
  int set_repeats;
  int rows_repeats;
};

std::vector<Size> sizes(bool full) {
  std::vector<Size> sizes{{1'000, 5, 5}, {10'000, 5, 3}, {100'000, 3, 1}};
  if (full) sizes.push_back({1'000'000, 3, 1});
  return sizes;
}

Object read_claims(const catalog::Catalog& catalog) {
  const catalog::File file = catalog.find("scenarios/claims", "seed-000", "claim").file;
  return *core::parse_json(file.text, file.path).if_object();
}

const Object& object_in(const Object& object, std::string_view key) {
  return *object.find(key)->if_object();
}

const Array& array_in(const Object& object, std::string_view key) {
  return *object.find(key)->if_array();
}

const Measured& at(const Trial& trial, const std::string& tick, const Variant& variant) {
  return trial.at(tick).at(variant);
}

/// Seed 000's "Performance Comparison" with measured columns. Decay never had a row-by-row form in
/// the seed: its before and after differ by the index alone.
core::Table comparison(const Object& claims, const Trials& trials) {
  const Object& claim = object_in(claims, "performance_comparison");
  const auto players = *claim.find("players")->if_integer();
  const Trial& trial = trials.at(players);
  core::Table table{
      .key = "performance_comparison",
      .title = fmt::format("Performance comparison, {} players", core::grouped(players)),
      .columns = {{"task", "Task"},
                  {"rows", "rows", Unit::kCount},
                  {"seed_before", "seed: before"},
                  {"before_s", "measured", Unit::kSeconds},
                  {"seed_after", "seed: after"},
                  {"after_s", "measured", Unit::kSeconds},
                  {"seed_improvement", "seed: gain"},
                  {"improvement_ratio", "measured", Unit::kTimes}},
      .rows = {}};
  double before_total = 0;
  double after_total = 0;
  const auto add = [&](const Object& row, const Value& rows, double before, double after) {
    table.rows.push_back({*row.find("task"), rows, *row.find("before"), before, *row.find("after"),
                          after, *row.find("improvement"), before / after});
  };
  for (const Value& entry : array_in(claim, "tasks")) {
    const Object& row = *entry.if_object();
    const std::string& tick = *row.find("tick")->if_text();
    const Measured& before = at(trial, tick, tick == "decay" ? kPlainSet : kBefore);
    const Measured& after = at(trial, tick, kAfter);
    before_total += before.elapsed_s;
    after_total += after.elapsed_s;
    add(row, after.rows, before.elapsed_s, after.elapsed_s);
  }
  add(object_in(claim, "total"), {}, before_total, after_total);
  return table;
}

/// Seed 000's "Scaling Projection" (of the stamina tick) with measured columns.
core::Table projection(const Object& claims, const Trials& trials) {
  core::Table table{.key = "scaling_projection",
                    .title = "Scaling projection, stamina tick",
                    .columns = {{"players", "Players", Unit::kCount},
                                {"seed_before_s", "seed: before", Unit::kSeconds},
                                {"before_s", "measured", Unit::kSeconds},
                                {"seed_after_s", "seed: after", Unit::kSeconds},
                                {"after_s", "measured", Unit::kSeconds},
                                {"improvement_ratio", "gain", Unit::kTimes}},
                    .rows = {}};
  for (const Value& entry : array_in(claims, "scaling_projection")) {
    const Object& row = *entry.if_object();
    const auto trial = trials.find(*row.find("players")->if_integer());
    Array cells{*row.find("players"), *row.find("before_s"), {}, *row.find("after_s"), {}, {}};
    if (trial != trials.end()) {
      const double before = at(trial->second, "stamina", kBefore).elapsed_s;
      const double after = at(trial->second, "stamina", kAfter).elapsed_s;
      cells[2] = before;
      cells[4] = after;
      cells[5] = before / after;
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// Every tick, row by row and as one statement, without and with the indexes.
core::Table index_effect(const Trials& trials) {
  core::Table table{.key = "index_effect",
                    .title = "What the indexes change",
                    .columns = {{"players", "Players", Unit::kCount},
                                {"tick", "tick"},
                                {"rows", "rows", Unit::kCount},
                                {"rows_bare_s", "row by row", Unit::kSeconds},
                                {"rows_indexed_s", "+ indexes", Unit::kSeconds},
                                {"set_bare_s", "one statement", Unit::kSeconds},
                                {"set_indexed_s", "+ indexes", Unit::kSeconds},
                                {"set_slowdown_ratio", "with/without", Unit::kTimes},
                                {"wal_bare_bytes", "WAL", Unit::kBytes},
                                {"wal_indexed_bytes", "+ indexes", Unit::kBytes}},
                    .rows = {}};
  for (const auto& [players, trial] : trials) {
    for (const char* tick : {"stamina", "combat", "decay"}) {
      const Measured& bare = at(trial, tick, kPlainSet);
      const Measured& indexed = at(trial, tick, kAfter);
      table.rows.push_back({players, tick, bare.rows, at(trial, tick, kBefore).elapsed_s,
                            at(trial, tick, kIndexedRows).elapsed_s, bare.elapsed_s,
                            indexed.elapsed_s, indexed.elapsed_s / bare.elapsed_s, bare.wal_bytes,
                            indexed.wal_bytes});
    }
  }
  return table;
}

/// How the stamina tick grows: the slope of log t over log n.
double exponent(const Trials& trials, const Variant& variant) {
  std::vector<std::pair<double, double>> points;
  for (const auto& [players, trial] : trials) {
    points.emplace_back(static_cast<double>(players), at(trial, "stamina", variant).elapsed_s);
  }
  return core::log_slope(points);
}

/// What the numbers say, in plain words, each computed from them.
std::vector<std::string> lessons(const Trials& trials) {
  const auto& [players, trial] = *trials.rbegin();
  const std::string size = core::grouped(players);
  const Measured& before = at(trial, "stamina", kBefore);
  const Measured& plain = at(trial, "stamina", kPlainSet);
  const Measured& after = at(trial, "stamina", kAfter);
  const double slowdown = after.elapsed_s / plain.elapsed_s;
  const double wal = after.wal_bytes / plain.wal_bytes;

  std::vector<std::string> lines;
  lines.push_back(fmt::format(
      "Without the indexes, one statement instead of {} is {:.1f} times faster at {} players. Here "
      "each "
      "statement takes {:.0f} us on the same machine; over a network a round trip comes on top.",
      core::grouped(before.rows + 1), before.elapsed_s / plain.elapsed_s, size,
      before.elapsed_s * 1e6 / static_cast<double>(before.rows + 1)));
  lines.emplace_back(
      "Before means row by row and without the indexes; after, one statement with them. Decay was "
      "one "
      "statement in the seed already.");
  lines.push_back(fmt::format(
      "It is one statement but not O(1): from {} to {} players its time grows as n^{:.2f} (row by "
      "row: n^{:.2f}).",
      core::grouped(trials.begin()->first), size, exponent(trials, kAfter),
      exponent(trials, kBefore)));
  lines.push_back(fmt::format(
      "The seed's stamina index makes the stamina tick {}: {:.2f} times the time and {:.2f} times "
      "the WAL at {} players. It names stamina, so every tick rewrites it.",
      slowdown > 1.05   ? "slower"
      : slowdown < 0.95 ? "faster"
                        : "no faster",
      slowdown, wal, size));
  const double combat =
      at(trial, "combat", kAfter).elapsed_s / at(trial, "combat", kPlainSet).elapsed_s;
  const double decay =
      at(trial, "decay", kAfter).elapsed_s / at(trial, "decay", kPlainSet).elapsed_s;
  lines.push_back(
      fmt::format("With half of the rows due, the other two indexes change combat to {:.2f} and "
                  "decay to {:.2f} "
                  "times their time without; they pay when few rows are due.",
                  combat, decay));
  lines.push_back(
      fmt::format("The stamina tick at {} players takes {:.2f} s; the threshold is {:g} s.", size,
                  after.elapsed_s, kThreshold));
  return lines;
}

/// A lab that is gone when this object is.
class PrivateLab {
 public:
  PrivateLab(const DemoOptions& options, const std::stop_token& stop, core::Observer& observer)
      : observer_(observer), lab_(options.lab_home, fmt::format("demo-{}", getpid())) {
    // Autovacuum would come and go between the runs that are compared.
    lab_.up({.settings = {{"autovacuum", "off"}}}, stop, observer);
  }
  PrivateLab(const PrivateLab&) = delete;
  PrivateLab& operator=(const PrivateLab&) = delete;
  ~PrivateLab() {
    try {
      lab_.down(observer_);
    } catch (const std::exception& error) {
      observer_.warn(error.what());
    }
  }
  const lab::Lab* operator->() const { return &lab_; }

 private:
  core::Observer& observer_;
  lab::Lab lab_;
};

}  // namespace

Demo run_demo(const catalog::Catalog& catalog, const DemoOptions& options,
              const std::stop_token& stop, core::Observer& observer) {
  const core::Stopwatch watch;
  const Object claims = read_claims(catalog);
  const PrivateLab lab(options, stop, observer);
  Demo demo{.result = {.command = "demo"},
            .postgres_version = pg::Session(lab->postgres(), "scalectl demo").server_version(),
            .redis_version = redis::Client(lab->redis()).server_version()};
  observer.info(fmt::format("A private PostgreSQL {} and Redis {} run in {}", demo.postgres_version,
                            demo.redis_version, lab->directory().string()));

  Trials trials;
  Array repeats;
  for (const Size& size : sizes(options.full)) {
    const core::Stopwatch trial_watch;
    trials[size.players] = run_trial(lab->postgres(), catalog,
                                     {.players = size.players,
                                      .set_repeats = size.set_repeats,
                                      .rows_repeats = size.rows_repeats,
                                      .version = options.version},
                                     stop, observer);
    observer.info(fmt::format("Measured {} players in {:.1f}s (medians of {} runs; row by row: {})",
                              core::grouped(size.players), trial_watch.seconds(), size.set_repeats,
                              size.rows_repeats));
    repeats.push_back(
        Object{{"players", size.players}, {"set", size.set_repeats}, {"rows", size.rows_repeats}});
  }

  core::Result& result = demo.result;
  result.params.set("repeats", repeats).set("autovacuum", "off");
  const double slowest = at(trials.rbegin()->second, "stamina", kAfter).elapsed_s;
  if (slowest > kThreshold) result.verdict = core::Verdict::kWarn;
  result.metrics.set("players", trials.rbegin()->first)
      .set("stamina_tick_s", slowest)
      .set("stamina_tick_threshold_s", kThreshold)
      .set("stamina_tick_band", tick::band_of(slowest, kThreshold));
  result.tables = {comparison(claims, trials), projection(claims, trials), index_effect(trials)};
  result.notes = lessons(trials);
  watch.stamp(result);
  return demo;
}

}  // namespace scalectl::story
