#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/statistics.hpp"
#include "core/text.hpp"
#include "index/price_study.hpp"

namespace scalectl::index {
namespace {

using core::Unit;
using core::Value;

/// Less than this is noise.
constexpr double kSlower = 1.05;

/// All repeats of both designs together: what takes less is below what a clock and a scheduler
/// leave of it.
constexpr double kLeastTime_s = 0.02;

constexpr double kSure = 0.9;  // of the pairs of rounds: by chance one in 30 with five rounds
constexpr const char* kNoDifference = "no measurable difference in time";
constexpr const char* kPerhapsNoise = ", which its rounds cannot tell from noise,";

/// What the culprits of a write do to it, in words.
std::vector<std::string> accuse(const Study& study, const Write& write) {
  std::vector<std::string> notes;
  const auto found = study.culprits.find(write.name);
  if (found == study.culprits.end()) return notes;
  std::vector<std::string> names;
  std::set<std::string> columns;
  for (const Culprit& culprit : found->second) {
    names.push_back(culprit.index);
    columns.insert(culprit.columns.begin(), culprit.columns.end());
  }
  notes.push_back(
      fmt::format("{} {} {}, which {} changes: its updates cannot be heap-only, and each of them "
                  "costs an entry "
                  "in every index of the table.",
                  core::join(names, ", "), names.size() == 1 ? "names" : "name",
                  core::join({columns.begin(), columns.end()}, ", "), write.name));
  const Cost none = study.typical(write.name, study.designs[0].name);
  const Cost with = study.typical(write.name, study.designs[1].name);
  const auto ratio = study.time_ratio(write.name, study.designs[0].name, study.designs[1].name);
  notes.push_back(fmt::format("{}: {:.2f} times the time{} and {:.2f} times the WAL with {}.",
                              write.name, with.time_s / none.time_s, ratio ? "" : kPerhapsNoise,
                              with.wal_bytes / none.wal_bytes, study.designs[1].name));
  if (study.is_improved(write.name)) {
    const Cost better = study.typical(write.name, study.designs.back().name);
    const std::string& best = study.designs.back().name;
    const auto faster = study.time_ratio(write.name, best, study.designs[1].name);
    std::string text =
        fmt::format("Better: {}. {} {} {}, at {:.0f} % of its WAL.", best, write.name,
                    faster ? fmt::format("is {:.2f} times as fast as with", *faster)
                           : fmt::format("shows {} from", kNoDifference),
                    study.designs[1].name, 100 * better.wal_bytes / with.wal_bytes);
    if (better.hot_ratio > with.hot_ratio + 0.01) {
      text += fmt::format(" {:.1f} % of its updates are heap-only there, {:.1f} % with {}.",
                          100 * better.hot_ratio, 100 * with.hot_ratio, study.designs[1].name);
    }
    if (study.roomy) {
      const Cost roomy = study.typical(write.name, study.designs[*study.roomy].name);
      const auto slower = study.time_ratio(write.name, best, study.designs[*study.roomy].name);
      text += fmt::format(
          " Room on the pages alone does not do it: {} {}, with {:.1f} % heap-only.",
          study.designs[*study.roomy].name,
          slower ? fmt::format("takes {:.2f} times as long", *slower)
                 : fmt::format("writes {:.2f} times the WAL", roomy.wal_bytes / better.wal_bytes),
          100 * roomy.hot_ratio);
    }
    if (study.invented) {
      text += fmt::format(" What is read by {} has to do without: weigh it against index verify.",
                          core::join(names, ", "));
    }
    notes.push_back(text);
  }
  return notes;
}

}  // namespace

Cost Study::typical(const std::string& write, const std::string& design) const {
  const std::vector<Cost>& runs = costs.at(write).at(design);
  const auto median_of = [&](double Cost::*member) {
    std::vector<double> values;
    for (const Cost& cost : runs) values.push_back(cost.*member);
    return core::median(values);
  };
  Cost cost = runs.front();
  cost.time_s = median_of(&Cost::time_s);
  cost.wal_bytes = median_of(&Cost::wal_bytes);
  return cost;
}

bool Study::is_improved(const std::string& write) const {
  if (designs.size() <= 2) return false;
  const Cost with = typical(write, designs[1].name);
  const Cost better = typical(write, designs.back().name);
  const auto slower = time_ratio(write, designs[1].name, designs.back().name);
  return wrote(write) && !(slower && *slower > 1) && better.wal_bytes * kSlower < with.wal_bytes;
}

bool Study::wrote(const std::string& write) const {
  for (const Design& design : designs) {
    const Cost cost = typical(write, design.name);
    if (cost.rows <= 0 || cost.wal_bytes <= 0) return false;
  }
  return true;
}

std::optional<double> Study::time_ratio(const std::string& write, const std::string& from,
                                        const std::string& to) const {
  const std::vector<Cost>& before = costs.at(write).at(from);
  const std::vector<Cost>& after = costs.at(write).at(to);
  double total = 0;
  for (const Cost& cost : before) total += cost.time_s;
  for (const Cost& cost : after) total += cost.time_s;
  if (before.size() < 2 || total < kLeastTime_s || !wrote(write)) return std::nullopt;
  // Mann and Whitney's U: in how many of all pairs of rounds the second design is the slower one.
  double slower = 0;
  for (const Cost& one : before) {
    for (const Cost& other : after) slower += other.time_s > one.time_s ? 1 : 0;
  }
  const double share = slower / static_cast<double>(before.size() * after.size());
  if (share < kSure && share > 1 - kSure) return std::nullopt;
  return typical(write, to).time_s / typical(write, from).time_s;
}

void report(const Study& study, core::Result& result) {
  core::Table table{.key = "writes",
                    .title = "",
                    .columns = {{"write", "write"},
                                {"design", "design"},
                                {"time_s", "time", Unit::kSeconds},
                                {"time_ratio", "times", Unit::kTimes},
                                {"hot_ratio", "heap-only", Unit::kRatio},
                                {"wal_bytes", "WAL", Unit::kBytes},
                                {"wal_ratio", "times", Unit::kTimes},
                                {"index_bytes", "indexes", Unit::kBytes},
                                {"plan", "reads by"}},
                    .rows = {}};
  Value worst;  // nothing where no difference was measurable
  bool too_little = false;
  for (const Write* write : study.writes) {
    const Cost none = study.typical(write->name, study.designs[0].name);
    for (const Design& design : study.designs) {
      const Cost cost = study.typical(write->name, design.name);
      const auto ratio = &design == &study.designs[0]
                             ? std::optional(1.0)
                             : study.time_ratio(write->name, study.designs[0].name, design.name);
      if (&design == &study.designs[1] && ratio) worst = std::max(worst.number(), *ratio);
      table.rows.push_back(
          {write->name, design.name, cost.time_s,
           study.wrote(write->name) ? Value(cost.time_s / none.time_s) : Value(),
           cost.updates ? Value(cost.hot_ratio) : Value(), cost.wal_bytes,
           study.wrote(write->name) ? Value(cost.wal_bytes / none.wal_bytes) : Value(),
           cost.index_bytes, cost.plan});
    }
    if (!study.wrote(write->name)) {
      too_little = true;
      result.notes.push_back(
          fmt::format("{} changed no rows, or wrote no WAL: too little data to say what it costs",
                      write->name));
      continue;
    }
    for (std::string& note : accuse(study, *write)) result.notes.push_back(std::move(note));
  }
  result.metrics.set("slowest_time_ratio", worst);
  core::Array harmful;
  Value best;
  for (const auto& [write, culprits] : study.culprits) {
    if (!study.is_improved(write)) continue;
    if (const auto ratio =
            study.time_ratio(write, study.designs.back().name, study.designs[1].name)) {
      best = std::max(best.number(), *ratio);
    }
    for (const Culprit& culprit : culprits) {
      harmful.push_back(core::Object{{"index", culprit.index},
                                     {"write", write},
                                     {"columns", core::join(culprit.columns, ", ")}});
    }
  }
  if (too_little) result.verdict = core::Verdict::kInconclusive;
  if (!harmful.empty()) {
    result.verdict = core::Verdict::kWarn;
    result.metrics.set("better", study.designs.back().name).set("better_time_ratio", best);
  }
  result.metrics.set("harmful", std::move(harmful));
  if (study.sampled) result.notes.emplace_back("measured on a sample of the rows");
  result.tables.push_back(std::move(table));
}

}  // namespace scalectl::index
