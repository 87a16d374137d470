// Table: rows for people and machines. Cells are plain values in the column's unit; how they are
// shown is decided by src/report alone.
#pragma once

#include <string>
#include <vector>

#include "core/value.hpp"

namespace scalectl::core {

/// How the numbers of a column are to be read; kId names something and is never rounded or grouped.
enum class Unit { kPlain, kId, kCount, kSeconds, kBytes, kRatio, kTimes };

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
};

}  // namespace scalectl::core
