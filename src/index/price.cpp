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
#include "index/price_study.hpp"

namespace scalectl::index {
namespace {

/// What is tried where a pack's indexes keep updates from being heap-only and no pack calls itself
/// the better design: half of each page free.
constexpr int kRoomyFillfactor = 50;
constexpr double kFewRows = 1000;
constexpr int kFewRowsRuns = 5;
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
    for (const Write* write : study_.writes) {
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
      for (std::size_t i = 0; i < study_.designs.size(); ++i) {
        measure(study_.designs[(i + static_cast<std::size_t>(round)) % study_.designs.size()]);
        observer_.progress("price", ++done_,
                           static_cast<std::uint64_t>(options_.rounds) * study_.designs.size(),
                           "runs");
      }
    }
    report(study_, result);
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
      study_.writes.push_back(&write);
      for (const std::string& table : write.sql.identifiers()) written_.insert(table);
    }
    if (study_.writes.empty()) {
      throw core::usage_error(
          fmt::format("nothing says what is written to the tables of pack {}", pack_.name),
          "put a file writes/FAMILY.v1.sql into the directory of --sql-dir, and "
          "\"-- family: FAMILY\" into the pack");
    }
    for (const std::string& table : written_) {
      const pg::Relation relation = pg::require_relation(session_, naming_.table(table), table);
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
    study_.designs.push_back({.name = "without it", .indexes = {}, .fillfactors = {}});
    study_.designs.push_back(
        {.name = pack_.name, .indexes = all, .fillfactors = fillfactors_of(pack_)});
    for (const CopiedIndex& index : all) names_.insert(index.name);
    for (const Write* write : study_.writes) find_culprits(*write, all);
    if (options_.better) {
      Design better{.name = options_.better->name,
                    .indexes = indexes_of(session_, *options_.better, naming_),
                    .fillfactors = fillfactors_of(*options_.better)};
      for (const CopiedIndex& index : better.indexes) names_.insert(index.name);
      add_roomy(better.fillfactors);
      study_.designs.push_back(std::move(better));
    } else if (!study_.culprits.empty()) {
      invent_better(all);
    }
  }

  /// The pack as it is, with as much room on the pages as the better design has: what differs then
  /// is the work of the indexes alone.
  void add_roomy(const std::map<std::string, int>& fillfactors) {
    if (fillfactors.empty()) return;
    Design roomy = study_.designs[1];
    std::string words;
    for (const auto& [table, percent] : fillfactors) {
      roomy.fillfactors[table] = percent;
      words += fmt::format("{}{} at {}", words.empty() ? "" : ", ", table, percent);
    }
    roomy.name += ", " + words;
    study_.roomy = study_.designs.size();
    study_.designs.push_back(std::move(roomy));
  }

  void invent_better(const std::vector<CopiedIndex>& all) {
    Design better;
    std::set<std::string> guilty;
    for (const auto& [write, culprits] : study_.culprits) {
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
    study_.designs.push_back(std::move(better));
    study_.invented = true;
  }

  /// True if an index that is no part of the pack names one of these columns: then the pack's cost
  /// nothing that is not lost already.
  bool others_name(const Write& write, const std::set<std::string>& columns) {
    for (const auto& [name, form] : forms_on(session_, naming_.table(write.table()))) {
      if (names_.count(name) == 0 && !named_by(form, columns).empty()) return true;
    }
    return false;
  }

  void find_culprits(const Write& write, const std::vector<CopiedIndex>& all) {
    const std::set<std::string> changed = changed_columns(session_, write, naming_);
    if (others_name(write, changed)) return;
    for (const CopiedIndex& index : all) {
      if (index.table != write.table()) continue;
      std::vector<std::string> named = named_by(index.form, changed);
      if (!named.empty()) {
        study_.culprits[write.name].push_back({.index = index.name, .columns = std::move(named)});
      }
    }
  }

  void measure(const Design& design) {
    pg::Transaction tx = session_.begin();        // rolled back
    tx.query("SET LOCAL statement_timeout = 0");  // the application's limit is not ours
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
    study_.sampled = study_.sampled || copies.sampled();
    for (const Write* write : study_.writes) {
      study_.costs[write->name][design.name].push_back(measure(tx, *write, copies));
    }
  }

  /// A write of few rows takes so little time that what is done for the first time would be all
  /// that is seen: it is timed again, each run undone before the next. A write of many is not,
  /// since what is undone takes the room on the pages that heap-only updates need.
  Cost measure(pg::Transaction& tx, const Write& write, const Copies& copies) const {
    tx.query("SAVEPOINT before_write");
    Cost cost = measure_once(tx, write, copies);
    if (cost.rows > kFewRows) return cost;
    std::vector<double> times;
    for (int run = 0; run < kFewRowsRuns; ++run) {
      tx.query("ROLLBACK TO SAVEPOINT before_write");
      times.push_back(measure_once(tx, write, copies).time_s);
    }
    cost.time_s = core::median(times);
    return cost;
  }

  Cost measure_once(pg::Transaction& tx, const Write& write, const Copies& copies) const {
    struct Counters {
      double updated, hot, rows, index_bytes;
    };
    const auto count = [&] {
      const pg::Rows rows = tx.query(
          "SELECT pg_stat_get_xact_tuples_updated($1::regclass) AS updated,"
          "       pg_stat_get_xact_tuples_hot_updated($1::regclass) AS hot,"
          "       pg_stat_get_xact_tuples_inserted($1::regclass)"
          "         + pg_stat_get_xact_tuples_updated($1::regclass)"
          "         + pg_stat_get_xact_tuples_deleted($1::regclass) AS rows,"
          "       pg_indexes_size($1::regclass) AS bytes",
          {copies.quoted(write.table())});
      return Counters{rows.real(0, "updated"), rows.real(0, "hot"), rows.real(0, "rows"),
                      rows.real(0, "bytes")};
    };
    const Counters before = count();
    const core::Value plan = explain(
        tx, "ANALYZE, BUFFERS, WAL, TIMING OFF",
        write.sql.bind([&](const std::string& name) { return copies.quoted(name); }, {}).sql);
    const Counters after = count();
    Cost cost{.time_s = number_in(*plan.if_object(), "Execution Time") / 1e3,
              .rows = after.rows - before.rows,
              .wal_bytes = number_in(root_of(plan), "WAL Bytes"),
              .index_bytes = after.index_bytes,
              .plan = text_in(node_reading(plan, copies.name(write.table())), "Node Type")};
    const double updated = after.updated - before.updated;
    cost.updates = updated > 0;
    if (cost.updates) cost.hot_ratio = (after.hot - before.hot) / updated;
    return cost;
  }

  pg::Session& session_;
  const Pack& pack_;
  const pg::Naming& naming_;
  const PriceOptions& options_;
  core::Observer& observer_;
  std::set<std::string> written_;  // tables
  std::set<std::string> names_;    // of indexes that belong to a design
  Study study_;
  std::uint64_t done_ = 0;
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
