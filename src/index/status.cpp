#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/stopwatch.hpp"
#include "index/engine.hpp"
#include "index/estimate.hpp"
#include "index/fillfactor.hpp"
#include "index/look.hpp"
#include "index/neighbours.hpp"
#include "index/room.hpp"

namespace scalectl::index {
namespace {

using core::Unit;
using core::Value;

/// The share of an index that a new one would not need; nothing for what is no b-tree, or where
/// nothing is known of its columns.
Value bloat(pg::Session& session, const Item& item) {
  const Found& found = *item.found;
  const Shape shape = take_apart(found.form);
  if (shape.method != "btree" || found.bytes == 0 || item.table.partitioned) return {};
  const pg::Rows rows = session.query("SELECT reltuples::float8 AS n FROM pg_class WHERE oid = $1",
                                      {std::to_string(found.oid)});
  if (rows.empty() || rows.real(0, "n") < 0) return {};
  const auto keys = keys_of(session, item.table, shape);
  if (!keys) return {};
  const auto fresh = static_cast<double>(btree_bytes(rows.real(0, "n"), *keys));
  return std::max(0.0, 1 - fresh / static_cast<double>(found.bytes));
}

Value or_null(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

/// When the counters of this database began.
Value counted_since(pg::Session& session) {
  const pg::Rows rows = session.query(
      "SELECT to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at"
      "  FROM pg_stat_database WHERE datname = current_database()");
  return rows.empty() ? Value() : or_null(rows.at(0, "at"));
}

}  // namespace

core::Result status(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                    const StatusOptions& options) {
  const core::Stopwatch watch;
  core::Result result = new_result("status", pack);
  core::Table table = new_table({{"state", "state"},
                                 {"ours", "ours"},
                                 {"definition_equal", "as defined"},
                                 {"size_bytes", "size", Unit::kBytes},
                                 {"bloat_ratio", "bloat", Unit::kRatio},
                                 {"scans", "scans", Unit::kCount},
                                 {"last_use", "last use"},
                                 {"definition", "definition"}});
  const View view = look(session, pack, naming, Misfits::kReport);
  std::map<State, int> counts;
  for (const Item& item : view.items) {
    ++counts[item.state()];
    if (!item.misfit.empty()) {
      result.notes.push_back(item.misfit);
      table.rows.push_back(row_of(item, {"misfit", {}, {}, {}, {}, {}, {}, {}}));
      continue;
    }
    for (const Leftover& left : leftovers_at_rest(session, item)) {
      result.verdict = core::Verdict::kWarn;
      result.notes.push_back(left.quoted + " was left by an unfinished build; apply drops it" +
                             (left.ours ? "" : " with --replace"));
    }
    if (!item.found) {
      table.rows.push_back(row_of(item, {"missing", {}, {}, {}, {}, {}, {}, {}}));
      continue;
    }
    const Found& found = *item.found;
    table.rows.push_back(row_of(
        item, {std::string(to_text(item.state())), found.ours,
               item.form.empty() || found.form.empty() ? Value() : Value(found.form == item.form),
               found.bytes, bloat(session, item), found.scans, or_null(found.last_use),
               found.definition}));
  }
  const int present = counts[State::kPresent];
  if (present < static_cast<int>(pack.indexes.size())) result.verdict = core::Verdict::kWarn;
  for (const Fillfactor& setting : pack.fillfactors) {
    const std::string name = naming.table(setting.table);
    const int percent = fillfactor_of(session, name);
    if (percent == setting.percent) continue;
    result.verdict = core::Verdict::kWarn;
    result.notes.push_back(fmt::format("{} has fillfactor {}, and the pack wants {}: {}", name,
                                       percent, setting.percent, setting.why));
  }
  note_spoilers(session, pack, naming, result);
  result.params.set("counted_since", counted_since(session));
  result.metrics.set("present", present).set("missing", counts[State::kMissing]);
  for (const State state : {State::kInvalid, State::kBuilding, State::kDrift, State::kMisfit}) {
    if (counts[state] > 0) result.metrics.set(std::string(to_text(state)), counts[state]);
  }
  result.tables.push_back(std::move(table));
  if (!view.forms_unknown_because.empty()) {
    // A standby cannot compare them, whoever asks: that is no reason to fail a check of it.
    const bool standby =
        session.query("SELECT pg_is_in_recovery() AS standby").boolean(0, "standby");
    if (present > 0) {
      result.verdict = standby ? core::Verdict::kWarn : core::Verdict::kInconclusive;
    }
    result.notes.push_back("definitions were not compared: " + view.forms_unknown_because);
  }
  if (counts[State::kMisfit] > 0) result.verdict = core::Verdict::kFail;
  if (options.all) {
    for (core::Table& more : std::vector<core::Table>{unused(session, naming.schema()),
                                                      duplicates(session, naming.schema())}) {
      result.metrics.set(more.key, more.rows.size());
      result.tables.push_back(std::move(more));
    }
  }
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::index
