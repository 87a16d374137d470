#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "index/comparison.hpp"
#include "index/engine.hpp"
#include "index/explain.hpp"
#include "index/look.hpp"
#include "index/neighbours.hpp"

namespace scalectl::index {
namespace {

using core::Unit;
using core::Value;

/// How much faster a query must be with its index, so that noise alone does not pass.
constexpr double kFaster = 1.1;

/// Shorter times are those of the way to the server and back: what differs says nothing.
constexpr double kResolution_s = 1e-4;

/// The node that reads the table, with the name that people know it by.
std::string shown(const core::Object& node, const Side& of) {
  std::string text = describe(node);
  if (of.copy_of.empty()) return text;
  for (auto at = text.find(of.relation); at != std::string::npos;
       at = text.find(of.relation, at + of.copy_of.size())) {
    text.replace(at, of.relation.size(), of.copy_of);
  }
  return text;
}

std::string in_words(double seconds) { return fmt::format("{:.2f}ms", seconds * 1e3); }

class Report {
 public:
  explicit Report(const Pack& pack) : result_(new_result("verify", pack)) {}

  void absent(const Item& item) {
    check(item.definition->name + " is there", std::string(to_text(item.state())), false);
    table_.rows.push_back(row_of(item, core::Array(table_.columns.size() - 2)));
  }

  void no_rows(const Item& item) {
    ++unknown_;
    result_.notes.push_back(
        fmt::format("{}: there are no rows to try its query on", item.definition->name));
    table_.rows.push_back(row_of(item, core::Array(table_.columns.size() - 2)));
  }

  void add(const Item& item, const Comparison& of, const std::string& superfluous) {
    const std::string& name = item.definition->name;
    const core::Object* user = node_using(of.with.trial.plan, of.with.names);
    const Trial& with = of.with.trial;
    const Trial& without = of.without.trial;
    const core::Object& node = user != nullptr ? *user : node_reading(with.plan, of.with.relation);
    const core::Object& other = node_reading(without.plan, of.without.relation);
    const core::Object& counted = node_counted(with.plan, node);
    const std::string plan = shown(node, of.with);
    used_ += user != nullptr ? 1 : 0;
    check(name + " is used by its query", plan, user != nullptr);
    const bool measured = with.measured && !with.times_s.empty();
    const double with_s = with.typical_s();
    const double ratio = measured && with_s > 0 ? without.typical_s() / with_s : 0;
    if (measured) {
      const std::string times = fmt::format(
          "{:.2f} times, {} against {}{}; {:.1f} times are wanted", ratio, in_words(with_s),
          without.timed_out ? "more than " : "", in_words(without.typical_s()), kFaster);
      const bool serves = user != nullptr && superfluous.empty();
      const bool faster = serves && ratio >= kFaster;
      faster_ += faster ? 1 : 0;
      if (serves && !faster && std::max(with_s, without.typical_s()) < kResolution_s) {
        ++unknown_;
        result_.notes.push_back(fmt::format(
            "{}: too short to tell the times apart ({}); verify it with more rows", name, times));
      } else {
        check(name + " is faster than without",
              user == nullptr       ? times + ", but not by it"
              : superfluous.empty() ? times
                                    : times + "; it " + superfluous,
              faster);
      }
    } else {
      result_.notes.push_back(fmt::format(
          "{}: its query writes or locks rows, and is only explained here: {}", name, plan));
    }
    const auto value = [&](const core::Object& of_node, double number) {
      return measured && !of_node.empty() ? Value(number) : Value();
    };
    table_.rows.push_back(
        row_of(item, {plan, number_in(counted, "Plan Rows"), value(node, real_rows(counted)),
                      value(node, buffers(root_of(with.plan))), value(node, with_s),
                      value(node, with.p95_s()), shown(other, of.without),
                      without.measured ? Value(buffers(root_of(without.plan))) : Value(),
                      value(node, without.typical_s()), value(node, ratio), of.method}));
    if (of.sampled) sampled_ = true;
    hold_against_target(item, of, measured);
  }

  core::Result finish(const core::Stopwatch& watch) {
    result_.metrics.set("used", used_).set("faster", faster_).set("checks_failed", failed_);
    if (unknown_ > 0) result_.verdict = core::Verdict::kInconclusive;
    if (failed_ > 0) result_.verdict = core::Verdict::kFail;
    if (sampled_) result_.notes.emplace_back("copies hold a sample of the rows only");
    result_.tables.push_back(std::move(table_));
    if (!targets_.rows.empty()) result_.tables.push_back(std::move(targets_));
    watch.stamp(result_);
    return std::move(result_);
  }

  core::Result& result() { return result_; }

 private:
  void check(const std::string& name, const std::string& observed, bool passed) {
    result_.checks.push_back({.name = name, .observed = observed, .passed = passed});
    failed_ += passed ? 0 : 1;
  }

  void hold_against_target(const Item& item, const Comparison& of, bool measured) {
    const IndexDefinition& index = *item.definition;
    if (!index.target_s || !measured) return;
    const double p95 = of.with.trial.p95_s();
    check(
        fmt::format("{} p95<{}", index.name, core::format_duration(core::Seconds(*index.target_s))),
        in_words(p95), p95 < *index.target_s);
    targets_.rows.push_back({index.name, index.seed_before, of.without.trial.p95_s(),
                             index.seed_after, p95, of.method});
  }

  core::Result result_;
  core::Table table_ = new_table({{"plan", "plan"},
                                  {"rows_estimated", "rows est.", Unit::kCount},
                                  {"rows", "rows", Unit::kCount},
                                  {"buffers", "pages", Unit::kCount},
                                  {"time_s", "time", Unit::kSeconds},
                                  {"p95_s", "p95", Unit::kSeconds},
                                  {"without_plan", "without: plan"},
                                  {"without_buffers", "pages", Unit::kCount},
                                  {"without_s", "time", Unit::kSeconds},
                                  {"faster_ratio", "faster", Unit::kTimes},
                                  {"method", "by"}});
  core::Table targets_{.key = "targets",
                       .title = "Beside the seed's figures, p95",
                       .columns = {{"index", "index"},
                                   {"seed_before", "seed: before"},
                                   {"without_s", "measured", Unit::kSeconds},
                                   {"seed_after", "seed: after"},
                                   {"p95_s", "measured", Unit::kSeconds},
                                   {"method", "by"}},
                       .rows = {}};
  int used_ = 0;
  int faster_ = 0;
  int failed_ = 0;
  int unknown_ = 0;
  bool sampled_ = false;
};

}  // namespace

void check(const VerifyOptions& options) {
  if (options.runs < 1) throw core::usage_error("--runs 0 is too few", "give at least 1");
  if (options.sample_rows < 1) throw core::usage_error("--sample 0 is too few", "give at least 1");
  if (options.limit.count() <= 0) {
    throw core::usage_error("--time-limit 0 leaves no time", "for example --time-limit 10s");
  }
}

core::Result verify(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                    const VerifyOptions& options, core::Observer& observer) {
  check(options);
  const core::Stopwatch watch;
  Report report(pack);
  report.result().params.set("runs", options.runs).set("limit_s", options.limit.count());
  const View view = look(session, pack, naming);
  Comparer comparer(session, naming, options);
  std::uint64_t done = 0;
  for (const Item& item : view.items) {
    if (session.stop().stop_requested()) {
      throw core::Error(core::ErrorKind::kInterrupted, "interrupted");
    }
    if (item.state() != State::kPresent && item.state() != State::kDrift) {
      report.absent(item);
    } else {
      try {
        const Probe probe(session, *item.definition, naming);
        if (probe.samples().empty()) {
          report.no_rows(item);
        } else {
          report.add(item, comparer.compare(item, probe), superfluous_beside(session, item));
        }
      } catch (const core::Error& error) {
        throw error.within("the query of index " + item.definition->name);
      }
    }
    observer.progress("verify", ++done, view.items.size(), "indexes");
  }
  return report.finish(watch);
}

}  // namespace scalectl::index
