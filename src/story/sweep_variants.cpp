#include "story/sweep_variants.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::story {
namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Why this combination makes no sense; empty where it does.
std::string objection(const tick::Definition& tick, const SweepVariant& variant) {
  const bool by_epoch = variant.strategy == "epoch";
  if (variant.layout == "epoch" && !by_epoch) {
    return "there no player's row holds its present stamina";
  }
  if (variant.layout != "epoch" && by_epoch) return "it takes the epoch layout";
  if (variant.layout == "hot" && !contains(tick.tables(tick::Strategy::kSet), "players")) {
    return "the layouts differ in players alone, which it does not touch";
  }
  return "";
}

}  // namespace

const std::vector<std::string> kSweepStrategies{"rows", "set", "batched", "epoch"};
const std::vector<std::string> kSweepLayouts{"seed", "hot", "epoch"};

SweepPlan plan_sweep(const tick::Definition& tick, const std::vector<std::string>& strategies,
                     const std::vector<std::string>& layouts) {
  SweepPlan plan;
  for (const std::string& strategy : kSweepStrategies) {
    if (!contains(strategies, strategy)) continue;
    if (!tick.has(tick::strategy_of(strategy))) {
      plan.left_out.push_back(fmt::format("{}: tick {} has no such form", strategy, tick.name));
      continue;
    }
    for (const std::string& layout : kSweepLayouts) {
      if (!contains(layouts, layout)) continue;
      SweepVariant variant{.strategy = strategy, .layout = layout};
      const std::string why = objection(tick, variant);
      if (why.empty()) {
        plan.variants.push_back(std::move(variant));
      } else {
        plan.left_out.push_back(fmt::format("{} on the {} layout: {}", strategy, layout, why));
      }
    }
  }
  if (plan.variants.empty()) {
    throw core::usage_error(fmt::format("tick sweep {}: nothing to measure: {}", tick.name,
                                        core::join(plan.left_out, "; ")),
                            "leave --strategies and --layouts out for all that make sense");
  }
  return plan;
}

}  // namespace scalectl::story
