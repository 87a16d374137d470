#include "story/tick_trial.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/statistics.hpp"
#include "core/text.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"
#include "story/silent.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

constexpr const char* kName = "scalectl demo";

void refuse_interrupted(const core::Result& result) {
  if (result.interrupted) throw Error(ErrorKind::kInterrupted, "the demo was interrupted");
}

/// One database of the trial.
class Arena {
 public:
  Arena(const pg::Target& admin, const std::string& name, bool indexed,
        const catalog::Catalog& catalog, const TrialOptions& options, const std::stop_token& stop)
      : options_(options),
        session_(open(admin, name, stop)),
        ticks_{tick::load(catalog, "stamina"), tick::load(catalog, "combat"),
               tick::load(catalog, "decay")} {
    schema::init(session_, catalog, {.family = "game", .version = options.version}, silent_);
    if (indexed) index::apply(session_, index::load(catalog, "game"), {}, silent_);
  }

  /// The tables as they were in the beginning: the same rows, dated so that half of the combats are
  /// idle and half of the items are old.
  void prepare() {
    seed::GameOptions game{.players = options_.players,
                           .only = {"locations", "items", "players", "active_combats",
                                    "dropped_items"},
                           .existing = seed::Existing::kReplace};
    game.as_of = std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
    refuse_interrupted(seed::seed_game(session_, game, silent_));
    session_.query("CHECKPOINT");
  }

  /// One run of every tick.
  std::vector<core::Result> run(tick::Strategy strategy) {
    std::vector<core::Result> results;
    for (const tick::Definition& tick : ticks_) {
      results.push_back(tick::run(session_, tick, {.strategy = strategy}, silent_));
      refuse_interrupted(results.back());
    }
    return results;
  }

 private:
  static pg::Session open(const pg::Target& admin, const std::string& name,
                          const std::stop_token& stop) {
    pg::Session session(admin, kName, stop);
    session.query("CREATE DATABASE " + pg::quote_identifier(name));
    return pg::Session(pg::with_database(admin, name), kName, stop);
  }

  const TrialOptions& options_;
  Silent silent_;
  pg::Session session_;
  std::vector<tick::Definition> ticks_;
};

double metric(const core::Result& result, std::string_view key) {
  const core::Value* value = result.metrics.find(key);
  return value == nullptr ? 0 : value->number();
}

Measured medians(const std::vector<core::Result>& results) {
  std::vector<double> elapsed;
  std::vector<double> hot;
  std::vector<double> wal;
  for (const core::Result& result : results) {
    elapsed.push_back(result.elapsed_s);
    hot.push_back(metric(result, "hot_ratio"));
    wal.push_back(metric(result, "wal_bytes"));
  }
  return {.elapsed_s = core::median(elapsed),
          .hot_ratio = core::median(hot),
          .wal_bytes = core::median(wal),
          .rows = static_cast<std::int64_t>(metric(results.front(), "rows")),
          .repeats = static_cast<int>(results.size())};
}

}  // namespace

Trial run_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                const TrialOptions& options, const std::stop_token& stop,
                core::Observer& observer) {
  const std::string what = core::grouped(options.players) + " players";
  const std::string bare_name = fmt::format("bare_{}", options.players);
  const std::string indexed_name = fmt::format("indexed_{}", options.players);
  std::map<std::string, std::map<Variant, std::vector<core::Result>>> results;
  {
    Arena bare(admin, bare_name, false, catalog, options, stop);
    Arena indexed(admin, indexed_name, true, catalog, options, stop);
    const int rounds = std::max(options.set_repeats, options.rows_repeats);
    const auto total = 2 * static_cast<std::uint64_t>(options.set_repeats + options.rows_repeats);
    std::uint64_t done = 0;
    for (int round = 0; round < rounds; ++round) {
      for (const tick::Strategy strategy : {tick::Strategy::kRows, tick::Strategy::kSet}) {
        const bool rows = strategy == tick::Strategy::kRows;
        if (round >= (rows ? options.rows_repeats : options.set_repeats)) continue;
        for (const bool with_index : {false, true}) {
          observer.progress(what, done++, total, "runs");
          Arena& arena = with_index ? indexed : bare;
          arena.prepare();
          for (core::Result& result : arena.run(strategy)) {
            results[result.name][{.strategy = strategy, .indexed = with_index}].push_back(
                std::move(result));
          }
        }
      }
    }
    observer.progress(what, total, total, "runs");
  }
  pg::Session session(admin, kName, stop);
  session.query("DROP DATABASE " + pg::quote_identifier(bare_name));
  session.query("DROP DATABASE " + pg::quote_identifier(indexed_name));

  Trial trial;
  for (const auto& [tick, variants] : results) {
    for (const auto& [variant, runs] : variants) trial[tick][variant] = medians(runs);
  }
  return trial;
}

}  // namespace scalectl::story
