// Layouts: how a family's hottest table is stored, and the ways from one layout to another while
// the application goes on. The game's players have three:
//
//   seed    full pages and seed 000's indexes: each tick moves every row, and every index hears of
//   it hot     half of each page is free and no index names stamina: the tick's updates are
//   heap-only epoch   a tick advances one row; the present stamina follows from the epochs that
//   have passed
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "pg/session.hpp"
#include "schema/migrations.hpp"

namespace scalectl::schema {

struct LayoutOptions {
  Options place;                  ///< the family, and where its tables are
  std::string layout;             ///< to which: seed, hot or epoch
  std::int64_t batch = 10'000;    ///< rows that a transaction moves or settles, about
  core::Seconds lock_timeout{1};  ///< how long each try waits for an exclusive lock
  bool foreign = false;           ///< drop also indexes in the way that somebody else made
};

/// The layouts that `family` has, by name.
std::vector<std::string> layouts_of(const catalog::Catalog& catalog, const std::string& family);

/// Throws Error (usage) for a family without layouts, an unknown layout, and a batch or timeout
/// that cannot be.
void check(const catalog::Catalog& catalog, const LayoutOptions& options);

/// Brings the family's table to a layout, from whichever it has. Rows are moved and settled in
/// small transactions, never waiting with locks held; the exclusive locks are short, and tried
/// again where they are not had in time. What a run that was killed has done stays done, and the
/// next one goes on from there; where nothing is left to do, a note says so. A stop request ends it
/// after the batch under way and is reported in the Result, not thrown. Throws Error: usage for a
/// table that is not there, not ours to alter, or partitioned, for indexes in the way that are not
/// ours (all before anything is touched); busy for a lock that was never free, or another migration
/// under way.
core::Result migrate(pg::Session& session, const catalog::Catalog& catalog,
                     const LayoutOptions& options, core::Observer& observer);

/// Takes off what the epoch layout has made around the table, if it is there; for a table that is
/// about to be dropped. The caller holds the table's exclusive lock.
void take_off_layout(pg::Transaction& tx, const catalog::Catalog& catalog,
                     const std::string& family, const std::string& schema,
                     const std::string& prefix);

}  // namespace scalectl::schema
