#include "story/sweep_fits.hpp"

#include <fmt/format.h>

#include <cmath>

namespace scalectl::story {
namespace {

SweepFit fit_claims(const SweepClaims& claims, const char* which, double SweepClaim::*column) {
  SweepFit fit{.key = std::string("seed_") + which, .name = std::string("seed 000: ") + which};
  for (const SweepClaim& claim : claims) {
    fit.samples.push_back({.size = static_cast<double>(claim.players), .seconds = {claim.*column}});
  }
  fit.fit = core::fit_power_law(fit.samples);
  return fit;
}

}  // namespace

std::vector<SweepFit> fit_sweep(const SweepPlan& plan, const SweepClaims& claims,
                                const SweepLines& lines) {
  std::vector<SweepFit> fits;
  for (const SweepVariant& variant : plan.variants) {
    SweepFit fit{.key = variant.key(), .name = variant.name(), .variant = variant};
    const auto line = lines.find(variant);
    if (line != lines.end()) {
      for (const auto& [players, sample] : line->second.samples) {
        fit.samples.push_back({.size = static_cast<double>(players), .seconds = sample.elapsed_s});
      }
    }
    fit.fit = core::fit_power_law(fit.samples);
    fits.push_back(std::move(fit));
  }
  if (!claims.empty()) {
    fits.push_back(fit_claims(claims, "before", &SweepClaim::before_s));
    fits.push_back(fit_claims(claims, "after", &SweepClaim::after_s));
  }
  return fits;
}

std::string growth_word(const core::PowerFit& fit) {
  constexpr double kNear = 0.05;
  if (fit.exponent && !fit.is_known()) return "unclear";
  if (fit.flat) return "constant";
  const bool holds_one = fit.exponent && fit.exponent->low <= 1 && fit.exponent->high >= 1;
  if (holds_one || std::abs(fit.law.k - 1) <= kNear) return "linear";
  return fit.law.k < 1 ? "below linear" : "above linear";
}

std::string growth_of(const core::PowerFit& fit) {
  std::string interval;
  if (fit.exponent) {
    interval = fmt::format("[{:.2f}, {:.2f}]", fit.exponent->low, fit.exponent->high);
  }
  if (fit.exponent && !fit.is_known()) return "unclear, n^" + interval;
  if (fit.flat) return interval.empty() ? "constant" : "constant, n^" + interval;
  return fmt::format("n^{:.2f}{}{}", fit.law.k, interval.empty() ? "" : " ", interval);
}

}  // namespace scalectl::story
