// The power laws of a sweep: one for each variant, and for the two columns of the seed's
// projection.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/power_law.hpp"
#include "story/sweep_report.hpp"

namespace scalectl::story {

/// A variant or a claim with the law through its medians; no law for fewer than two sizes.
struct SweepFit {
  std::string key;
  std::string name;
  std::optional<SweepVariant> variant;  ///< nothing for a claim
  std::vector<core::SizedSample> samples;
  std::optional<core::PowerFit> fit;
};

std::vector<SweepFit> fit_sweep(const SweepPlan& plan, const SweepClaims& claims,
                                const SweepLines& lines);

/// How it grows, in a word or two: constant, below linear, linear, above linear; unclear where the
/// interval of k is wide. Where there is none, k alone decides.
std::string growth_word(const core::PowerFit& fit);
/// The same with its exponent: "n^1.01 [0.99, 1.04]", "constant, n^[-0.01, 0.02]".
std::string growth_of(const core::PowerFit& fit);

}  // namespace scalectl::story
