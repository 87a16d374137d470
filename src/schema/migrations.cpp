#include "schema/migrations.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/identifier.hpp"
#include "schema/layout.hpp"
#include "schema/record.hpp"
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
  const pg::Rows made =
      tx.query("SELECT made FROM " + place.quoted(migration.upkeep) + "() AS made");
  for (std::size_t i = 0; i < made.size(); ++i) observer.info("Made " + made.text(i, "made"));
  return static_cast<int>(made.size());
}

/// Applies the missing migrations of one family inside `tx`, and those optional ones that `wanted`
/// names; what has been applied before is kept up where it is wanted again.
Work apply_missing(pg::Transaction& tx, const std::vector<Migration>& known, const Place& place,
                   const std::vector<std::string>& wanted, const std::string& version,
                   core::Observer& observer) {
  const bool remembers = tx.query("SELECT to_regclass('scalectl.migrations') IS NOT NULL AS there")
                             .boolean(0, "there");
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
  Work work =
      apply_missing(tx, load(catalog, kBookkeeping), own_place(), {}, options.version, observer);
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

/// False where the files give their tables plain names.
bool takes_prefix(const std::vector<Migration>& known) {
  return std::any_of(known.begin(), known.end(), [](const Migration& migration) {
    return !migration.sql.identifiers().empty();
  });
}

}  // namespace

void check(const catalog::Catalog& catalog, const Options& options) {
  std::vector<std::string> names;
  const auto known = load(catalog, options.family);
  for (const Migration& migration : known) {
    if (!migration.optional.empty()) names.push_back(migration.optional);
  }
  if (options.prefix && !takes_prefix(known)) {
    throw usage_error(
        fmt::format("the tables of reference schema {} have no prefix", options.family),
        "tell two of them apart by --schema");
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

core::Result status(pg::Session& session, const catalog::Catalog& catalog, const Options& options) {
  const core::Stopwatch watch;
  const auto known = load(catalog, options.family);
  const Place place = place_of(session, known, options);
  core::Result result = new_result("status", place);
  const auto applied = applied_or_none(session, place);
  core::Table migrations{.key = "migrations",
                         .title = "",
                         .columns = {{"version", "version"},
                                     {"name", "migration"},
                                     {"state", "state"},
                                     {"applied_at", "applied at (UTC)"},
                                     {"summary", "summary"}},
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
      take_off_layout(tx, catalog, place.family, place.schema, place.prefix);
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
    if (applied_or_none(session, own_place()).size() == known.size()) return true;
    init_family(session, catalog, known, own_place(), {.family = kBookkeeping, .version = version},
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
      .query(
          "SELECT coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE')"
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
  if (options.prefix && !takes_prefix(known)) return;
  // A schema that was named and is not there is more likely a slip than a wish.
  if (options.schema &&
      session.query("SELECT to_regnamespace(quote_ident($1)) IS NULL AS missing", {place.schema})
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
