// What a sweep has found, as tables, a figure and sentences.
#pragma once

#include <cstdint>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/result.hpp"
#include "story/sweep_runs.hpp"
#include "story/sweep_variants.hpp"
#include "tick/definition.hpp"

namespace scalectl::story {

/// A line of seed 000's scaling projection, in seconds.
struct SweepClaim {
  std::int64_t players = 0;
  double before_s = 0;
  double after_s = 0;
};
using SweepClaims = std::vector<SweepClaim>;

/// The seed's projection is of the stamina tick: there is none for others.
SweepClaims read_sweep_claims(const catalog::Catalog& catalog, const tick::Definition& tick);

/// Adds tables, figure, metrics and notes to `result`. `predict`: the number of players that every
/// fit is asked about.
void report_sweep(const tick::Definition& tick, const SweepPlan& plan, const SweepClaims& claims,
                  const SweepLines& lines, std::int64_t predict, core::Result& result);

}  // namespace scalectl::story
