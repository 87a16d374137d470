#include "seed/game.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "seed/game_world.hpp"

namespace scalectl::seed {
namespace {

using core::usage_error;

constexpr std::int64_t kMaxRows = 10'000'000'000;

bool is_selected(const GameOptions& options, const TableSpec& spec) {
  return options.only.empty() ||
         std::find(options.only.begin(), options.only.end(), spec.name) != options.only.end();
}

void check_only(const GameOptions& options) {
  std::vector<std::string> names;
  for (const TableSpec& spec : game_tables()) names.emplace_back(spec.name);
  for (const std::string& name : options.only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw usage_error(fmt::format("--only: the game has no table \"{}\"", name),
                        core::did_you_mean(name, names, "there are: " + core::join(names, ", ")));
    }
  }
}

std::uint64_t checked_rows(const char* option, std::int64_t rows, std::int64_t most,
                           const std::string& why) {
  if (rows > most) {
    throw usage_error(fmt::format("{} {} is too many", option, core::grouped(rows)),
                      fmt::format("at most {}: {}", core::grouped(most), why));
  }
  return static_cast<std::uint64_t>(rows);
}

GamePlan plan_of(const GameOptions& options) {
  const std::int64_t players = options.players;
  if (players < 1) throw usage_error("--players 0 is too few", "give at least 1");
  GamePlan plan{.seed = options.seed, .dead_ratio = options.dead_ratio, .as_of = options.as_of};
  plan.players.rows = checked_rows("--players", players, kMaxRows, "the range of the ids");
  plan.inventory.rows =
      checked_rows("--inventory", options.inventory.value_or(2 * players),
                   players * static_cast<std::int64_t>(kItems), "each player has each item once");
  plan.combats.rows = checked_rows("--combats", options.combats.value_or(players / 50), players,
                                   "each player fights one combat");
  plan.dropped.rows = checked_rows("--dropped", options.dropped.value_or(players / 5), kMaxRows,
                                   "the range of the ids");
  plan.effects.rows = checked_rows("--effects", options.effects.value_or(players / 10),
                                   players * static_cast<std::int64_t>(kEffects),
                                   "each player has each effect once");
  plan.enemies.rows =
      checked_rows("--enemies", options.enemies.value_or(0), kMaxRows, "the range of the ids");
  return plan;
}

constexpr const char* kHint = "seed game fills the tables of scalectl db init game";

/// A table of the world together with its table in the database.
struct Target {
  const TableSpec* spec;
  BulkTable table;
  bool selected = false;  ///< asked for, and not merely needed by one that was
};

std::vector<Target> resolve(pg::Session& session, const GameOptions& options) {
  std::vector<Target> targets;
  for (const TableSpec& spec : game_tables()) {
    const bool selected = is_selected(options, spec);
    if (!selected && spec.share != nullptr && spec.name != "players") continue;
    targets.push_back(
        {.spec = &spec,
         .table = find_table(session, options.naming, spec.name, spec.key, spec.columns, kHint),
         .selected = selected});
  }
  return targets;
}

class GameSeeder {
 public:
  GameSeeder(pg::Session& session, const GameOptions& options, core::Observer& observer)
      : options_(options),
        context_{.existing = options.existing,
                 .workers = options.workers,
                 .observer = observer,
                 .stop = session.stop()},
        plan_(plan_of(options)),
        all_(resolve(session, options)) {}

  /// Everything between BEGIN and COMMIT.
  void run(pg::Transaction& tx, core::Result& result) {
    choose_tables(tx);
    std::vector<BulkTable> tables;
    for (const Target& target : load_) tables.push_back(target.table);
    BulkLoad load(tx, std::move(tables), context_);
    choose_ids(tx);
    for (const Target& target : load_) {
      const TableSpec& spec = *target.spec;
      const std::uint64_t rows = spec.share == nullptr ? spec.fixed_rows : (plan_.*spec.share).rows;
      load.copy(target.table, {.count = rows}, "rows",
                [&](std::uint64_t row, pg::CopyBuffer& out) { spec.make_row(plan_, row, out); });
    }
    load.finish();
    result.metrics.set("rows", load.rows());
    result.tables.push_back(load.summary());
  }

 private:
  /// The tables to load: those asked for, and empty ones that they refer to. The fixed tables
  /// (locations, items) are never loaded twice.
  void choose_tables(pg::Transaction& tx) {
    for (const Target& target : all_) {
      const bool fixed = target.spec->share == nullptr;
      const bool replace = target.selected && options_.existing == Existing::kReplace;
      if (fixed ? replace || !has_rows(tx, target.table.quoted) : target.selected) {
        load_.push_back(target);
      }
    }
  }

  /// Where the ids of this run begin; for tables that refer to players, which players there are.
  void choose_ids(pg::Transaction& tx) {
    bool players = false;
    for (const Target& target : load_) {
      if (target.spec->share == nullptr) continue;
      if (options_.existing == Existing::kAppend) {
        const pg::Rows rows =
            tx.query(fmt::format("SELECT coalesce(max({}), 0) + 1 AS next FROM {}",
                                 target.spec->key, target.table.quoted));
        (plan_.*target.spec->share).first_id = rows.integer(0, "next");
      }
      players = players || target.spec->name == "players";
    }
    if (!players) use_existing_players(tx);
  }

  void use_existing_players(pg::Transaction& tx) {
    const auto players = std::find_if(all_.begin(), all_.end(), [](const Target& target) {
      return target.spec->name == "players";
    });
    const pg::Rows rows = tx.query(
        "SELECT count(*) AS n, coalesce(min(player_id), 1) AS first,"
        "       coalesce(max(player_id), 0) AS last FROM " +
        players->table.quoted);
    const std::int64_t count = rows.integer(0, "n");
    const std::int64_t first = rows.integer(0, "first");
    if (count != static_cast<std::int64_t>(plan_.players.rows) ||
        rows.integer(0, "last") - first + 1 != count) {
      throw usage_error(
          fmt::format(
              "--only without players: {} has {} rows with ids {} to {}, and --players says {}",
              players->table.quoted, core::grouped(count), first, rows.integer(0, "last"),
              core::grouped(plan_.players.rows)),
          "give --players the number that is there; the ids must have no gaps");
    }
    plan_.players.first_id = first;
  }

  const GameOptions& options_;
  const BulkContext context_;
  GamePlan plan_;
  std::vector<Target> all_;   // every table that may be touched
  std::vector<Target> load_;  // those that will be
};

}  // namespace

void check(const GameOptions& options) {
  std::vector<std::string> names;
  for (const TableSpec& spec : game_tables()) names.emplace_back(spec.name);
  options.naming.check(names);
  check_only(options);
  plan_of(options);
}

core::Result seed_game(pg::Session& session, const GameOptions& options, core::Observer& observer) {
  check(options);
  core::Result result{.command = "seed", .name = "game"};
  result.params.set("players", options.players)
      .set("seed", options.seed)
      .set("workers", options.workers)
      .set("dead_ratio", options.dead_ratio)
      .set("as_of", core::format_time(options.as_of));
  GameSeeder seeder(session, options, observer);
  return all_or_nothing(session, std::move(result),
                        [&](pg::Transaction& tx, core::Result& out) { seeder.run(tx, out); });
}

}  // namespace scalectl::seed
