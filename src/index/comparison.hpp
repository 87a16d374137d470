// Comparison: one index's query, run with the index and without it.
#pragma once

#include <set>
#include <string>

#include "index/engine.hpp"
#include "index/look.hpp"
#include "index/probe.hpp"
#include "index/trial.hpp"

namespace scalectl::index {

/// A trial, and what its plan calls things.
struct Side {
  Trial trial;
  std::set<std::string> names;  ///< of the index: those of its partitions too
  std::string relation;         ///< the index's table
  std::string copy_of;          ///< the table that it is a copy of; empty where it is none
};

/// One index and its query, with and without.
struct Comparison {
  Side with;
  Side without;
  std::string method;    ///< how the index was taken away: switches or copies
  bool sampled = false;  ///< the copies hold a part of the rows
};

/// Runs the queries of a pack's indexes, one after another; see verify() for what it may not do.
class Comparer {
 public:
  Comparer(pg::Session& session, const pg::Naming& naming, const VerifyOptions& options);

  /// Throws Error (usage) where the tables cannot be read.
  Comparison compare(const Item& item, const Probe& probe);

 private:
  core::Value plan_of(const Probe& probe);
  Without choose(const Item& item, const Probe& probe, const core::Value& plan, bool writes) const;
  bool has_rival(const Item& item) const;
  TrialPlan trial_of(const std::string& sql, const Probe& probe, bool writes) const;
  Comparison by_switches(const Item& item, const Probe& probe, bool writes);
  Comparison on_copies(const Item& item, const Probe& probe, bool writes);
  Side on_the_table(const Item& item, const TrialPlan& trial, bool switched_off);

  pg::Session& session_;
  const pg::Naming& naming_;
  const VerifyOptions& options_;
  std::string no_copies_because_;
};

}  // namespace scalectl::index
