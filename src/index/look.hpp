// Look: what the database has under the names of a pack's indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "index/definition.hpp"
#include "index/pack.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// What the comments of our indexes begin with: "scalectl pack game v2: why". While one is built,
/// its comment says so; a build that was killed is known by it.
inline constexpr const char* kCommentPrefix = "scalectl pack ";

/// The comment that an index of `pack` carries.
std::string comment_of(const Pack& pack, const IndexDefinition& index);

/// An index of the pack as the database has it.
struct Found {
  std::int64_t oid = 0;  ///< 0 where only parts of it are there, on partitions
  bool valid = false;
  bool ours = false;  ///< it carries our comment
  std::string pack;   ///< the pack that its comment names
  std::int64_t bytes = 0;
  std::int64_t scans = 0;               ///< since the statistics were reset
  std::optional<std::string> last_use;  ///< PostgreSQL 16 and later
  std::string definition;               ///< by pg_get_indexdef
  std::string form;
  std::optional<std::int64_t> builder;  ///< process that is building it now
};

/// kMisfit: the index cannot be made, since its name or a column stands in the way.
enum class State { kMissing, kPresent, kInvalid, kBuilding, kDrift, kMisfit };

std::string_view to_text(State state);

/// An index of the pack, its table, and what was found under its name.
struct Item {
  const IndexDefinition* definition;
  pg::Relation table;
  std::optional<Found> found;
  std::string form;    ///< as the pack wants it; empty where nobody knows
  std::string misfit;  ///< why it cannot be made, with what to do; empty where it can

  State state() const;
  /// True if an INVALID index may be built anew unasked: it carries our comment, or has the very
  /// definition that the pack gives it (a run that was killed before it could put its comment on).
  bool repairable() const;
  /// The index's quoted and qualified name.
  std::string quoted() const;
  std::string quoted_table() const;
};

struct View {
  std::vector<Item> items;
  std::string forms_unknown_because;
};

/// What becomes of an index that cannot be made: an error, or an item that says so.
enum class Misfits { kThrow, kReport };

/// Throws Error (usage) for a missing table, and unless misfits are reported, for a name that
/// belongs to something else and for a definition that does not fit its table.
View look(pg::Session& session, const Pack& pack, const pg::Naming& naming,
          Misfits misfits = Misfits::kThrow);

/// One index again, after something was done about it.
std::optional<Found> find(pg::Session& session, const IndexDefinition& index,
                          const pg::Relation& table);

/// An INVALID index that REINDEX CONCURRENTLY or a replacement has left beside `item`.
struct Leftover {
  std::string quoted;
  bool ours = false;  ///< it is another try at an index of ours
};
std::vector<Leftover> leftovers(pg::Session& session, const Item& item);
/// Those that nobody is at work on: another session's REINDEX looks the same until it is done.
std::vector<Leftover> leftovers_at_rest(pg::Session& session, const Item& item);

/// The name that a better version of index `name` is built under before it takes its place.
std::string replacement_name(const std::string& name);

/// Beginnings that the results of all verbs have in common.
core::Result new_result(const std::string& verb, const Pack& pack);
core::Table new_table(std::vector<core::Column> columns);
core::Array row_of(const Item& item, core::Array rest);

}  // namespace scalectl::index
