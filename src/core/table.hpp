// Table: rows for people and machines. Cells are plain values in the column's unit; how they are
// shown is decided by src/report alone.
#pragma once

#include <string>
#include <vector>

#include "core/value.hpp"

namespace scalectl::core {

/// How the numbers of a column are to be read; kId names something and is never rounded or grouped.
/// kBar is a share from 0 to 1 that people see as a bar.
enum class Unit { kPlain, kId, kCount, kSeconds, kBytes, kRatio, kTimes, kBar };

struct Column {
  std::string key;    ///< name in JSON and CSV, with its unit as a suffix where it has one
  std::string title;  ///< heading for people
  Unit unit = Unit::kPlain;
};

struct Table {
  std::string key;    ///< name in JSON
  std::string title;  ///< heading for people; may be empty
  std::vector<Column> columns;
  std::vector<Array> rows;  ///< one cell per column; null is an empty cell
  /// It shows metrics to people, in place of a list of them: machines read them in the metrics.
  bool shows_metrics = false;
};

}  // namespace scalectl::core
