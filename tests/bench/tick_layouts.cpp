#include "tick_layouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "contest.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace scalectl::bench {
namespace {

constexpr int kRounds = 7;
constexpr std::int64_t kPlayers = 1'000'000;
constexpr std::int64_t kFewPlayers = 1'000;

// As a share of the first contender's time: "2.5 times faster" is at most 0.4 of it.
constexpr double kHotLimit = 1 / 2.5;
constexpr double kWorkersLimit = 1 / 1.4;
constexpr double kEpochLimit = 1.5;
constexpr double kReadLimit = 1.1;
/// A fifth of what seed 000 projects for 1,000,000 players.
constexpr double kHotSeconds = 10.0 / 5;

constexpr int kReads = 300;
constexpr const char* kReadColumns =
    "player_id, telegram_id, name, location_id, level, xp, hp, max_hp, stamina, max_stamina, "
    "endurance, is_dead, created_at, last_seen_at";

constexpr std::size_t kMedianColumn = 1;
constexpr std::size_t kRatioColumn = 4;

/// A seeded database of one layout, and copies of it that runs begin with.
class Original {
 public:
  Original(const Arena& arena, std::string layout, std::int64_t players)
      : arena_(arena), name_(fmt::format("tick_{}_{}", layout, players)) {
    arena.sql("lab", "CREATE DATABASE " + name_);
    arena.scalectl(name_, {"db", "init", "game"});
    arena.scalectl(name_, {"seed", "game", "--players", std::to_string(players), "--only",
                           "locations,players"});
    arena.scalectl(name_, {"db", "migrate", "game", "--layout", layout});
    arena.sql(name_, "VACUUM (ANALYZE)");
  }
  ~Original() {
    try {
      arena_.sql("lab", "DROP DATABASE IF EXISTS tick");
      arena_.sql("lab", "DROP DATABASE " + name_);
    } catch (const std::exception&) {  // the lab goes too
    }
  }
  Original(const Original&) = delete;
  Original& operator=(const Original&) = delete;

  const std::string& name() const { return name_; }

  /// Replaces the database tick; read once, as a tick that runs every few minutes finds it.
  void copy() const {
    arena_.sql("lab", "DROP DATABASE IF EXISTS tick");
    arena_.sql("lab", "CREATE DATABASE tick TEMPLATE " + name_ + " STRATEGY file_copy");
    arena_.sql("tick", "SELECT count(ctid) FROM players");
    arena_.sql("lab", "CHECKPOINT");
  }

 private:
  const Arena& arena_;
  std::string name_;
};

/// A tick on a fresh copy of `original`, timed by its Result: what starts the program and connects
/// is the same for all. `rows`, where given, must be what it writes.
Contender tick_on(const Arena& arena, const Original& original, const std::string& name,
                  const std::vector<std::string>& options, std::optional<double> limit,
                  std::optional<std::int64_t> rows = {}) {
  const auto elapsed = std::make_shared<double>(0);
  return {.name = name,
          .prepare = [&original] { original.copy(); },
          .work =
              [&arena, options, elapsed, rows] {
                std::vector<std::string> arguments{"tick", "run", "stamina", "--format", "json"};
                arguments.insert(arguments.end(), options.begin(), options.end());
                const core::Value result =
                    core::parse_json(arena.scalectl("tick", arguments), "tick run");
                *elapsed = result.if_object()->find("elapsed_s")->number();
                const auto written = static_cast<std::int64_t>(
                    result.if_object()->find("metrics")->if_object()->find("rows")->number());
                if (written < 1 || (rows && written != *rows)) {
                  throw std::runtime_error(fmt::format("the tick wrote {} rows", written));
                }
              },
          .limit = limit,
          .own_time = [elapsed] { return *elapsed; }};
}

/// kReads times 1,000 players that follow each other, all of them fetched; by a prepared statement,
/// as an application reads what it reads often.
Contender reads_of(pg::Session& session, const std::string& relation, std::optional<double> limit) {
  return {.name = "SELECT from " + relation,
          .prepare = [] {},
          .work =
              [&session, relation] {
                pg::Transaction tx = session.begin();
                const std::string prepared = tx.prepare(
                    fmt::format("SELECT {} FROM {} WHERE player_id > $1 AND player_id <= $2",
                                kReadColumns, relation));
                for (std::int64_t i = 0; i < kReads; ++i) {
                  const std::int64_t after = i * 1000 % kPlayers;
                  const pg::Rows rows =
                      tx.run(prepared, {std::to_string(after), std::to_string(after + 1000)});
                  if (rows.size() != 1000)
                    throw std::runtime_error(relation + " has other players");
                }
              },
          .limit = limit};
}

double median_of(const core::Table& table, std::size_t row) {
  return table.rows[row][kMedianColumn].number();
}

void add(core::Table table, core::Result& result) {
  if (!within_limits(table)) result.verdict = core::Verdict::kFail;
  result.tables.push_back(std::move(table));
}

void hot_against_seed(const Arena& arena, const Original& seed, const Original& hot,
                      core::Result& result) {
  add(run_contest("hot_layout", "One statement for 1,000,000 players, by layout",
                  {tick_on(arena, seed, "set on the seed's layout", {}, {}),
                   tick_on(arena, hot, "set on the hot layout", {}, kHotLimit)},
                  kRounds),
      result);
  const double seconds = median_of(result.tables.back(), 1);
  result.checks.push_back(
      {.name = fmt::format(
           "set on the hot layout, 1,000,000 players<={:g}s (a fifth of seed 000's)", kHotSeconds),
       .observed = fmt::format("{:.2f}s", seconds),
       .passed = seconds <= kHotSeconds});
  if (seconds > kHotSeconds) result.verdict = core::Verdict::kFail;
}

/// Two workers against one statement. One worker, and two that do not wait for the log, show where
/// the time goes.
void workers_against_set(const Arena& arena, const Original& hot, core::Result& result) {
  const auto without_flush = [&arena, &hot] {
    hot.copy();
    arena.sql("lab", "ALTER DATABASE tick SET synchronous_commit = off");
  };
  Contender unflushed = tick_on(arena, hot, "batched, 2 workers, synchronous_commit off",
                                {"--strategy", "batched", "--workers", "2"}, {});
  unflushed.prepare = without_flush;
  core::Table table =
      run_contest("workers", "1,000,000 players on the hot layout, in batches of 10,000",
                  {tick_on(arena, hot, "set", {}, {}),
                   tick_on(arena, hot, "batched, 1 worker", {"--strategy", "batched"}, {}),
                   tick_on(arena, hot, "batched, 2 workers",
                           {"--strategy", "batched", "--workers", "2"}, kWorkersLimit),
                   unflushed},
                  kRounds);
  if (!within_limits(table)) {
    result.verdict = std::max(result.verdict, core::Verdict::kWarn);
    const double one = median_of(table, 1);
    const double two = median_of(table, 2);
    const double quick = median_of(table, 3);
    result.notes.push_back(
        fmt::format("Two workers are {:.2f} times as fast as one statement ({:.2f} is wanted). "
                    "What limits them: "
                    "cutting the work into batches costs {:.2f} times set's time with one worker, "
                    "the second one "
                    "makes that {:.2f} times as fast, and waiting for the log at each commit takes "
                    "{:.0f} % of it.",
                    1 / table.rows[2][kRatioColumn].number(), 1 / kWorkersLimit,
                    one / median_of(table, 0), one / two, 100 * std::max(0.0, 1 - quick / two)));
  }
  result.tables.push_back(std::move(table));
}

}  // namespace

void hold_layouts_against_each_other(const Arena& arena, core::Result& result) {
  {
    const Original hot(arena, "hot", kPlayers);
    {
      const Original seed(arena, "seed", kPlayers);
      hot_against_seed(arena, seed, hot, result);
    }
    workers_against_set(arena, hot, result);
  }
  const Original many(arena, "epoch", kPlayers);
  {
    const Original few(arena, "epoch", kFewPlayers);
    add(run_contest(
            "epoch", "The epoch tick: one row, whatever the number of players",
            {tick_on(arena, few, "1,000 players", {"--strategy", "epoch"}, {}, 1),
             tick_on(arena, many, "1,000,000 players", {"--strategy", "epoch"}, kEpochLimit, 1)},
            3 * kRounds),
        result);
  }
  pg::Session session = arena.connect(many.name());
  session.query("UPDATE regen_epoch SET epoch = epoch + 3");  // so that there is something to add
  add(run_contest(
          "players_current", fmt::format("Reading 1,000 players, {} times", kReads),
          {reads_of(session, "players", {}), reads_of(session, "players_current", kReadLimit)},
          3 * kRounds),
      result);
}

}  // namespace scalectl::bench
