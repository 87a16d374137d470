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
  if (variant.layout != "epoch" && by_epoch) return "it needs the epoch layout";
  if (variant.layout == "seed") return "";
  if (!contains(tick.tables(tick::Strategy::kSet), "players")) {
    return "the layouts differ in players alone, which it does not touch";
  }
  if (variant.layout == "epoch" && !by_epoch) {
    return tick.epoch ? "no row there holds its present stamina" : "that layout is for stamina";
  }
  return "";
}

}  // namespace

const std::vector<std::string> kSweepStrategies{"rows", "set", "batched", "epoch"};
const std::vector<std::string> kSweepLayouts{"seed", "hot", "epoch"};

SweepPlan plan_sweep(const tick::Definition& tick, const std::vector<std::string>& strategies,
                     const std::vector<std::string>& layouts) {
  SweepPlan plan;
  std::vector<std::pair<std::string, std::string>> reasons;  // why, and what for
  const auto leave_out = [&reasons](const std::string& what, const std::string& why) {
    if (reasons.empty() || reasons.back().first != why) {
      reasons.emplace_back(why, what);
    } else {
      reasons.back().second += ", " + what;
    }
  };
  const auto not_in = [](const std::vector<std::string>& words) {
    return [&words](const std::string& word) { return !contains(words, word); };
  };
  std::vector<std::string> forms = kSweepStrategies;
  std::erase_if(forms, not_in(strategies));
  std::vector<std::string> places = kSweepLayouts;
  std::erase_if(places, not_in(layouts));
  std::erase_if(forms, [&](const std::string& form) {
    if (tick.has(tick::strategy_of(form))) return false;
    leave_out(form, tick.name + " has no such form");
    return true;
  });
  for (const std::string& layout : places) {
    for (const std::string& strategy : forms) {
      const std::string why = objection(tick, {.strategy = strategy, .layout = layout});
      if (!why.empty()) leave_out(strategy + " on " + layout, why);
    }
  }
  for (const std::string& strategy : forms) {
    for (const std::string& layout : places) {
      const SweepVariant variant{.strategy = strategy, .layout = layout};
      if (objection(tick, variant).empty()) plan.variants.push_back(variant);
    }
  }
  for (const auto& [why, what] : reasons) plan.left_out.push_back(what + ": " + why);
  if (plan.variants.empty()) {
    throw core::usage_error(fmt::format("tick sweep {}: nothing to measure: {}", tick.name,
                                        core::join(plan.left_out, "; ")),
                            "leave --strategies and --layouts out for all that make sense");
  }
  return plan;
}

}  // namespace scalectl::story
