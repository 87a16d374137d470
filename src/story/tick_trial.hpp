// A trial of the ticks at one number of players: every variant on identically prepared tables,
// interleaved and repeated.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/observer.hpp"
#include "pg/session.hpp"
#include "pg/target.hpp"
#include "tick/run.hpp"

namespace scalectl::story {

/// Which form of a tick, on which tables.
struct Variant {
  tick::Strategy strategy = tick::Strategy::kSet;
  bool indexed = false;

  auto operator<=>(const Variant&) const = default;
};

/// Medians over the repeats of one tick in one variant.
struct Measured {
  double elapsed_s = 0;
  double hot_ratio = 0;
  double wal_bytes = 0;
  std::int64_t rows = 0;
  int repeats = 0;
};

struct TrialOptions {
  std::int64_t players = 0;
  int set_repeats = 3;
  int rows_repeats = 1;  ///< row by row takes so long that it is repeated less
  std::string version;
};

/// Results by tick and variant.
using Trial = std::map<std::string, std::map<Variant, Measured>>;

/// Runs stamina, combat and decay in every variant. `admin` is a database in which databases may be
/// made: one without and one with the indexes, which are dropped again. Each run starts from freshly
/// seeded, packed tables and a checkpoint.
Trial run_trial(const pg::Target& admin, const catalog::Catalog& catalog,
                const TrialOptions& options, const std::stop_token& stop,
                core::Observer& observer);

}  // namespace scalectl::story
