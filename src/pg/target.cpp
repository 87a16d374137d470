#include "pg/target.hpp"

#include <libpq-fe.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "core/error.hpp"

namespace scalectl::pg {
namespace {

const char* set_environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

/// A connection string without "=" and without a URI scheme is a database name to libpq; here it is
/// more likely a mistake, and as such it could hide a password in a wrong place.
void check(const std::string& conninfo, const char* origin) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), &message), PQconninfoFree);
  PQfreemem(message);
  if (!options) {
    throw core::usage_error(std::string(origin) + " is not a connection string",
                            "write postgresql://user@host:5432/name or \"host=… dbname=…\"; "
                            "percent-encode special characters in a URI");
  }
}

}  // namespace

std::optional<Target> find_target(const std::optional<std::string>& dsn) {
  if (dsn) {
    check(*dsn, "--dsn");
    return Target{*dsn};
  }
  if (const char* url = set_environment("DATABASE_URL")) {
    check(url, "DATABASE_URL");
    return Target{url};
  }
  constexpr std::array kLibpq{"PGHOST",    "PGHOSTADDR", "PGPORT",   "PGDATABASE",
                              "PGUSER",    "PGSERVICE",  "PGPASSFILE"};
  for (const char* name : kLibpq) {
    if (set_environment(name) != nullptr) return Target{};
  }
  return std::nullopt;
}

bool accepts_connections(const Target& target) {
  return PQping(target.conninfo.c_str()) == PQPING_OK;
}

}  // namespace scalectl::pg
