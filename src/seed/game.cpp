#include "seed/game.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"
#include "seed/foreign_keys.hpp"
#include "seed/game_world.hpp"
#include "seed/loader.hpp"

namespace scalectl::seed {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;
using core::usage_error;

constexpr std::int64_t kMaxRows = 10'000'000'000;

/// A table of the world together with its table in the database.
struct Target {
  const TableSpec* spec;
  std::string quoted;
  pg::Relation relation;
  bool selected = false;  ///< asked for, and not merely needed by one that was
};

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
  plan.effects.rows =
      checked_rows("--effects", options.effects.value_or(players / 10),
                   players * static_cast<std::int64_t>(kEffects), "each player has each effect once");
  return plan;
}

/// Our rows are binary, so the columns' types must be the expected ones to the letter.
void check_columns(const TableSpec& spec, const std::string& quoted, const pg::Relation& relation) {
  std::vector<std::string> names;
  for (const pg::RelationColumn& column : relation.columns) names.push_back(column.name);
  for (const ColumnSpec& wanted : spec.columns) {
    const auto found =
        std::find_if(relation.columns.begin(), relation.columns.end(),
                     [&](const pg::RelationColumn& c) { return c.name == wanted.name; });
    if (found == relation.columns.end()) {
      throw usage_error(fmt::format("table {} has no column \"{}\"", quoted, wanted.name),
                        core::did_you_mean(wanted.name, names,
                                           "seed game fills the tables of scalectl db init game"));
    }
    if (found->type != wanted.type) {
      throw usage_error(fmt::format("column {}.\"{}\" is {}, expected {}", quoted, wanted.name,
                                    found->type, wanted.type),
                        "seed game fills the tables of scalectl db init game");
    }
  }
}

std::vector<Target> resolve(pg::Session& session, const GameOptions& options) {
  std::vector<Target> targets;
  for (const TableSpec& spec : game_tables()) {
    const bool selected = is_selected(options, spec);
    if (!selected && spec.share != nullptr && spec.name != "players") continue;
    Target target{.spec = &spec, .quoted = options.naming.table(spec.name), .selected = selected};
    target.relation = pg::require_relation(session, target.quoted);
    check_columns(spec, target.quoted, target.relation);
    targets.push_back(std::move(target));
  }
  return targets;
}

std::string names_of(const std::vector<Target>& targets) {
  std::vector<std::string> names;
  for (const Target& target : targets) names.push_back(target.quoted);
  return core::join(names, ", ");
}

std::vector<std::int64_t> oids_of(const std::vector<Target>& targets) {
  std::vector<std::int64_t> oids;
  for (const Target& target : targets) oids.push_back(target.relation.oid);
  return oids;
}

class GameSeeder {
 public:
  GameSeeder(pg::Session& session, const GameOptions& options, core::Observer& observer)
      : options_(options), observer_(observer), stop_(session.stop()) {
    check_only(options);
    plan_ = plan_of(options);
    all_ = resolve(session, options);
  }

  /// Everything between BEGIN and COMMIT.
  void run(pg::Transaction& tx) {
    tx.query("SET LOCAL lock_timeout = '10s'");
    choose_tables(tx);
    if (options_.existing != Existing::kAppend) refuse_rows(tx);
    const bool truncate = options_.existing == Existing::kReplace ||
                          (options_.existing == Existing::kRefuse && owns_all());
    std::vector<ForeignKey> suspended;
    if (truncate) {
      empty_tables(tx);
      if (owns_all()) suspended = suspend(tx, oids_of(load_));
    }
    choose_ids(tx);
    for (const Target& target : load_) load(tx, target, truncate);
    restore(tx, suspended);
    for (const Target& target : load_) finish(tx, target);
  }

  core::Table table() && { return std::move(table_); }
  std::int64_t rows() const { return rows_; }

 private:
  static bool has_rows(pg::Transaction& tx, const std::string& quoted) {
    return tx.query("SELECT EXISTS (SELECT FROM " + quoted + ") AS some").boolean(0, "some");
  }

  bool owns_all() const {
    return std::all_of(load_.begin(), load_.end(),
                       [](const Target& target) { return target.relation.owned; });
  }

  /// The tables to load: those asked for, and empty ones that they refer to. The fixed tables
  /// (locations, items) are never loaded twice.
  void choose_tables(pg::Transaction& tx) {
    for (const Target& target : all_) {
      const bool fixed = target.spec->share == nullptr;
      const bool replace = target.selected && options_.existing == Existing::kReplace;
      if (fixed ? replace || !has_rows(tx, target.quoted) : target.selected) load_.push_back(target);
    }
  }

  void refuse_rows(pg::Transaction& tx) const {
    if (options_.existing == Existing::kReplace) return;
    for (const Target& target : load_) {
      if (!has_rows(tx, target.quoted)) continue;
      throw usage_error(fmt::format("table {} is not empty", target.quoted),
                        "add --append to keep its rows, or --replace to remove them first");
    }
  }

  /// TRUNCATE, which also lets COPY store frozen rows. PostgreSQL wants the tables that refer to
  /// these in the same statement; empty ones do no harm, others are not ours to empty.
  void empty_tables(pg::Transaction& tx) {
    std::string list = names_of(load_);
    for (const std::string& table : referring_tables(tx, oids_of(load_))) {
      if (has_rows(tx, table)) {
        throw usage_error(fmt::format("table {} holds rows that refer to these tables", table),
                          "replace all of them: leave out --only");
      }
      list += ", " + table;
    }
    tx.query("TRUNCATE " + list);
    refuse_rows(tx);  // somebody may have written between our look and our lock
  }

  /// Where the ids of this run begin; for tables that refer to players, which players there are.
  void choose_ids(pg::Transaction& tx) {
    bool players = false;
    for (const Target& target : load_) {
      if (target.spec->share == nullptr) continue;
      if (options_.existing == Existing::kAppend) {
        const pg::Rows rows = tx.query(fmt::format("SELECT coalesce(max({}), 0) + 1 AS next FROM {}",
                                                   target.spec->key, target.quoted));
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
        "       coalesce(max(player_id), 0) AS last FROM " + players->quoted);
    const std::int64_t count = rows.integer(0, "n");
    const std::int64_t first = rows.integer(0, "first");
    if (count != static_cast<std::int64_t>(plan_.players.rows) ||
        rows.integer(0, "last") - first + 1 != count) {
      throw usage_error(
          fmt::format("--only without players: {} has {} rows with ids {} to {}, and --players says {}",
                      players->quoted, core::grouped(count), first, rows.integer(0, "last"),
                      core::grouped(plan_.players.rows)),
          "give --players the number that is there; the ids must have no gaps");
    }
    plan_.players.first_id = first;
  }

  void load(pg::Transaction& tx, const Target& target, bool frozen) {
    const TableSpec& spec = *target.spec;
    const std::uint64_t rows =
        spec.share == nullptr ? spec.fixed_rows : (plan_.*spec.share).rows;
    std::vector<std::string> columns;
    for (const ColumnSpec& column : spec.columns) {
      columns.push_back(pg::quote_identifier(column.name));
    }
    const core::Stopwatch watch;
    const std::int64_t copied = copy_rows(
        tx,
        fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary{})", target.quoted,
                    core::join(columns, ", "), frozen && target.relation.plain ? ", FREEZE" : ""),
        rows, options_.workers,
        [&](std::uint64_t row, pg::CopyBuffer& out) { spec.make_row(plan_, row, out); },
        [&](std::uint64_t sent) { observer_.progress(spec.name, sent, rows, "rows"); }, stop_);
    const double seconds = watch.seconds();
    const double rate = seconds > 0 ? static_cast<double>(copied) / seconds : 0;
    rows_ += copied;
    table_.rows.push_back({spec.name, copied, seconds, std::round(rate)});
    observer_.info(fmt::format("Seeded {} rows of {} in {:.2f}s ({} rows/s)", copied, spec.name,
                               seconds, core::grouped(static_cast<std::int64_t>(rate))));
  }

  /// The identity goes on after the last row, and the planner learns what the table holds.
  void finish(pg::Transaction& tx, const Target& target) const {
    const TableSpec& spec = *target.spec;
    if (spec.share != nullptr && (plan_.*spec.share).rows > 0) {
      const GamePlan::Share share = plan_.*spec.share;
      tx.query("SELECT setval(s, $3) FROM pg_get_serial_sequence($1, $2) AS s WHERE s IS NOT NULL",
               {target.quoted, std::string(spec.key),
                std::to_string(share.first_id + static_cast<std::int64_t>(share.rows) - 1)});
    }
    tx.query("ANALYZE " + target.quoted);
  }

  const GameOptions& options_;
  core::Observer& observer_;
  std::stop_token stop_;
  GamePlan plan_;
  std::vector<Target> all_;   // every table that may be touched
  std::vector<Target> load_;  // those that will be
  std::int64_t rows_ = 0;
  core::Table table_{.key = "tables",
                     .title = "",
                     .columns = {{"table", "table"},
                                 {"rows", "rows", Unit::kCount},
                                 {"copy_s", "COPY took", Unit::kSeconds},
                                 {"rows_per_second", "rows/s", Unit::kCount}},
                     .rows = {}};
};

core::Result new_result(const GameOptions& options) {
  core::Result result{.command = "seed", .name = "game"};
  result.params.set("players", options.players)
      .set("seed", options.seed)
      .set("workers", options.workers)
      .set("dead_ratio", options.dead_ratio)
      .set("as_of", core::format_time(options.as_of));
  return result;
}

constexpr const char* kRolledBack = "everything was rolled back; the tables are as they were";

}  // namespace

void check(const GameOptions& options) {
  std::vector<std::string> names;
  for (const TableSpec& spec : game_tables()) names.emplace_back(spec.name);
  options.naming.check(names);
  check_only(options);
  plan_of(options);
}

core::Result seed_game(pg::Session& session, const GameOptions& options,
                       core::Observer& observer) {
  const core::Stopwatch watch;
  core::Result result = new_result(options);
  GameSeeder seeder(session, options, observer);
  try {
    pg::Transaction tx = session.begin();
    seeder.run(tx);
    tx.commit();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUsage) throw;
    if (error.kind() != ErrorKind::kInterrupted) {
      throw Error(error.kind(), fmt::format("seed game: {}; {}", error.message(), kRolledBack),
                  error.hint());
    }
    result.interrupted = true;
    result.verdict = core::Verdict::kInconclusive;
    result.metrics.set("rows", 0);
    result.notes.push_back(fmt::format("interrupted: {}", kRolledBack));
    watch.stamp(result);
    return result;
  }
  watch.stamp(result);
  const double rate = static_cast<double>(seeder.rows()) / result.elapsed_s;
  result.metrics.set("rows", seeder.rows()).set("rows_per_second", std::round(rate));
  result.tables.push_back(std::move(seeder).table());
  return result;
}

}  // namespace scalectl::seed
