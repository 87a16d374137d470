#include <fmt/format.h>

#include <algorithm>

#include "core/stopwatch.hpp"
#include "index/builder.hpp"
#include "index/engine.hpp"
#include "index/fillfactor.hpp"
#include "index/grants.hpp"
#include "index/look.hpp"
#include "index/partitioned.hpp"

namespace scalectl::index {
namespace {

/// True if the pack's indexes are all there and its tables have the fillfactors that it sets.
bool is_applied(pg::Session& session, const Pack& pack, const pg::Naming& naming) {
  for (const IndexDefinition& index : pack.indexes) {
    const auto table = pg::find_relation(session, naming.table(index.table));
    const auto found = table ? find(session, index, *table) : std::nullopt;
    if (!found || !found->valid) return false;
  }
  return std::all_of(
      pack.fillfactors.begin(), pack.fillfactors.end(), [&](const Fillfactor& setting) {
        return fillfactor_of(session, naming.table(setting.table)) == setting.percent;
      });
}

std::string statement(const IndexDefinition& index) {
  return create_sql(index, index.name, index.table, "");
}

/// The pack's index that is the same one, by name and statement.
const IndexDefinition* same_in(const Pack& pack, const IndexDefinition& index) {
  const auto same =
      std::find_if(pack.indexes.begin(), pack.indexes.end(), [&](const IndexDefinition& other) {
        return other.name == index.name && statement(other) == statement(index);
      });
  return same == pack.indexes.end() ? nullptr : &*same;
}

/// True if something that `pack` makes is not `other`'s as well: what tells whether it is applied.
bool stands_apart(const Pack& pack, const Pack& other) {
  return !pack.fillfactors.empty() ||
         std::any_of(pack.indexes.begin(), pack.indexes.end(),
                     [&](const IndexDefinition& index) { return !same_in(other, index); });
}

/// Those of `others` that are applied and need an index of `pack`.
std::vector<const Pack*> in_need(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                                 const std::vector<Pack>& others) {
  std::vector<const Pack*> found;
  for (const Pack& other : others) {
    const bool shares =
        std::any_of(pack.indexes.begin(), pack.indexes.end(),
                    [&](const IndexDefinition& index) { return same_in(other, index); });
    if (other.name == pack.name || !shares || !stands_apart(other, pack)) continue;
    if (is_applied(session, other, naming)) found.push_back(&other);
  }
  return found;
}

/// Makes the index that of a pack which needs it; its name, or "" where none does.
std::string hand_over(pg::Session& session, const Item& item,
                      const std::vector<const Pack*>& packs) {
  for (const Pack* pack : packs) {
    const IndexDefinition* same = same_in(*pack, *item.definition);
    if (same == nullptr) continue;
    require_builder(session, item.table);
    session.query(fmt::format("COMMENT ON INDEX {} IS {}", item.quoted(),
                              pg::quote_literal(comment_of(*pack, *same))));
    return pack->name;
  }
  return "";
}

}  // namespace

core::Result drop(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                  core::Observer& observer, const DropOptions& options) {
  const core::Stopwatch watch;
  require_direct(session);
  core::Result result = new_result("drop", pack);
  core::Table table = new_table({{"action", "action"}});
  Patience patience(options.wait, observer);
  Builder builder(session, patience, observer);
  const SingleFlight alone(session, patience);
  int dropped = 0;
  int foreign = 0;
  int shared = 0;
  const std::vector<const Pack*> needing =
      options.foreign ? std::vector<const Pack*>{} : in_need(session, pack, naming, options.others);
  for (const Item& item : look(session, pack, naming).items) {
    if (!item.found) {
      table.rows.push_back(row_of(item, {"not there"}));
      continue;
    }
    if (!item.found->ours && !options.foreign) {
      ++foreign;
      table.rows.push_back(row_of(item, {"not ours"}));
      continue;
    }
    if (item.found->pack != pack.name && !item.found->pack.empty() && !options.foreign) {
      ++shared;
      table.rows.push_back(row_of(item, {"of pack " + item.found->pack}));
      continue;
    }
    const std::string heir =
        item.state() == State::kPresent ? hand_over(session, item, needing) : "";
    if (!heir.empty()) {
      ++shared;
      table.rows.push_back(row_of(item, {"left to pack " + heir}));
      continue;
    }
    if (item.state() == State::kBuilding) {
      await(session, patience, "index " + item.quoted() + " (another session builds it)", [&] {
        const auto now = find(session, *item.definition, item.table);
        return now ? now->builder : std::nullopt;
      });
    }
    require_builder(session, item.table);
    if (item.table.partitioned) {
      drop_partitioned(session, *item.definition, item.table, builder);
    } else {
      builder.drop(item.quoted());
    }
    ++dropped;
    table.rows.push_back(row_of(item, {"dropped"}));
    observer.info(fmt::format("Dropped index {}", item.definition->name));
  }
  if (foreign > 0) {
    result.notes.push_back(fmt::format(
        "without scalectl's comment: {}; somebody else made what has none, and --foreign "
        "drops it too",
        foreign));
  }
  if (shared > 0) {
    result.notes.push_back(
        fmt::format("another pack made or needs them: {}; --foreign drops them too", shared));
  }
  for (const Fillfactor& setting : pack.fillfactors) {
    const std::string name = naming.table(setting.table);
    if (fillfactor_of(session, name) != setting.percent) continue;
    result.notes.push_back(
        fmt::format("{0} keeps fillfactor {1}; ALTER TABLE {0} RESET (fillfactor) undoes it", name,
                    setting.percent));
  }
  result.metrics.set("dropped", dropped);
  if (foreign > 0) result.metrics.set("foreign", foreign);
  if (shared > 0) result.metrics.set("shared", shared);
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::index
