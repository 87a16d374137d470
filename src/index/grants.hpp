// Grants: what a role without superuser's rights lacks, said before anything is tried, with the
// statement that gives it.
#pragma once

#include <string>

#include "core/error.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// Why this session can make no temporary table, with the remedy; "" where it can.
std::string why_no_temporary_tables(pg::Session& session);

/// "role … may not read …; GRANT SELECT …"; "" where the session may read the table.
std::string missing_select(pg::Session& session, const std::string& quoted);

/// Throws Error (usage) unless the session may read the table.
void require_select(pg::Session& session, const std::string& quoted);

/// Throws Error (usage) unless the session may create relations in this schema.
void require_create(pg::Session& session, const std::string& schema);

/// Throws Error (usage) unless the session's role has the rights of the table's owner and may
/// create in its schema, which is what CREATE INDEX asks for.
void require_builder(pg::Session& session, const pg::Relation& table);

/// Throws Error (connection) where the server takes no writes (SQLSTATE 25006).
void require_primary(pg::Session& session);

/// "" where the session sees what other sessions do; else the GRANT that would show it.
std::string missing_sight(pg::Session& session);

/// Throws Error (usage) where the extension is there, in a schema that the role may not use.
void require_usage_of_extension(pg::Session& session, const std::string& name);

}  // namespace scalectl::index
