#include "tick/holders.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::tick {
namespace {

constexpr const char* kHolders =
    "SELECT a.pid, a.usename, a.state, to_char(a.xact_start AT TIME ZONE 'UTC',"
    "         'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS since"
    "  FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND EXISTS ("
    "    SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation'"
    "       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    "       AND l.relation = ANY ($1::oid[])"
    "       AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock'))"
    " ORDER BY a.xact_start LIMIT 3";

}  // namespace

std::string holders_of(pg::Session& session, const std::vector<pg::Relation>& relations) {
  std::vector<std::string> oids;
  for (const pg::Relation& relation : relations) oids.push_back(std::to_string(relation.oid));
  std::vector<std::string> holders;
  try {
    const pg::Rows rows = session.query(kHolders, {"{" + core::join(oids, ",") + "}"});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string text = fmt::format("pid {} (user {}", rows.text(i, "pid"),
                                     rows.at(i, "usename").value_or("unknown"));
      if (const auto state = rows.at(i, "state")) text += ", " + *state;
      text += ")";
      if (const auto since = rows.at(i, "since")) text += " since " + *since;
      holders.push_back(std::move(text));
    }
  } catch (const core::Error&) {  // what has failed already is what counts
  }
  return core::join(holders, "; ");
}

}  // namespace scalectl::tick
