#include "schema/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "pg/identifier.hpp"

namespace scalectl::schema {
namespace {

using core::usage_error;

std::string schema_of(pg::Session& session, const Options& options) {
  if (options.family == kBookkeeping) return kBookkeeping;
  if (options.schema) {
    pg::quote_identifier(*options.schema);  // for its checks
    return *options.schema;
  }
  // A role called scalectl has the bookkeeping's schema as its "$user"; that is not where it
  // belongs.
  const pg::Rows rows = session.query(
      "SELECT name FROM unnest(current_schemas(false)) AS name WHERE name <> $1 LIMIT 1",
      {kBookkeeping});
  if (rows.empty()) {
    throw usage_error("no schema of the search_path exists", "name one with --schema");
  }
  return rows.text(0, "name");
}

constexpr const char* kApplied =
    "SELECT version, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS "
    "at"
    "  FROM scalectl.migrations WHERE family = $1 AND schema_name = $2 ORDER BY version";

template <typename Connection>
std::vector<Applied> read_applied(Connection& connection, const Place& place) {
  std::vector<Applied> applied;
  const pg::Rows rows = connection.query(kApplied, {place.key, place.schema});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    applied.push_back({.version = static_cast<int>(rows.integer(i, "version")),
                       .checksum = rows.text(i, "checksum"),
                       .applied_at = rows.text(i, "at")});
  }
  return applied;
}

}  // namespace

std::string Place::quoted(const std::string& table) const {
  return pg::quote_identifier(schema) + "." + pg::quote_identifier(prefix + table);
}

Place own_place() {
  return {.family = kBookkeeping, .schema = kBookkeeping, .prefix = "", .key = kBookkeeping};
}

Place place_of(pg::Session& session, const std::vector<Migration>& known, const Options& options) {
  const std::string usual = known.empty() ? "" : known.front().prefix;
  const std::string prefix = options.prefix.value_or(usual);
  return {.family = options.family,
          .schema = schema_of(session, options),
          .prefix = prefix,
          .key = prefix == usual ? options.family : options.family + ":" + prefix};
}

bool has_bookkeeping(pg::Session& session) {
  return session.query("SELECT to_regclass('scalectl.migrations') IS NOT NULL AS there")
      .boolean(0, "there");
}

std::vector<Applied> applied_in(pg::Session& session, const Place& place) {
  return read_applied(session, place);
}
std::vector<Applied> applied_in(pg::Transaction& tx, const Place& place) {
  return read_applied(tx, place);
}

std::vector<Applied> applied_or_none(pg::Session& session, const Place& place) {
  if (!has_bookkeeping(session)) return {};
  return applied_in(session, place);
}

const Applied* find(const std::vector<Applied>& applied, int version) {
  const auto at = std::find_if(applied.begin(), applied.end(),
                               [&](const Applied& a) { return a.version == version; });
  return at == applied.end() ? nullptr : &*at;
}

void check_history(const std::vector<Migration>& known, const std::vector<Applied>& applied,
                   const std::string& family) {
  for (const Applied& row : applied) {
    const auto migration = std::find_if(
        known.begin(), known.end(), [&](const Migration& m) { return m.version == row.version; });
    if (migration == known.end()) {
      throw usage_error(fmt::format("the database has migration {} of {}, which this scalectl does "
                                    "not know",
                                    row.version, family),
                        "use the newer scalectl that applied it");
    }
    if (migration->checksum != row.checksum) {
      throw usage_error(fmt::format("migration {} {} of {} was changed after it was applied",
                                    row.version, migration->name, family),
                        "a released migration is frozen; put the change into a new one");
    }
  }
}

std::string quote_in(const Place& place, const std::string& known) {
  if (place.prefix.size() + known.size() <= pg::kMaxIdentifierBytes) {
    return pg::quote_identifier(place.prefix + known);
  }
  throw usage_error(
      fmt::format("prefix \"{0}\" makes the name \"{0}{1}\" of {2} bytes", place.prefix, known,
                  place.prefix.size() + known.size()),
      fmt::format("PostgreSQL keeps {} bytes of a name; give a --prefix of at most {}",
                  pg::kMaxIdentifierBytes, pg::kMaxIdentifierBytes - known.size()));
}

}  // namespace scalectl::schema
