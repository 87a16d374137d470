#include "index/comparison.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "index/copies.hpp"
#include "index/explain.hpp"
#include "index/grants.hpp"
#include "index/hypothetical.hpp"
#include "index/neighbours.hpp"

namespace scalectl::index {
namespace {

constexpr const char* kReadOnly = "SET TRANSACTION READ ONLY";
constexpr const char* kSwitchesOff =
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off;"
    " SET LOCAL enable_bitmapscan = off";

/// The index itself and its parts on partitions.
std::set<std::string> names_of(pg::Session& session, const Item& item) {
  const pg::Rows rows = session.query(
      "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION"
      "  SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)"
      " SELECT relname FROM tree JOIN pg_class USING (oid)",
      {std::to_string(item.found->oid)});
  std::set<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names.insert(rows.text(i, "relname"));
  return names;
}

}  // namespace

Comparer::Comparer(pg::Session& session, const pg::Naming& naming, const VerifyOptions& options)
    : session_(session),
      naming_(naming),
      options_(options),
      no_copies_because_(why_no_temporary_tables(session)) {}

Comparison Comparer::compare(const Item& item, const Probe& probe) {
  for (const std::string& table : item.definition->probe.identifiers()) {
    require_select(session_, naming_.table(table));
  }
  const core::Value plan = plan_of(probe);
  const bool writes = changes_rows(plan);
  switch (choose(item, probe, plan, writes)) {
    case Without::kCopies:
      return on_copies(item, probe, writes);
    default:
      return by_switches(item, probe, writes);
  }
}

core::Value Comparer::plan_of(const Probe& probe) {
  pg::Transaction tx = session_.begin();  // rolled back, as all of them
  return explain(tx, "", probe.sql(), probe.samples().front());
}

/// Switches turn every index off, so that they tell the truth only where no other one could serve
/// the query; and what writes is never run on the table itself.
Without Comparer::choose(const Item& item, const Probe& probe, const core::Value& plan,
                         bool writes) const {
  if (options_.without != Without::kAuto) {
    if (options_.without == Without::kCopies && !no_copies_because_.empty()) {
      throw core::usage_error("no copies can be made: " + no_copies_because_,
                              "--without switches needs none");
    }
    return options_.without;
  }
  if (!no_copies_because_.empty()) return Without::kSwitches;
  if (writes || item.form.empty()) return Without::kCopies;
  if (!item.table.partitioned) {
    const auto hidden =
        plan_without(session_, item.found->oid, probe.sql(), probe.samples().front());
    if (hidden) return indexes_of(*hidden).empty() ? Without::kSwitches : Without::kCopies;
  }
  const std::set<std::string> used = indexes_of(plan);
  const std::set<std::string> own = names_of(session_, item);
  const bool alone = std::all_of(used.begin(), used.end(),
                                 [&](const std::string& name) { return own.count(name) > 0; });
  return alone && !used.empty() && !has_rival(item) ? Without::kSwitches : Without::kCopies;
}

/// True if another index of the table begins with the same key.
bool Comparer::has_rival(const Item& item) const {
  const std::string key = take_apart(item.form).keys;
  const std::string first = key.substr(0, key.find(','));
  const pg::Rows rows = session_.query(
      "SELECT 1 FROM pg_index WHERE indrelid = $1 AND indexrelid <> $2 AND indisvalid"
      "   AND pg_get_indexdef(indexrelid, 1, false) = split_part($3, ' ', 1)",
      {std::to_string(item.table.oid), std::to_string(item.found->oid), first});
  return !rows.empty();
}

TrialPlan Comparer::trial_of(const std::string& sql, const Probe& probe, bool writes) const {
  return {.sql = sql,
          .samples = probe.samples(),
          .runs = options_.runs,
          .writes = writes,
          .limit = core::Seconds(0)};
}

Comparison Comparer::by_switches(const Item& item, const Probe& probe, bool writes) {
  Comparison made{.method = "switches"};
  TrialPlan trial = trial_of(probe.sql(), probe, writes);
  trial.analyze = !writes;  // its locks on rows would be noticed
  made.with = on_the_table(item, trial, false);
  trial.limit = options_.limit;
  made.without = on_the_table(item, trial, true);
  return made;
}

Side Comparer::on_the_table(const Item& item, const TrialPlan& trial, bool switched_off) {
  Side side{
      .trial = {}, .names = names_of(session_, item), .relation = item.table.name, .copy_of = ""};
  pg::Transaction tx = session_.begin();
  if (!trial.writes) tx.query(kReadOnly);
  if (switched_off) tx.query(kSwitchesOff);
  side.trial = run_trial(tx, trial);
  return side;
}

/// Where the copies are whole and nothing is written, the query with its index runs on the tables
/// themselves.
Comparison Comparer::on_copies(const Item& item, const Probe& probe, bool writes) {
  Comparison made{.method = "copies"};
  bool copied_with = false;
  {
    pg::Transaction tx = session_.begin();
    Copies copies(tx, item.definition->probe.identifiers(), naming_,
                  {.temporary = true,
                   .sample_rows = options_.sample_rows,
                   .fillfactors = {},
                   .without = {item.definition->name}});
    copies.analyze();
    const auto quoted = [&](const std::string& table) { return copies.quoted(table); };
    const auto run = [&]() -> Side {
      return {.trial = run_trial(tx, trial_of(probe.sql_on(quoted), probe, writes)),
              .names = {item.definition->name},
              .relation = copies.name(item.definition->table),
              .copy_of = item.table.name};
    };
    made.sampled = copies.sampled();
    made.without = run();
    copied_with = writes || made.sampled;
    if (copied_with) {
      copies.add_index({.table = item.definition->table,
                        .name = item.definition->name,
                        .form = item.found->form});
      copies.analyze();
      made.with = run();
    }
  }
  if (!copied_with) made.with = on_the_table(item, trial_of(probe.sql(), probe, writes), false);
  return made;
}

}  // namespace scalectl::index
