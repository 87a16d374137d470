// The record: where a family's tables are, and what the database remembers of their migrations.
#pragma once

#include <string>
#include <vector>

#include "pg/session.hpp"
#include "schema/migrations.hpp"

namespace scalectl::schema {

/// A migration as the database remembers it.
struct Applied {
  int version;
  std::string checksum;
  std::string applied_at;
};

/// Where a family's tables are, or will be.
struct Place {
  std::string family;
  std::string schema;
  std::string prefix;
  std::string key;  ///< as the bookkeeping calls the family there

  std::string quoted(const std::string& table) const;
};

/// The bookkeeping's own tables.
Place own_place();

/// Where `options` say. Throws Error (usage) where no schema of the search_path exists.
Place place_of(pg::Session& session, const std::vector<Migration>& known, const Options& options);

bool has_bookkeeping(pg::Session& session);

/// What is recorded for `place`, oldest first; the bookkeeping must be there.
std::vector<Applied> applied_in(pg::Session& session, const Place& place);
std::vector<Applied> applied_in(pg::Transaction& tx, const Place& place);
/// The same, nothing where there is no bookkeeping.
std::vector<Applied> applied_or_none(pg::Session& session, const Place& place);

/// Null where it is not recorded.
const Applied* find(const std::vector<Applied>& applied, int version);

/// Refuses to go on from a history that is not ours.
void check_history(const std::vector<Migration>& known, const std::vector<Applied>& applied,
                   const std::string& family);

/// The quoted name of `known` under the place's prefix. Throws Error (usage) where that is too
/// long.
std::string quote_in(const Place& place, const std::string& known);

}  // namespace scalectl::schema
