// The rows of a synthetic game world: pure functions of (plan, row), one for each table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pg/copy_format.hpp"
#include "seed/bulk.hpp"

namespace scalectl::seed {

/// How many rows each table gets, and from which id on.
struct GamePlan {
  std::uint64_t seed = 42;
  double dead_ratio = 0.05;
  std::chrono::sys_time<std::chrono::microseconds> as_of;  ///< the "now" that rows are dated by

  struct Share {
    std::uint64_t rows = 0;
    std::int64_t first_id = 1;
  };
  Share players;
  Share inventory;
  Share combats;
  Share dropped;
  Share effects;
  Share enemies;
};

inline constexpr std::uint64_t kLocations = 100;
inline constexpr std::uint64_t kItems = 60;
inline constexpr std::uint64_t kEffects = 4;  ///< kinds of status effects

/// One table: its name in the catalog, the key that ids count on, its columns, and its rows.
struct TableSpec {
  std::string_view name;
  std::string_view key;  ///< the identity column; empty where the keys are texts
  std::vector<ColumnSpec> columns;
  GamePlan::Share GamePlan::*share;  ///< nullptr for the fixed tables
  std::uint64_t fixed_rows;          ///< rows of a fixed table
  void (*make_row)(const GamePlan& plan, std::uint64_t row, pg::CopyBuffer& out);
};

/// The tables in an order in which every table comes after those it refers to.
const std::vector<TableSpec>& game_tables();

}  // namespace scalectl::seed
