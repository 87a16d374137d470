// Target: which PostgreSQL to talk to, as the conventions order it.
#pragma once

#include <optional>
#include <string>

namespace scalectl::pg {

/// What is handed to libpq; an empty conninfo means libpq's own environment (PGHOST, PGSERVICE, …).
struct Target {
  std::string conninfo;
};

/// `dsn` where given, else DATABASE_URL, else libpq's environment where any of it is set, else
/// nothing. Throws Error (usage) for a DSN that libpq cannot read; never quotes it, since it may
/// hold a password.
std::optional<Target> find_target(const std::optional<std::string>& dsn);

/// The same server and login, but database `name`.
Target with_database(const Target& target, const std::string& name);

/// Which database that is, without user or password: "db.example:5432/game". A server on this
/// machine has its name in it, so that two machines' own databases are told apart; one database
/// that is reached by different names counts as two.
std::string place_of(const Target& target);

/// True if a server at `target` takes connections (no login needed): libpq's PQping.
bool accepts_connections(const Target& target);

}  // namespace scalectl::pg
