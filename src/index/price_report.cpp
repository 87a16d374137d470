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
  notes.push_back(fmt::format("{}: {:.2f} times the time and {:.2f} times the WAL with {}.",
                              write.name, with.time_s / none.time_s,
                              with.wal_bytes / none.wal_bytes, study.designs[1].name));
  if (study.is_improved(write.name)) {
    const Cost better = study.typical(write.name, study.designs.back().name);
    std::string text =
        fmt::format("Better: {}. {} is {:.2f} times as fast as with {}, at {:.0f} % of its WAL.",
                    study.designs.back().name, write.name, with.time_s / better.time_s,
                    study.designs[1].name, 100 * better.wal_bytes / with.wal_bytes);
    if (better.hot_ratio > with.hot_ratio + 0.01) {
      text += fmt::format(" {:.1f} % of its updates are heap-only there, {:.1f} % with {}.",
                          100 * better.hot_ratio, 100 * with.hot_ratio, study.designs[1].name);
    }
    if (study.roomy) {
      const Cost roomy = study.typical(write.name, study.designs[*study.roomy].name);
      text += fmt::format(
          " Room on the pages alone does not do it: {} takes {:.2f} times as long, "
          "with {:.1f} % heap-only.",
          study.designs[*study.roomy].name, roomy.time_s / better.time_s, 100 * roomy.hot_ratio);
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
  return better.time_s * kSlower < with.time_s && better.wal_bytes * kSlower < with.wal_bytes;
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
  double worst = 0;
  for (const Write* write : study.writes) {
    const Cost none = study.typical(write->name, study.designs[0].name);
    for (const Design& design : study.designs) {
      const Cost cost = study.typical(write->name, design.name);
      const double ratio = cost.time_s / none.time_s;
      if (&design == &study.designs[1]) worst = std::max(worst, ratio);
      table.rows.push_back({write->name, design.name, cost.time_s, ratio,
                            cost.updates ? Value(cost.hot_ratio) : Value(), cost.wal_bytes,
                            none.wal_bytes > 0 ? Value(cost.wal_bytes / none.wal_bytes) : Value(),
                            cost.index_bytes, cost.plan});
    }
    for (std::string& note : accuse(study, *write)) result.notes.push_back(std::move(note));
  }
  result.metrics.set("slowest_time_ratio", worst);
  core::Array harmful;
  double best = 0;
  for (const auto& [write, culprits] : study.culprits) {
    if (!study.is_improved(write)) continue;
    best = std::max(best, study.typical(write, study.designs[1].name).time_s /
                              study.typical(write, study.designs.back().name).time_s);
    for (const Culprit& culprit : culprits) {
      harmful.push_back(core::Object{{"index", culprit.index},
                                     {"write", write},
                                     {"columns", core::join(culprit.columns, ", ")}});
    }
  }
  if (!harmful.empty()) {
    result.verdict = core::Verdict::kWarn;
    result.metrics.set("better", study.designs.back().name).set("better_time_ratio", best);
  }
  result.metrics.set("harmful", std::move(harmful));
  if (study.sampled) result.notes.emplace_back("measured on a sample of the rows");
  result.tables.push_back(std::move(table));
}

}  // namespace scalectl::index
