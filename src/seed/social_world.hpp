// The rows of a synthetic social network: pure functions of (plan, row), one for each table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pg/copy_format.hpp"
#include "seed/bulk.hpp"

namespace scalectl::seed {

/// How many people there are, and from which ids on. All rows of a run refer to people and posts of
/// the same run.
struct SocialPlan {
  std::uint64_t seed = 42;
  std::uint64_t users = 0;
  std::chrono::sys_time<std::chrono::microseconds> as_of;  ///< the "now" that rows are dated by
  std::int64_t first_user = 1;
  std::int64_t first_post = 1;
  std::int64_t first_job = 1;
  std::int64_t first_comment = 1;
  std::int64_t first_message = 1;
  std::int64_t first_notification = 1;

  std::uint64_t posts() const { return users * 3; }
  std::uint64_t jobs() const { return users / 5; }
  /// As many as there are others to follow, at most.
  std::uint64_t follows_each() const { return users > 10 ? 10 : users - 1; }
  std::uint64_t likes_each() const { return posts() < 5 ? posts() : 5; }
};

/// One table: its name in the catalog, the key that ids count on, its columns, and its rows.
struct SocialTable {
  std::string_view name;
  std::string_view key;                ///< the identity column; empty where the key is a pair
  std::int64_t SocialPlan::*first_id;  ///< nullptr where the key is a pair
  std::vector<ColumnSpec> columns;
  std::uint64_t (*rows)(const SocialPlan& plan);
  void (*make_row)(const SocialPlan& plan, std::uint64_t row, pg::CopyBuffer& out);
};

/// The tables in an order in which every table comes after those it refers to.
const std::vector<SocialTable>& social_tables();

}  // namespace scalectl::seed
