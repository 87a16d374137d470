// LayoutState: how the players' table is laid out at this moment, as the server's catalogue tells
// it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/relation.hpp"
#include "pg/session.hpp"
#include "schema/record.hpp"

namespace scalectl::schema {

/// The table that the layouts are about, its key, and the column that the tick writes.
inline constexpr const char* kPlayers = "players";
inline constexpr const char* kStamina = "stamina";
inline constexpr int kHotFillfactor = 50;

/// An index that names stamina in its key, its INCLUDE list, an expression or its predicate, so
/// that no update of stamina can be heap-only while it is there.
struct StaminaIndex {
  std::string quoted;  ///< with its schema
  std::string name;
  bool ours = false;         ///< it carries the comment of an index pack
  bool constraint = false;   ///< a constraint rests on it
  std::string definition{};  ///< the statement that makes it again
};

struct LayoutState {
  pg::Relation players;
  std::string quoted;  ///< the players' table
  int fillfactor = 100;
  bool epoch = false;  ///< the epoch layout's objects are there
  std::vector<StaminaIndex> indexes;
  std::int64_t bytes = 0;  ///< of the table itself
  std::int64_t page_bytes = 0;

  std::int64_t pages() const { return bytes / page_bytes; }
  /// What rows and line pointers can have of a page: without its header of 24 bytes.
  std::int64_t room() const { return page_bytes - 24; }
  /// epoch, hot, seed, or other where it is none of them.
  std::string name() const;
};

/// Throws Error (usage) where there is no such table, or where it is not a plain one.
LayoutState look_at(pg::Session& session, const Place& place);

/// The size of the players' table by now.
std::int64_t bytes_of(pg::Session& session, const LayoutState& state);

/// True where the epoch layout's objects are in `place`.
bool has_epoch(pg::Transaction& tx, const Place& place);

}  // namespace scalectl::schema
