#include "pg/target.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <map>
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
  constexpr std::array kLibpq{"PGHOST", "PGHOSTADDR", "PGPORT",    "PGDATABASE",
                              "PGUSER", "PGSERVICE",  "PGPASSFILE"};
  for (const char* name : kLibpq) {
    if (set_environment(name) != nullptr) return Target{};
  }
  return std::nullopt;
}

Target with_database(const Target& target, const std::string& name) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(target.conninfo.c_str(), nullptr), PQconninfoFree);
  std::string conninfo;
  const auto add = [&](std::string_view keyword, std::string_view value) {
    conninfo += std::string(conninfo.empty() ? "" : " ") + std::string(keyword) + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') conninfo += '\\';
      conninfo += c;
    }
    conninfo += "'";
  };
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword;
       ++option) {
    if (option->val != nullptr && std::string_view(option->keyword) != "dbname") {
      add(option->keyword, option->val);
    }
  }
  add("dbname", name);
  return {conninfo};
}

std::string place_of(const Target& target) {
  using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
  const Options defaults(PQconndefaults(), PQconninfoFree);  // the environment is among them
  const Options given(PQconninfoParse(target.conninfo.c_str(), nullptr), PQconninfoFree);
  std::map<std::string, std::string> values;
  for (const PQconninfoOption* option : {defaults.get(), given.get()}) {
    for (; option != nullptr && option->keyword != nullptr; ++option) {
      if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
    }
  }
  std::string host = values["host"].empty() ? values["hostaddr"] : values["host"];
  if (values["dbname"].empty()) values["dbname"] = values["user"];
  const bool here = host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost" ||
                    host.rfind("127.", 0) == 0 || host == "::1";
  if (here || !values["service"].empty()) {
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    host = std::string(name.data()) + (host.empty() ? "" : ":") + host;
  }
  if (!values["service"].empty()) host += ":" + values["service"];
  return host + ":" + values["port"] + "/" + values["dbname"];
}

bool accepts_connections(const Target& target) {
  return PQping(target.conninfo.c_str()) == PQPING_OK;
}

}  // namespace scalectl::pg
