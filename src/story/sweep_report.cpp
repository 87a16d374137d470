#include "story/sweep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/json.hpp"
#include "core/statistics.hpp"
#include "core/text.hpp"
#include "story/sweep_fits.hpp"
#include "story/sweep_lessons.hpp"

namespace scalectl::story {
namespace {

using core::Array;
using core::Object;
using core::Unit;
using core::Value;

constexpr int kCurvePoints = 60;
constexpr double kNoTime = 1e-9;  // seconds; what rounding leaves

const SweepSample* sample_at(const SweepLines& lines, const SweepVariant& variant,
                             std::int64_t players) {
  const auto line = lines.find(variant);
  if (line == lines.end()) return nullptr;
  const auto sample = line->second.samples.find(players);
  return sample == line->second.samples.end() ? nullptr : &sample->second;
}

/// Seed 000's "Scaling Projection" with a measured column for each variant.
core::Table projection(const tick::Definition& tick, const SweepPlan& plan,
                       const SweepClaims& claims, const SweepLines& lines) {
  core::Table table{.key = "scaling_projection",
                    .title = fmt::format("Scaling projection, {} tick", tick.name),
                    .columns = {{"players", "Players", Unit::kCount}},
                    .rows = {}};
  std::set<std::int64_t> sizes;
  for (const SweepClaim& claim : claims) sizes.insert(claim.players);
  for (const auto& [variant, line] : lines) {
    for (const auto& [players, sample] : line.samples) sizes.insert(players);
  }
  if (!claims.empty()) {
    table.columns.push_back({"seed_before_s", "seed: before", Unit::kSeconds});
    table.columns.push_back({"seed_after_s", "seed: after", Unit::kSeconds});
  }
  for (const SweepVariant& variant : plan.variants) {
    table.columns.push_back({variant.key() + "_s",
                             fmt::format("{} on {}", variant.strategy, variant.layout),
                             Unit::kSeconds});
  }
  for (const std::int64_t players : sizes) {
    Array row{players};
    if (!claims.empty()) {
      Value before;
      Value after;
      for (const SweepClaim& claim : claims) {
        if (claim.players != players) continue;
        before = claim.before_s;
        after = claim.after_s;
      }
      row.push_back(before);
      row.push_back(after);
    }
    for (const SweepVariant& variant : plan.variants) {
      const SweepSample* sample = sample_at(lines, variant, players);
      row.push_back(sample == nullptr ? Value() : Value(core::median(sample->elapsed_s)));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

double rounded(double value) { return std::round(value * 1000) / 1000; }

core::Table fit_table(const std::vector<SweepFit>& fits, std::int64_t predict) {
  const std::string size = core::grouped(predict);
  core::Table table{.key = "fits",
                    .title = "Fitted t = a + b n^k, with 95 % intervals, and what it says of " +
                             size + " players",
                    .columns = {{"variant", "variant"},
                                {"growth", "growth"},
                                {"exponent", "k"},
                                {"exponent_low", "from"},
                                {"exponent_high", "to"},
                                {"a_s", "a", Unit::kSeconds},
                                {"b_s", "b, in s"},
                                {"residual_ratio", "residual", Unit::kRatio},
                                {"prediction_s", "predicted", Unit::kSeconds},
                                {"prediction_low_s", "from", Unit::kSeconds},
                                {"prediction_high_s", "to", Unit::kSeconds},
                                {"refused", "why not"}},
                    .rows = {}};
  for (const SweepFit& entry : fits) {
    if (!entry.fit) {
      Array row{entry.name, Value()};
      row.resize(table.columns.size() - 1);
      row.emplace_back(core::too_few_sizes(entry.samples.size()));
      table.rows.push_back(std::move(row));
      continue;
    }
    const core::PowerFit& fit = *entry.fit;
    const core::Prediction prediction = core::predict(fit, static_cast<double>(predict));
    const core::Interval interval = fit.exponent.value_or(core::Interval{});
    const bool predicted = prediction.seconds.has_value();
    const auto if_known = [](bool known, double value) { return known ? Value(value) : Value(); };
    table.rows.push_back(
        {entry.name, growth_word(fit), rounded(fit.law.k),
         if_known(fit.exponent.has_value(), rounded(interval.low)),
         if_known(fit.exponent.has_value(), rounded(interval.high)),
         fit.law.a < kNoTime ? 0 : fit.law.a, fit.law.b, fit.residual_ratio,
         if_known(predicted, prediction.seconds.value_or(0)),
         if_known(predicted, prediction.interval.low),
         if_known(predicted, prediction.interval.high),
         predicted ? Value()
                   : Value(entry.variant ? prediction.refused : "its figures, not runs")});
  }
  return table;
}

core::Table measurements(const SweepPlan& plan, const SweepLines& lines) {
  core::Table table{.key = "measurements",
                    .title = "Medians of the runs",
                    .columns = {{"variant", "variant"},
                                {"players", "players", Unit::kCount},
                                {"runs", "runs", Unit::kCount},
                                {"median_s", "median", Unit::kSeconds},
                                {"fastest_s", "fastest", Unit::kSeconds},
                                {"slowest_s", "slowest", Unit::kSeconds},
                                {"rows", "rows", Unit::kCount},
                                {"hot_ratio", "heap-only", Unit::kRatio},
                                {"wal_bytes", "WAL", Unit::kBytes}},
                    .rows = {}};
  for (const SweepVariant& variant : plan.variants) {
    const auto line = lines.find(variant);
    if (line == lines.end()) continue;
    for (const auto& [players, sample] : line->second.samples) {
      const auto [fastest, slowest] =
          std::minmax_element(sample.elapsed_s.begin(), sample.elapsed_s.end());
      table.rows.push_back(
          {variant.name(), players, sample.elapsed_s.size(), core::median(sample.elapsed_s),
           *fastest, *slowest, static_cast<std::int64_t>(core::median(sample.rows)),
           sample.hot_ratio.empty() ? Value() : Value(core::median(sample.hot_ratio)),
           static_cast<std::int64_t>(core::median(sample.wal_bytes))});
    }
  }
  return table;
}

std::vector<std::pair<double, double>> curve_of(const core::PowerLaw& law, double from, double to) {
  std::vector<std::pair<double, double>> curve;
  for (int i = 0; i <= kCurvePoints; ++i) {
    const double n = from * std::pow(to / from, static_cast<double>(i) / kCurvePoints);
    curve.emplace_back(n, law.at(n));
  }
  return curve;
}

int family_of(const SweepVariant& variant) {
  const auto place = std::find(kSweepStrategies.begin(), kSweepStrategies.end(), variant.strategy);
  return static_cast<int>(place - kSweepStrategies.begin());
}

core::Series series_of(const SweepFit& entry, double predict) {
  core::Series series{.key = entry.key,
                      .name = entry.name,
                      .family = entry.variant ? family_of(*entry.variant) : 0,
                      .reference = !entry.variant};
  for (const core::SizedSample& sample : entry.samples) {
    core::Point point{.x = sample.size, .y = core::median(sample.seconds)};
    if (sample.seconds.size() > 1) {
      const auto [fastest, slowest] =
          std::minmax_element(sample.seconds.begin(), sample.seconds.end());
      point.low = *fastest;
      point.high = *slowest;
    }
    if (series.reference) series.curve.emplace_back(point.x, point.y);  // from claim to claim
    series.points.push_back(point);
  }
  if (!entry.fit) return series;
  const core::PowerFit& fit = *entry.fit;
  const bool unclear = growth_word(fit) == "unclear";
  series.name += unclear    ? ": unclear"
                 : fit.flat ? ": constant"
                            : fmt::format(": n^{:.2f}", fit.law.k);
  if (series.reference) return series;
  series.curve = curve_of(fit.law, fit.smallest, fit.largest);
  if (predict > fit.largest && core::predict(fit, predict).seconds) {
    series.forecast = curve_of(fit.law, fit.largest, predict);
  }
  return series;
}

core::Figure figure_of(const tick::Definition& tick, const std::vector<SweepFit>& fits,
                       std::int64_t predict) {
  core::Figure figure{
      .key = "scaling",
      .title = fmt::format("The {} tick, by number of players", tick.name),
      .x = {.title = "players", .unit = Unit::kCount, .scale = core::Scale::kLog},
      .y = {.title = "time of one tick", .unit = Unit::kSeconds, .scale = core::Scale::kLog},
      .series = {}};
  for (const SweepFit& fit : fits) {
    if (!fit.samples.empty()) {
      figure.series.push_back(series_of(fit, static_cast<double>(predict)));
    }
  }
  return figure;
}

/// True where a variant was measured at enough sizes for a law.
bool has_law(const SweepFit& entry) {
  return entry.variant && entry.fit && entry.fit->sizes >= core::kMinSizes;
}

}  // namespace

SweepClaims read_sweep_claims(const catalog::Catalog& catalog, const tick::Definition& tick) {
  SweepClaims claims;
  if (tick.name != "stamina") return claims;
  const catalog::File file = catalog.find("scenarios/claims", "seed-000", "claim").file;
  const Value document = core::parse_json(file.text, file.path);
  for (const Value& entry : *document.if_object()->find("scaling_projection")->if_array()) {
    const Object& row = *entry.if_object();
    claims.push_back({.players = *row.find("players")->if_integer(),
                      .before_s = row.find("before_s")->number(),
                      .after_s = row.find("after_s")->number()});
  }
  return claims;
}

void report_sweep(const tick::Definition& tick, const SweepPlan& plan, const SweepClaims& claims,
                  const SweepLines& lines, std::int64_t predict, core::Result& result) {
  const std::vector<SweepFit> fits = fit_sweep(plan, claims, lines);
  std::int64_t largest = 0;
  std::int64_t runs = 0;
  for (const auto& [variant, line] : lines) {
    for (const auto& [players, sample] : line.samples) {
      largest = std::max(largest, players);
      runs += static_cast<std::int64_t>(sample.elapsed_s.size());
    }
  }
  if (std::none_of(fits.begin(), fits.end(), has_law)) {
    result.verdict = core::Verdict::kInconclusive;
  }
  result.metrics.set("players", largest).set("runs", runs);
  result.tables = {projection(tick, plan, claims, lines), fit_table(fits, predict),
                   measurements(plan, lines)};
  result.figures = {figure_of(tick, fits, predict)};
  for (std::string& lesson : sweep_lessons(plan, lines, fits)) {
    result.notes.push_back(std::move(lesson));
  }
}

}  // namespace scalectl::story
