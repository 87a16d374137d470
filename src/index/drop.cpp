#include <fmt/format.h>

#include "core/stopwatch.hpp"
#include "index/builder.hpp"
#include "index/engine.hpp"
#include "index/fillfactor.hpp"
#include "index/grants.hpp"
#include "index/look.hpp"
#include "index/partitioned.hpp"

namespace scalectl::index {

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
    result.notes.push_back(fmt::format(
        "made for another pack, which needs them: {}; --foreign drops them too", shared));
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
