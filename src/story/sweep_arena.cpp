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
  std::vector<std::string> names;
  for (const std::string& layout : kSweepLayouts) names.push_back(prefix + layout);
  return names;
}

/// The tables that the tick works on, and those that they refer to.
std::vector<std::string> tables_for(const tick::Definition& tick) {
  std::vector<std::string> tables{"locations", "items", "players"};
  for (const std::string& table : tick.tables(tick::Strategy::kSet)) {
    if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
  }
  return tables;
}

/// Superusers may, and members of pg_checkpoint, a role that PostgreSQL has from 15 on.
bool may_checkpoint(pg::Session& session) {
  return session
      .query(
          "SELECT r.rolsuper OR coalesce(pg_has_role(current_user, c.oid, 'MEMBER'), false) AS may"
          "  FROM pg_roles AS r LEFT JOIN pg_roles AS c ON c.rolname = 'pg_checkpoint'"
          " WHERE r.rolname = current_user")
      .boolean(0, "may");
}

void refuse_interrupted(const core::Result& result) {
  if (result.interrupted) throw Error(ErrorKind::kInterrupted, "interrupted");
}

}  // namespace

// Dated a day back, every combat is idle and every item old: each run has as much to do, however
// long the sweep takes.
SweepArena::SweepArena(const pg::Target& admin, const catalog::Catalog& catalog,
                       const tick::Definition& tick, std::string version, std::stop_token stop)
    : catalog_(catalog),
      tables_(tables_for(tick)),
      version_(std::move(version)),
      as_of_(std::chrono::time_point_cast<std::chrono::microseconds>(
          std::chrono::system_clock::now() - std::chrono::days(1))),
      prefix_(prefix_for(admin, stop)),
      databases_(admin, kTickSweep, names_for(prefix_), std::move(stop)) {}

pg::Session SweepArena::make(const std::string& layout) {
  databases_.create(name_of(layout));
  pg::Session session = databases_.connect(name_of(layout));
  checkpoints_ = may_checkpoint(session);
  Silent silent;
  schema::init(session, catalog_, {.family = "game", .version = version_}, silent);
  if (layout == "seed") {
    refuse_interrupted(index::apply(session, index::load(catalog_, "game"), {}, silent));
  } else {
    const schema::Options game{.family = "game", .version = version_};
    refuse_interrupted(
        schema::migrate(session, catalog_, {.place = game, .layout = layout}, silent));
  }
  // It would come and go between the runs that are compared.
  for (const std::string& table : tables_) {
    session.query(
        fmt::format("ALTER TABLE {} SET (autovacuum_enabled = off)", pg::quote_identifier(table)));
  }
  return session;
}

// A run changes nearly every row, and what it leaves behind (dead rows, grown indexes, full
// stamina) would be the next one's burden: the tables are truncated and seeded anew. That takes
// seconds for a million players and milliseconds for a thousand. A copy of a seeded database
// (CREATE DATABASE … TEMPLATE) takes as long for a million, but a second or more for a thousand,
// since it syncs some three hundred files of the catalog; and to undo a run by an UPDATE and VACUUM
// takes longer than the run itself, and leaves other pages than there were.
pg::Session& SweepArena::fresh(const std::string& layout, std::int64_t players) {
  auto found = sessions_.find(layout);
  if (found == sessions_.end()) found = sessions_.emplace(layout, make(layout)).first;
  pg::Session& session = found->second;
  seed::GameOptions game{
      .players = players, .workers = 2, .only = tables_, .existing = seed::Existing::kReplace};
  game.as_of = as_of_;
  Silent silent;
  refuse_interrupted(seed::seed_game(session, game, silent));
  for (const std::string& table : tables_) session.query("ANALYZE " + pg::quote_identifier(table));
  if (checkpoints_) session.query("CHECKPOINT");
  return session;
}

}  // namespace scalectl::story
