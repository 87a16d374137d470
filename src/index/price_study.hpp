// Study: what `price` has measured, and what it knows of the designs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "index/copies.hpp"
#include "index/writes.hpp"

namespace scalectl::index {

/// A way to index and lay out the tables.
struct Design {
  std::string name;
  std::vector<CopiedIndex> indexes;
  std::map<std::string, int> fillfactors;
};

/// One write with one design, in one round.
struct Cost {
  double time_s = 0;
  double rows = 0;       ///< that it wrote
  double hot_ratio = 0;  ///< of the rows it updated
  bool updates = false;  ///< it updated any
  double wal_bytes = 0;
  double index_bytes = 0;
  std::string plan;  ///< the node that reads the table
};

/// An index of the pack that keeps a write's updates from being heap-only.
struct Culprit {
  std::string index;
  std::vector<std::string> columns;  ///< that it names and the write changes
};

struct Study {
  std::vector<const Write*> writes;
  std::vector<Design>
      designs;  ///< without the pack, the pack, …, the better one where there is one
  std::optional<std::size_t>
      roomy;  ///< the pack with as much room on the pages as the better one has
  std::map<std::string, std::vector<Culprit>> culprits;                   ///< by write
  std::map<std::string, std::map<std::string, std::vector<Cost>>> costs;  ///< by write and design
  bool invented = false;  ///< the better design is no pack's, but the pack without its culprits
  bool sampled = false;   ///< not on all rows

  /// The medians of a write with a design.
  Cost typical(const std::string& write, const std::string& design) const;
  /// True if the write changed rows and left WAL with every design.
  bool wrote(const std::string& write) const;
  /// How many times the time of design `from` the write takes with `to`: of the medians. Nothing
  /// where that is no more than noise: fewer than 9 in 10 pairs of the two designs' repeats say the
  /// same, there is one only, or all of them took less than 20 ms together.
  std::optional<double> time_ratio(const std::string& write, const std::string& from,
                                   const std::string& to) const;
  /// True if the better design makes the write cheaper in WAL than the pack does, and not
  /// measurably slower.
  bool is_improved(const std::string& write) const;
};

/// The Study as table, metrics, notes and verdict (warn where the pack harms and a better design is
/// known).
void report(const Study& study, core::Result& result);

}  // namespace scalectl::index
