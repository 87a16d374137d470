#include "story/sweep_arena.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "index/engine.hpp"
#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "schema/layout.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"
#include "story/silent.hpp"
#include "story/sweep_variants.hpp"

namespace scalectl::story {
namespace {

using core::Error;
using core::ErrorKind;

/// Databases are the server's and not the admin database's: its number keeps sweeps from different
/// ones apart, and lets the next sweep from the same one find what a killed one has left.
std::string prefix_for(const pg::Target& admin, const std::stop_token& stop) {
  pg::Session session(admin, kTickSweep, stop);
  const pg::Rows rows = session.query(
      "SELECT d.oid::text AS oid, r.rolcreatedb OR r.rolsuper AS may, r.rolname AS role"
      "  FROM pg_database AS d, pg_roles AS r"
      " WHERE d.datname = current_database() AND r.rolname = current_user");
  if (!rows.boolean(0, "may")) {
    const std::string role = rows.text(0, "role");
    throw core::usage_error(
        fmt::format("role {} may not make databases", role),
        fmt::format("ALTER ROLE {} CREATEDB, or use --lab", pg::quote_identifier(role)));
  }
  return "scalectl_sweep_" + rows.text(0, "oid") + "_";
}

std::vector<std::string> names_for(const std::string& prefix) {
  std::vector<std::string> names{prefix + "run"};
  for (const std::string& layout : kSweepLayouts) names.push_back(prefix + layout);
  return names;
}

void refuse_interrupted(const core::Result& result) {
  if (result.interrupted) throw Error(ErrorKind::kInterrupted, "interrupted");
}

}  // namespace

SweepArena::SweepArena(const pg::Target& admin, const catalog::Catalog& catalog,
                       const tick::Definition& tick, std::string version, std::stop_token stop)
    : catalog_(catalog),
      tick_(tick),
      version_(std::move(version)),
      prefix_(prefix_for(admin, stop)),
      databases_(admin, kTickSweep, names_for(prefix_), std::move(stop)) {}

void SweepArena::seed(pg::Session& session, std::int64_t players) const {
  seed::GameOptions game{.players = players, .only = {"locations", "items", "players"}};
  for (const std::string& table : tick_.tables()) {
    if (std::find(game.only.begin(), game.only.end(), table) == game.only.end()) {
      game.only.push_back(table);
    }
  }
  // Dated a day back, every combat is idle and every item old: each run has as much to do, however
  // long the sweep takes.
  game.as_of = std::chrono::time_point_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now() - std::chrono::days(1));
  Silent silent;
  refuse_interrupted(seed::seed_game(session, game, silent));
}

void SweepArena::prepare(std::int64_t players, const std::vector<std::string>& layouts) {
  databases_.drop(copy());
  Silent silent;
  for (const std::string& layout : kSweepLayouts) databases_.drop(original(layout));
  for (const std::string& layout : layouts) {
    databases_.create(original(layout));
    pg::Session session = databases_.connect(original(layout));
    schema::init(session, catalog_, {.family = "game", .version = version_}, silent);
    // Loaded with room on each page, the rows are where db migrate game --layout hot moves them to.
    if (layout == "hot") session.query("ALTER TABLE players SET (fillfactor = 50)");
    seed(session, players);
    if (layout == "seed") {
      refuse_interrupted(index::apply(session, index::load(catalog_, "game"), {}, silent));
    }
    if (layout == "epoch") {
      refuse_interrupted(schema::migrate(
          session, catalog_, {.place = {.family = "game", .version = version_}, .layout = layout},
          silent));
    }
    session.query("VACUUM (ANALYZE)");
  }
}

// A run changes nearly every row, and what it leaves behind (dead rows, grown indexes, full
// stamina) would be the next one's burden: each gets a copy of its own. CREATE DATABASE … STRATEGY
// file_copy copies at the disk's pace (about a second for a million players), and its two
// checkpoints leave nothing behind that would be written during the run. Undoing the run instead
// (an UPDATE back, or TRUNCATE and INSERT, then VACUUM) takes longer than the run itself, and no
// two runs would begin with the same pages. The tables are then read once, as a tick that runs
// every few minutes finds them: by ctid, since an index alone could answer a mere count(*).
pg::Session SweepArena::fresh_copy(const std::string& layout) {
  databases_.drop(copy());
  databases_.copy(original(layout), copy(), true);
  pg::Session session = databases_.connect(copy());
  for (const std::string& table : tick_.tables()) {
    session.query("SELECT count(ctid) FROM " + pg::quote_identifier(table));
  }
  return session;
}

}  // namespace scalectl::story
