#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/statistics.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "index/changes.hpp"
#include "index/copies.hpp"
#include "index/engine.hpp"
#include "index/explain.hpp"
#include "index/fillfactor.hpp"
#include "index/grants.hpp"
#include "index/look.hpp"

namespace scalectl::index {
namespace {

using core::Unit;
using core::Value;

/// What is tried where a pack's indexes keep updates from being heap-only and no pack calls itself
/// the better design: half of each page free.
constexpr int kRoomyFillfactor = 50;
/// Less than this is noise.
constexpr double kSlower = 1.05;

/// A way to index and lay out the tables.
struct Design {
  std::string name;
  std::vector<CopiedIndex> indexes;
  std::map<std::string, int> fillfactors;
};

/// One write with one design, in one round.
struct Cost {
  double time_s = 0;
  double hot_ratio = 0;
  bool updates = false;
  double wal_bytes = 0;
  double index_bytes = 0;
  std::string plan;
};

/// Indexes of the pack that keep a write's updates from being heap-only.
struct Culprit {
  std::string index;
  std::vector<std::string> columns;
};

std::vector<CopiedIndex> indexes_of(pg::Session& session, const Pack& pack,
                                    const pg::Naming& naming) {
  const Forms forms = forms_of(session, pack, naming);
  if (!forms.unknown_because.empty()) {
    throw core::usage_error("the definitions cannot be read: " + forms.unknown_because);
  }
  std::vector<CopiedIndex> list;
  for (std::size_t i = 0; i < pack.indexes.size(); ++i) {
    list.push_back(
        {.table = pack.indexes[i].table, .name = pack.indexes[i].name, .form = forms.forms[i]});
  }
  return list;
}

std::map<std::string, int> fillfactors_of(const Pack& pack) {
  std::map<std::string, int> percents;
  for (const Fillfactor& setting : pack.fillfactors) percents[setting.table] = setting.percent;
  return percents;
}

class Pricer {
 public:
  Pricer(pg::Session& session, const Pack& pack, const pg::Naming& naming,
         const PriceOptions& options, core::Observer& observer)
      : session_(session), pack_(pack), naming_(naming), options_(options), observer_(observer) {}

  core::Result run() {
    const core::Stopwatch watch;
    core::Result result = new_result("price", pack_);
    result.params.set("sample_rows", options_.sample_rows).set("rounds", options_.rounds);
    prepare();
    for (const Write* write : writes_) {
      if (has_rows(*write)) continue;
      result.verdict = core::Verdict::kInconclusive;
      result.notes.push_back(fmt::format("{} is empty: there is nothing to measure {} on",
                                         naming_.table(write->table()), write->name));
    }
    if (result.verdict == core::Verdict::kInconclusive) {
      watch.stamp(result);
      return result;
    }
    choose_designs();
    for (std::int64_t round = 0; round < options_.rounds; ++round) {
      for (std::size_t i = 0; i < designs_.size(); ++i) {
        measure(designs_[(i + static_cast<std::size_t>(round)) % designs_.size()]);
        observer_.progress("price", ++done_,
                           static_cast<std::uint64_t>(options_.rounds) * designs_.size(), "runs");
      }
    }
    report(result);
    watch.stamp(result);
    return result;
  }

 private:
  void prepare() {
    require_primary(session_);
    std::set<std::string> tables;
    for (const IndexDefinition& index : pack_.indexes) tables.insert(index.table);
    if (options_.better) {
      for (const IndexDefinition& index : options_.better->indexes) tables.insert(index.table);
    }
    for (const Write& write : options_.writes) {
      if (tables.count(write.table()) == 0) continue;
      writes_.push_back(&write);
      for (const std::string& table : write.sql.identifiers()) written_.insert(table);
    }
    if (writes_.empty()) {
      throw core::usage_error(
          fmt::format("nothing says what is written to the tables of pack {}", pack_.name),
          "put a file writes/FAMILY.v1.sql into the directory of --sql-dir, and "
          "\"-- family: FAMILY\" into the pack");
    }
    for (const std::string& table : written_) {
      const pg::Relation relation = pg::require_relation(session_, naming_.table(table));
      require_select(session_, naming_.table(table));
      require_create(session_, relation.schema);
    }
  }

  bool has_rows(const Write& write) {
    return session_
        .query("SELECT EXISTS (SELECT FROM " + naming_.table(write.table()) + ") AS some")
        .boolean(0, "some");
  }

  void choose_designs() {
    const std::vector<CopiedIndex> all = indexes_of(session_, pack_, naming_);
    for (const Write* write : writes_) find_culprits(*write, all);
    designs_.push_back({.name = "without it", .indexes = {}, .fillfactors = {}});
    designs_.push_back({.name = pack_.name, .indexes = all, .fillfactors = fillfactors_of(pack_)});
    for (const CopiedIndex& index : all) names_.insert(index.name);
    if (options_.better) {
      Design better{.name = options_.better->name,
                    .indexes = indexes_of(session_, *options_.better, naming_),
                    .fillfactors = fillfactors_of(*options_.better)};
      for (const CopiedIndex& index : better.indexes) names_.insert(index.name);
      add_roomy(better.fillfactors);
      designs_.push_back(std::move(better));
    } else if (!culprits_.empty()) {
      invent_better(all);
    }
  }

  /// The pack as it is, with as much room on the pages as the better design has: what differs then
  /// is the work of the indexes alone.
  void add_roomy(const std::map<std::string, int>& fillfactors) {
    if (fillfactors.empty()) return;
    Design roomy = designs_[1];
    std::string words;
    for (const auto& [table, percent] : fillfactors) {
      roomy.fillfactors[table] = percent;
      words += fmt::format("{}{} at {}", words.empty() ? "" : ", ", table, percent);
    }
    roomy.name += ", " + words;
    roomy_ = designs_.size();
    designs_.push_back(std::move(roomy));
  }

  void invent_better(const std::vector<CopiedIndex>& all) {
    Design better;
    std::set<std::string> guilty;
    for (const auto& [write, culprits] : culprits_) {
      for (const Culprit& culprit : culprits) guilty.insert(culprit.index);
    }
    std::vector<std::string> left_out;
    for (const CopiedIndex& index : all) {
      if (guilty.count(index.name) == 0) {
        better.indexes.push_back(index);
      } else {
        better.fillfactors[index.table] = kRoomyFillfactor;
        left_out.push_back(index.name);
      }
    }
    better.name =
        fmt::format("without {}, fillfactor {}", core::join(left_out, ", "), kRoomyFillfactor);
    add_roomy(better.fillfactors);
    designs_.push_back(std::move(better));
  }

  void find_culprits(const Write& write, const std::vector<CopiedIndex>& all) {
    const std::set<std::string> changed = changed_columns(session_, write, naming_);
    for (const CopiedIndex& index : all) {
      if (index.table != write.table()) continue;
      std::vector<std::string> named = named_by(index.form, changed);
      if (!named.empty()) {
        culprits_[write.name].push_back({.index = index.name, .columns = std::move(named)});
      }
    }
  }

  void measure(const Design& design) {
    pg::Transaction tx = session_.begin();  // rolled back
    Copies copies(tx, {written_.begin(), written_.end()}, naming_,
                  {.temporary = false,
                   .sample_rows = options_.sample_rows,
                   .fillfactors = design.fillfactors,
                   .without = names_});
    for (const CopiedIndex& index : design.indexes) {
      if (written_.count(index.table) == 0) continue;
      // The pack's own names may be taken, by the pack's own indexes.
      copies.add_index({.table = index.table, .name = "", .form = index.form});
    }
    copies.analyze();
    sampled_ = sampled_ || copies.sampled();
    for (const Write* write : writes_) {
      costs_[write->name][design.name].push_back(measure(tx, *write, copies));
    }
  }

  Cost measure(pg::Transaction& tx, const Write& write, const Copies& copies) const {
    struct Counters {
      double updated, hot, index_bytes;
    };
    const auto count = [&] {
      const pg::Rows rows = tx.query(
          "SELECT pg_stat_get_xact_tuples_updated($1::regclass) AS updated,"
          "       pg_stat_get_xact_tuples_hot_updated($1::regclass) AS hot,"
          "       pg_indexes_size($1::regclass) AS bytes",
          {copies.quoted(write.table())});
      return Counters{rows.real(0, "updated"), rows.real(0, "hot"), rows.real(0, "bytes")};
    };
    const Counters before = count();
    const core::Value plan = explain(
        tx, "ANALYZE, BUFFERS, WAL, TIMING OFF",
        write.sql.bind([&](const std::string& name) { return copies.quoted(name); }, {}).sql);
    const Counters after = count();
    Cost cost{.time_s = number_in(*plan.if_object(), "Execution Time") / 1e3,
              .wal_bytes = number_in(root_of(plan), "WAL Bytes"),
              .index_bytes = after.index_bytes,
              .plan = text_in(node_reading(plan, copies.name(write.table())), "Node Type")};
    const double updated = after.updated - before.updated;
    cost.updates = updated > 0;
    if (cost.updates) cost.hot_ratio = (after.hot - before.hot) / updated;
    return cost;
  }

  Cost typical(const std::string& write, const std::string& design) const {
    const std::vector<Cost>& runs = costs_.at(write).at(design);
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

  /// True if the better design makes the write both faster and cheaper.
  bool is_improved(const std::string& write) const {
    if (designs_.size() <= 2) return false;
    const Cost with = typical(write, designs_[1].name);
    const Cost better = typical(write, designs_.back().name);
    return better.time_s * kSlower < with.time_s && better.wal_bytes * kSlower < with.wal_bytes;
  }

  /// What the culprits of a write do to it, in words.
  std::vector<std::string> accuse(const Write& write) const {
    std::vector<std::string> notes;
    const auto found = culprits_.find(write.name);
    if (found == culprits_.end()) return notes;
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
    const Cost none = typical(write.name, designs_[0].name);
    const Cost with = typical(write.name, designs_[1].name);
    notes.push_back(fmt::format("{}: {:.2f} times the time and {:.2f} times the WAL with {}.",
                                write.name, with.time_s / none.time_s,
                                with.wal_bytes / none.wal_bytes, designs_[1].name));
    if (is_improved(write.name)) {
      const Cost better = typical(write.name, designs_.back().name);
      std::string text =
          fmt::format("Better: {}. {} is {:.2f} times as fast as with {}, at {:.0f} % of its WAL.",
                      designs_.back().name, write.name, with.time_s / better.time_s,
                      designs_[1].name, 100 * better.wal_bytes / with.wal_bytes);
      if (better.hot_ratio > with.hot_ratio + 0.01) {
        text += fmt::format(" {:.1f} % of its updates are heap-only there, {:.1f} % with {}.",
                            100 * better.hot_ratio, 100 * with.hot_ratio, designs_[1].name);
      }
      if (roomy_) {
        const Cost roomy = typical(write.name, designs_[*roomy_].name);
        text += fmt::format(
            " Room on the pages alone does not do it: {} takes {:.2f} times as long, "
            "with {:.1f} % heap-only.",
            designs_[*roomy_].name, roomy.time_s / better.time_s, 100 * roomy.hot_ratio);
      }
      notes.push_back(text);
    }
    return notes;
  }

  void report(core::Result& result) const {
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
    for (const Write* write : writes_) {
      const Cost none = typical(write->name, designs_[0].name);
      for (const Design& design : designs_) {
        const Cost cost = typical(write->name, design.name);
        const double ratio = cost.time_s / none.time_s;
        if (&design == &designs_[1]) worst = std::max(worst, ratio);
        table.rows.push_back({write->name, design.name, cost.time_s, ratio,
                              cost.updates ? Value(cost.hot_ratio) : Value(), cost.wal_bytes,
                              none.wal_bytes > 0 ? Value(cost.wal_bytes / none.wal_bytes) : Value(),
                              cost.index_bytes, cost.plan});
      }
      for (std::string& note : accuse(*write)) result.notes.push_back(std::move(note));
    }
    result.metrics.set("slowest_ratio", worst);
    core::Array harmful;
    double best = 0;
    for (const auto& [write, culprits] : culprits_) {
      if (!is_improved(write)) continue;
      best = std::max(best, typical(write, designs_[1].name).time_s /
                                typical(write, designs_.back().name).time_s);
      for (const Culprit& culprit : culprits) {
        harmful.push_back(core::Object{{"index", culprit.index},
                                       {"write", write},
                                       {"columns", core::join(culprit.columns, ", ")}});
      }
    }
    if (!harmful.empty()) {
      result.verdict = core::Verdict::kWarn;
      result.metrics.set("better", designs_.back().name).set("better_ratio", best);
    }
    result.metrics.set("harmful", std::move(harmful));
    if (sampled_) result.notes.emplace_back("measured on a sample of the rows");
    result.tables.push_back(std::move(table));
  }

  pg::Session& session_;
  const Pack& pack_;
  const pg::Naming& naming_;
  const PriceOptions& options_;
  core::Observer& observer_;
  std::vector<const Write*> writes_;
  std::set<std::string> written_;  // tables
  std::set<std::string> names_;    // of indexes that belong to a design
  std::vector<Design> designs_;    // without, the pack, …, the better one
  std::optional<std::size_t> roomy_;
  std::map<std::string, std::vector<Culprit>> culprits_;                   // by write
  std::map<std::string, std::map<std::string, std::vector<Cost>>> costs_;  // by write and design
  std::uint64_t done_ = 0;
  bool sampled_ = false;
};

}  // namespace

void check(const PriceOptions& options) {
  if (options.rounds < 1) throw core::usage_error("--rounds 0 is too few", "give at least 1");
  if (options.sample_rows < 1) throw core::usage_error("--sample 0 is too few", "give at least 1");
}

core::Result price(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   const PriceOptions& options, core::Observer& observer) {
  check(options);
  return Pricer(session, pack, naming, options, observer).run();
}

}  // namespace scalectl::index
