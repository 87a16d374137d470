// Relation: what the server's catalogue says of one table, for checks before any work is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/session.hpp"

namespace scalectl::pg {

struct RelationColumn {
  std::string name;
  std::string type;  ///< as format_type writes it: bigint, text, timestamp with time zone
};

struct Relation {
  std::int64_t oid = 0;
  std::string schema;
  std::string name;
  bool plain = false;  ///< an ordinary table: not partitioned, not a view
  bool partitioned = false;
  bool owned = false;  ///< the session's role has the owner's rights
  std::vector<RelationColumn> columns;
};

/// The table or view that the quoted name `quoted` resolves to, or nothing.
std::optional<Relation> find_relation(Session& session, const std::string& quoted);

/// The same, but a missing one throws Error (usage) that names it, the search path and a table
/// that sounds alike. `known` is what the catalog calls it, which is what --table goes by; without
/// it, that is taken to be the name itself.
Relation require_relation(Session& session, const std::string& quoted,
                          const std::string& known = "");

}  // namespace scalectl::pg
