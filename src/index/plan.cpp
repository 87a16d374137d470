#include <fmt/format.h>

#include "core/stopwatch.hpp"
#include "index/engine.hpp"
#include "index/estimate.hpp"
#include "index/fillfactor.hpp"
#include "index/hypothetical.hpp"
#include "index/look.hpp"
#include "index/neighbours.hpp"
#include "index/room.hpp"

namespace scalectl::index {
namespace {

using core::Unit;
using core::Value;

/// SQL on one line, for a table.
std::string on_one_line(const std::string& sql) {
  std::string line;
  for (const char c : sql) {
    const bool space = c == ' ' || c == '\n';
    if (!space) line += c;
    if (space && !line.empty() && line.back() != ' ') line += ' ';
  }
  return line;
}

std::string action_for(State state) {
  switch (state) {
    case State::kMissing:
      return "create";
    case State::kPresent:
      return "keep";
    case State::kInvalid:
      return "repair";
    case State::kBuilding:
      return "wait";
    case State::kDrift:
    case State::kMisfit:  // an error by then
      break;
  }
  return "replace";
}

/// What speaks against the index, if anything does.
std::string remark(pg::Session& session, const Item& item, const pg::Naming& naming) {
  std::string text = superfluous_beside(session, item);
  if (text.empty()) text = useless(session, item, naming);
  return text;
}

struct Totals {
  std::int64_t bytes = 0;
  double build_s = 0;
  bool known = true;
};

void check_disk(pg::Session& session, const Totals& totals, core::Result& result) {
  const Disk disk = disk_of(session);
  if (!disk.free_bytes) {
    result.notes.emplace_back(
        "free disk was not checked: the server's data is not to be seen from here");
    return;
  }
  result.metrics.set("free_bytes", *disk.free_bytes);
  if (*disk.free_bytes < totals.bytes) {
    result.notes.push_back(fmt::format("{} has less room than the indexes will take", disk.path));
  }
}

}  // namespace

core::Result plan(pg::Session& session, const Pack& pack, const pg::Naming& naming) {
  const core::Stopwatch watch;
  core::Result result = new_result("plan", pack);
  core::Table table = new_table({{"action", "action"},
                                 {"estimated_bytes", "about", Unit::kBytes},
                                 {"estimated_s", "build time", Unit::kSeconds},
                                 {"remark", "remark"},
                                 {"sql", "SQL"}});
  const View view = look(session, pack, naming);
  int leftover = 0;
  const auto table_name = [&](const std::string& known) { return naming.table(known); };
  Totals totals;
  int to_create = 0;
  int to_repair = 0;
  int to_replace = 0;
  bool partitioned = false;
  for (const Item& item : view.items) {
    const State state = item.state();
    const bool keep = state == State::kPresent;
    to_create += state == State::kMissing ? 1 : 0;
    to_repair += state == State::kInvalid || state == State::kBuilding ? 1 : 0;
    to_replace += state == State::kDrift ? 1 : 0;
    const auto size = keep ? std::nullopt : estimate(session, item);
    totals.known = totals.known && (keep || size);
    if (size) {
      totals.bytes += size->bytes;
      totals.build_s += size->build_s;
    }
    std::string text = remark(session, item, naming);
    if (state == State::kInvalid && item.found->oid != 0) {
      text += (text.empty() ? "" : "; ") + std::string("the INVALID one is dropped first");
    }
    table.rows.push_back(row_of(
        item,
        {action_for(state), size ? Value(size->bytes) : Value(),
         size ? Value(size->build_s) : Value(), text.empty() ? Value() : Value(text),
         keep ? Value() : Value(on_one_line(item.definition->create.bind(table_name, {}).sql))}));
    partitioned = partitioned || (!keep && item.table.partitioned);
    for (const Leftover& left : leftovers_at_rest(session, item)) {
      leftover += left.ours ? 1 : 0;
      result.notes.push_back(left.quoted +
                             (left.ours ? " was left by an unfinished build; apply drops it"
                                        : " was left by an unfinished build, not ours; apply "
                                          "--replace drops it"));
    }
  }
  for (const Fillfactor& setting : pack.fillfactors) {
    const std::string name = naming.table(setting.table);
    if (fillfactor_of(session, name) == setting.percent) continue;
    result.notes.push_back(
        fmt::format("apply sets fillfactor {} on {}: {}", setting.percent, name, setting.why));
    result.metrics.set("to_set", 1);
    result.verdict = core::Verdict::kFail;
  }
  if (partitioned) {
    result.notes.emplace_back(
        "on a partitioned table it is built so on each partition, and then joined up");
  }
  if (to_replace > 0) {
    result.notes.emplace_back("drift is changed by apply --replace, and only so");
  }
  if (!view.forms_unknown_because.empty()) {
    result.notes.push_back("definitions were not compared: " + view.forms_unknown_because);
  }
  result.metrics.set("to_create", to_create);
  to_repair += leftover;
  if (to_repair > 0) result.metrics.set("to_repair", to_repair);
  if (to_replace > 0) result.metrics.set("to_replace", to_replace);
  const int to_do = to_create + to_repair + to_replace;
  if (to_do > 0) {
    result.verdict = core::Verdict::kFail;
    if (totals.known) {
      result.metrics.set("estimated_bytes", totals.bytes).set("estimated_s", totals.build_s);
    } else {
      result.notes.emplace_back("no estimate where a table was never analyzed: ANALYZE it");
    }
    check_disk(session, totals, result);
  }
  const bool undecided =
      !view.forms_unknown_because.empty() && to_do < static_cast<int>(pack.indexes.size());
  if (undecided && result.verdict == core::Verdict::kPass)
    result.verdict = core::Verdict::kInconclusive;
  note_spoilers(session, pack, naming, result);
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::index
