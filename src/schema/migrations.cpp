#include "schema/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/identifier.hpp"
#include "schema/replaced.hpp"

namespace scalectl::schema {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

/// One at a time: the key of the advisory lock, "scalectl" in ASCII.
constexpr const char* kLock = "SELECT pg_advisory_xact_lock(8314892176759550060)";
constexpr const char* kLockTimeout = "SET LOCAL lock_timeout = '30s'";

/// What an init did.
struct Work {
  int migrations = 0;  ///< that the database has now
  int applied = 0;     ///< of them by this init
  int made = 0;        ///< things that the upkeep of earlier ones made
  int found = 0;       ///< migrations whose tables somebody else has made

  Work& operator+=(const Work& other) {
    migrations += other.migrations;
    applied += other.applied;
    made += other.made;
    found += other.found;
    return *this;
  }
};

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

  std::string quoted(const std::string& table) const {
    return pg::quote_identifier(schema) + "." + pg::quote_identifier(prefix + table);
  }
};

/// The bookkeeping's own tables.
const Place kOwnPlace{.family = kBookkeeping, .schema = kBookkeeping, .prefix = "", .key = kBookkeeping};

std::string schema_of(pg::Session& session, const Options& options) {
  if (options.family == kBookkeeping) return kBookkeeping;
  if (options.schema) {
    pg::quote_identifier(*options.schema);  // for its checks
    return *options.schema;
  }
  // A role called scalectl has the bookkeeping's schema as its "$user"; that is not where it belongs.
  const pg::Rows rows = session.query(
      "SELECT name FROM unnest(current_schemas(false)) AS name WHERE name <> $1 LIMIT 1",
      {kBookkeeping});
  if (rows.empty()) {
    throw usage_error("no schema of the search_path exists", "name one with --schema");
  }
  return rows.text(0, "name");
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

constexpr const char* kApplied =
    "SELECT version, checksum, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at"
    "  FROM scalectl.migrations WHERE family = $1 AND schema_name = $2 ORDER BY version";

template <typename Connection>
std::vector<Applied> applied_in(Connection& connection, const Place& place) {
  std::vector<Applied> applied;
  const pg::Rows rows = connection.query(kApplied, {place.key, place.schema});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    applied.push_back({.version = static_cast<int>(rows.integer(i, "version")),
                       .checksum = rows.text(i, "checksum"),
                       .applied_at = rows.text(i, "at")});
  }
  return applied;
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

/// Refuses to go on from a history that is not ours.
void check_history(const std::vector<Migration>& known, const std::vector<Applied>& applied,
                   const std::string& family) {
  for (const Applied& row : applied) {
    const auto migration = std::find_if(known.begin(), known.end(), [&](const Migration& m) {
      return m.version == row.version;
    });
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

/// The quoted name of `known` under the place's prefix. Throws Error (usage) where that is too long.
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

/// The tables of a migration, by whether `place` has them.
struct Presence {
  std::vector<std::string> there;
  std::vector<std::string> missing;

  bool all() const { return !there.empty() && missing.empty(); }
};

template <typename Connection>
Presence presence_of(Connection& connection, const Migration& migration, const Place& place) {
  Presence presence;
  for (const std::string& table : migration.tables) {
    const bool there =
        connection.query("SELECT to_regclass($1) IS NOT NULL AS there", {place.quoted(table)})
            .boolean(0, "there");
    (there ? presence.there : presence.missing).push_back(place.prefix + table);
  }
  return presence;
}

/// True for a migration whose tables somebody else made: a real Tasker database, or a restored dump
/// without our record. It is not for us to make them, nor to drop them. Throws Error (usage) where
/// only some of them are there.
bool made_elsewhere(pg::Transaction& tx, const Migration& migration, const Place& place) {
  const Presence presence = presence_of(tx, migration, place);
  if (presence.there.empty() || presence.all()) return presence.all();
  throw usage_error(
      fmt::format("schema {} has {}, which scalectl did not make, but not {}", place.schema,
                  core::join(presence.there, ", "), core::join(presence.missing, ", ")),
      fmt::format("{} {} is all of them: give it a --schema or a --prefix of its own", place.family,
                  migration.name));
}

/// Compares the record with the tables. Where all of them are gone (a schema that was dropped and
/// made again), the record goes too. Throws Error (usage) where some are gone.
void forget_what_is_gone(pg::Transaction& tx, const std::vector<Migration>& known,
                         const Place& place, std::vector<Applied>& applied,
                         core::Observer& observer) {
  std::vector<std::string> missing;
  bool any = false;
  for (const Migration& migration : known) {
    if (find(applied, migration.version) == nullptr) continue;
    const Presence presence = presence_of(tx, migration, place);
    any = any || !presence.there.empty();
    missing.insert(missing.end(), presence.missing.begin(), presence.missing.end());
  }
  if (missing.empty()) return;
  if (any) {
    throw usage_error(fmt::format("schema {} has lost {}, which {} made there", place.schema,
                                  core::join(missing, ", "), place.family),
                      fmt::format("restore what is missing; or scalectl db drop {} takes the rest "
                                  "away, and init makes all of it again",
                                  place.family));
  }
  observer.warn(fmt::format("The tables of {} in schema {} are gone: making them again",
                            place.family, place.schema));
  tx.query("DELETE FROM scalectl.migrations WHERE family = $1 AND schema_name = $2",
           {place.key, place.schema});
  applied.clear();
}

void apply(pg::Transaction& tx, const Migration& migration, const Place& place,
           core::Observer& observer) {
  const auto quote = [&](const std::string& name) { return quote_in(place, name); };
  const std::string sql = migration.sql.bind(quote, {}).sql;
  std::vector<std::string> replaced;
  for (const std::string& table : migration.replaces) replaced.push_back(place.quoted(table));
  const Replaced before(tx, replaced);
  tx.query(sql);
  before.put_back(tx, observer);
}

/// Runs the migration's upkeep; how many things that made.
int keep_up(pg::Transaction& tx, const Migration& migration, const Place& place,
            core::Observer& observer) {
  const pg::Rows made = tx.query("SELECT made FROM " + place.quoted(migration.upkeep) + "() AS made");
  for (std::size_t i = 0; i < made.size(); ++i) observer.info("Made " + made.text(i, "made"));
  return static_cast<int>(made.size());
}

/// Applies the missing migrations of one family inside `tx`, and those optional ones that `wanted`
/// names; what has been applied before is kept up where it is wanted again.
Work apply_missing(pg::Transaction& tx, const std::vector<Migration>& known, const Place& place,
                   const std::vector<std::string>& wanted, const std::string& version,
                   core::Observer& observer) {
  const bool remembers =
      tx.query("SELECT to_regclass('scalectl.migrations') IS NOT NULL AS there").boolean(0, "there");
  auto applied = remembers ? applied_in(tx, place) : std::vector<Applied>{};
  check_history(known, applied, place.family);
  if (place.family != kBookkeeping) forget_what_is_gone(tx, known, place, applied, observer);
  if (tx.query("SELECT to_regnamespace(quote_ident($1)) IS NULL AS missing", {place.schema})
          .boolean(0, "missing")) {
    tx.query("CREATE SCHEMA " + pg::quote_identifier(place.schema));
  }
  tx.query("SET LOCAL search_path TO " + pg::quote_identifier(place.schema));
  Work work;
  for (const Migration& migration : known) {
    const bool is_wanted =
        std::find(wanted.begin(), wanted.end(), migration.optional) != wanted.end();
    if (find(applied, migration.version) != nullptr) {
      ++work.migrations;
      if (is_wanted && !migration.upkeep.empty()) {
        work.made += keep_up(tx, migration, place, observer);
      }
      continue;
    }
    if (!migration.optional.empty() && !is_wanted) continue;
    if (place.family != kBookkeeping && made_elsewhere(tx, migration, place)) {
      ++work.found;
      continue;
    }
    apply(tx, migration, place, observer);
    tx.query(
        "INSERT INTO scalectl.migrations (family, schema_name, version, name, checksum,"
        "                                 scalectl_version) VALUES ($1, $2, $3, $4, $5, $6)",
        {place.key, place.schema, std::to_string(migration.version), migration.name,
         migration.checksum, version});
    observer.info(fmt::format("Applied {} {:03} {} in schema {}", place.family, migration.version,
                              migration.name, place.schema));
    ++work.migrations;
    ++work.applied;
  }
  tx.query("SET LOCAL search_path TO DEFAULT");
  return work;
}

/// What was done to the family itself; `applied` counts the bookkeeping's migrations too.
Work init_family(pg::Session& session, const catalog::Catalog& catalog,
                 const std::vector<Migration>& known, const Place& place, const Options& options,
                 core::Observer& observer) {
  pg::Transaction tx = session.begin();
  tx.query(kLockTimeout);
  tx.query(kLock);
  Work work = apply_missing(tx, load(catalog, kBookkeeping), kOwnPlace, {}, options.version, observer);
  if (place.family != kBookkeeping) {
    work.migrations = 0;
    work += apply_missing(tx, known, place, options.optional, options.version, observer);
  }
  tx.commit();
  return work;
}

core::Result new_result(const std::string& verb, const Place& place) {
  core::Result result{.command = "db " + verb, .name = place.family};
  result.params.set("schema", place.schema);
  if (!place.prefix.empty()) result.params.set("prefix", place.prefix);
  return result;
}

/// The tables that `known` creates and that exist in `place`, with their row counts; oldest first.
std::vector<std::pair<std::string, std::int64_t>> tables_with_rows(
    pg::Session& session, const std::vector<Migration>& known, const Place& place) {
  std::vector<std::pair<std::string, std::int64_t>> tables;
  for (const Migration& migration : known) {
    for (const std::string& table : migration.tables) {
      const std::string quoted = place.quoted(table);
      if (!session.query("SELECT to_regclass($1) IS NOT NULL AS there", {quoted})
               .boolean(0, "there")) {
        continue;
      }
      const pg::Rows rows = session.query("SELECT count(*) AS n FROM " + quoted);
      tables.emplace_back(place.prefix + table, rows.integer(0, "n"));
    }
  }
  return tables;
}

/// True where the record says that scalectl has installed views on these tables.
bool has_views_of_ours(pg::Transaction& tx, const Place& place) {
  return tx.query("SELECT to_regclass('scalectl.view_versions') IS NOT NULL AS kept")
             .boolean(0, "kept") &&
         !tx.query(
                "SELECT FROM scalectl.view_versions"
                " WHERE schema_name = $1 AND prefix = $2 AND version > 0 LIMIT 1",
                {place.schema, place.prefix})
              .empty();
}

/// Drops the functions of the applied migrations, last made first.
void drop_functions(pg::Transaction& tx, const std::vector<Migration>& known,
                    const std::vector<Applied>& applied, const Place& place) {
  for (auto migration = known.rbegin(); migration != known.rend(); ++migration) {
    if (find(applied, migration->version) == nullptr) continue;
    for (auto at = migration->functions.rbegin(); at != migration->functions.rend(); ++at) {
      const std::string function = place.quoted(at->name) + at->types;
      if (tx.query("SELECT to_regprocedure($1) IS NOT NULL AS there", {function})
              .boolean(0, "there")) {
        tx.query("DROP FUNCTION " + function);
      }
    }
  }
}

}  // namespace

void check(const catalog::Catalog& catalog, const Options& options) {
  std::vector<std::string> names;
  for (const Migration& migration : load(catalog, options.family)) {
    if (!migration.optional.empty()) names.push_back(migration.optional);
  }
  for (const std::string& wanted : options.optional) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    throw usage_error(fmt::format("reference schema {} cannot be {}", options.family, wanted),
                      names.empty() ? "it has one layout only: leave the option out"
                                    : "it can be: " + core::join(names, ", "));
  }
}

core::Result init(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                  core::Observer& observer) {
  const core::Stopwatch watch;
  const auto known = load(catalog, options.family);
  check(catalog, options);
  const Place place = place_of(session, known, options);
  core::Result result = new_result("init", place);
  if (!options.optional.empty()) result.params.set("optional", core::join(options.optional, ","));
  const Work work = init_family(session, catalog, known, place, options, observer);
  result.metrics.set("migrations", work.migrations).set("applied", work.applied);
  if (!options.optional.empty()) result.metrics.set("made", work.made);
  if (work.found > 0) {
    result.metrics.set("found", work.found);
    result.notes.emplace_back("tables that somebody else has made are used as they are");
  } else if (work.applied + work.made == 0) {
    result.notes.emplace_back("nothing to do: every migration is applied");
  }
  watch.stamp(result);
  return result;
}

core::Result status(pg::Session& session, const catalog::Catalog& catalog,
                    const Options& options) {
  const core::Stopwatch watch;
  const auto known = load(catalog, options.family);
  const Place place = place_of(session, known, options);
  core::Result result = new_result("status", place);
  const auto applied = applied_or_none(session, place);
  core::Table migrations{
      .key = "migrations",
      .title = "",
      .columns = {{"version", "version"}, {"name", "migration"}, {"state", "state"},
                  {"applied_at", "applied at (UTC)"}, {"summary", "summary"}},
      .rows = {}};
  for (const Migration& migration : known) {
    const Applied* row = find(applied, migration.version);
    const Presence presence = presence_of(session, migration, place);
    std::string state = migration.optional.empty() ? "pending" : "optional";
    if (row != nullptr) {
      state = !presence.missing.empty()             ? "tables gone"
              : row->checksum == migration.checksum ? "applied"
                                                    : "changed";
    } else if (presence.all()) {
      state = "found";
    }
    if (state == "pending" || state == "changed" || state == "tables gone") {
      result.verdict = core::Verdict::kWarn;
    }
    migrations.rows.push_back({migration.version, migration.name, state,
                               row != nullptr ? core::Value(row->applied_at) : core::Value(),
                               migration.summary});
  }
  core::Table tables{.key = "tables",
                     .title = "",
                     .columns = {{"table", "table"}, {"rows", "rows", core::Unit::kCount}},
                     .rows = {}};
  for (const auto& [table, rows] : tables_with_rows(session, known, place)) {
    tables.rows.push_back({table, rows});
  }
  result.tables = {std::move(migrations), std::move(tables)};
  watch.stamp(result);
  return result;
}

core::Result drop(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                  bool confirmed, core::Observer& observer) {
  const core::Stopwatch watch;
  const auto known = load(catalog, options.family);
  const Place place = place_of(session, known, options);
  core::Result result = new_result("drop", place);
  const auto applied = applied_or_none(session, place);
  std::vector<Migration> ours;
  bool others = false;  // made tables that are not ours to drop
  for (const Migration& migration : known) {
    if (find(applied, migration.version) != nullptr)
      ours.push_back(migration);
    else
      others = others || !presence_of(session, migration, place).there.empty();
  }
  const auto tables = tables_with_rows(session, ours, place);
  std::vector<std::string> filled;
  std::vector<std::string> quoted;
  for (const auto& [table, rows] : tables) {
    if (rows > 0) filled.push_back(fmt::format("{} ({} rows)", table, core::grouped(rows)));
    quoted.push_back(pg::quote_identifier(place.schema) + "." + pg::quote_identifier(table));
  }
  const bool remade =
      std::any_of(ours.begin(), ours.end(), [](const Migration& m) { return !m.replaces.empty(); });
  if (others && (applied.empty() || remade)) {
    throw usage_error(
        fmt::format("schema {} has tables of that name, but scalectl did not make them",
                    place.schema),
        "drop them yourself if that is what you want");
  }
  if (applied.empty()) {
    result.metrics.set("tables", 0);
    result.notes.emplace_back("nothing to do: it is not there");
    watch.stamp(result);
    return result;
  }
  const bool rows_may_go = confirmed || pg::is_lab(session);
  const auto refuse = [](const std::string& which) {
    throw usage_error("these tables hold rows: " + which,
                      "add --yes to drop them with all that is in them");
  };
  if (!filled.empty() && !rows_may_go) refuse(core::join(filled, ", "));
  pg::Transaction tx = session.begin();
  tx.query(kLockTimeout);
  tx.query(kLock);
  if (!quoted.empty()) {
    const std::string list = core::join(quoted, ", ");
    tx.query("LOCK TABLE " + list + " IN ACCESS EXCLUSIVE MODE");
    for (const std::string& table : quoted) {  // somebody may have written since we looked
      if (!rows_may_go && !tx.query("SELECT FROM " + table + " LIMIT 1").empty()) refuse(table);
    }
    const bool views = has_views_of_ours(tx, place);
    try {
      drop_functions(tx, known, applied, place);
      tx.query("DROP TABLE " + list);
    } catch (const Error& error) {
      if (!views || error.kind() != ErrorKind::kUsage) throw;
      throw Error(error.kind(), error.message(),
                  "scalectl workflow views rollback takes back each install of the views");
    }
  }
  if (options.family == kBookkeeping) {
    tx.query("DROP SCHEMA scalectl");
  } else {
    tx.query("DELETE FROM scalectl.migrations WHERE family = $1 AND schema_name = $2",
             {place.key, place.schema});
  }
  tx.commit();
  result.metrics.set("tables", quoted.size());
  observer.info(fmt::format("Dropped {} tables of {} in schema {}", quoted.size(), place.family,
                            place.schema));
  watch.stamp(result);
  return result;
}

bool ensure_bookkeeping(pg::Session& session, const catalog::Catalog& catalog,
                        const std::string& version, core::Observer& observer) {
  const auto known = load(catalog, kBookkeeping);
  try {
    if (applied_or_none(session, kOwnPlace).size() == known.size()) return true;
    init_family(session, catalog, known, kOwnPlace, {.family = kBookkeeping, .version = version},
                observer);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUsage) throw;
    observer.warn(fmt::format("this run will not be recorded: {}", error.message()));
    return false;
  }
}

namespace {

/// False where the bookkeeping is there and this role may not read it: it makes no tables either.
bool may_read_record(pg::Session& session) {
  return session
      .query("SELECT coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE')"
             "                         AND has_table_privilege(c.oid, 'SELECT')), true) AS may"
             "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
             " WHERE n.nspname = 'scalectl' AND c.relname = 'migrations'")
      .boolean(0, "may");
}

}  // namespace

void ensure_in_lab(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                   core::Observer& observer) {
  if (!pg::is_lab(session) || !may_read_record(session)) return;
  const auto known = load(catalog, options.family);
  const Place place = place_of(session, known, options);
  // A schema that was named and is not there is more likely a slip than a wish.
  if (options.schema && session.query("SELECT to_regnamespace(quote_ident($1)) IS NULL AS missing",
                                      {place.schema})
                            .boolean(0, "missing")) {
    return;
  }
  if (!applied_or_none(session, place).empty()) return;
  // Nor is anything added to tables that were brought here, such as a dump of a real database.
  if (std::any_of(known.begin(), known.end(), [&](const Migration& migration) {
        return !presence_of(session, migration, place).there.empty();
      })) {
    return;
  }
  init_family(session, catalog, known, place, options, observer);
}

}  // namespace scalectl::schema
