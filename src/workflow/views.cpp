#include "workflow/views.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/relation.hpp"

namespace scalectl::workflow {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

/// The two views by the names that the catalog knows them by, in the order in which they are made.
constexpr const char* kViewNames[] = {"step_readiness_statuses", "task_execution_contexts"};

/// The views live beside the tables.
pg::Naming objects_beside_tables(pg::Session& session, const pg::Naming& naming) {
  const pg::Relation tasks = pg::require_relation(session, naming.table("tasks"), "tasks");
  return {tasks.schema, {}, naming.prefix()};
}

/// A change as the bookkeeping remembers it.
struct Change {
  std::int64_t id = 0;
  int version = 0;
  std::string checksum;
  std::string installed_at;
  std::optional<std::string> found;
};

template <typename Connection>
std::vector<Change> changes(Connection& connection, const pg::Naming& objects) {
  if (!connection.query("SELECT to_regclass('scalectl.view_versions') IS NOT NULL AS there")
           .boolean(0, "there")) {
    return {};
  }
  const pg::Rows rows = connection.query(
      "SELECT change_id, version, checksum, found::text AS found,"
      "       to_char(installed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS at"
      "  FROM scalectl.view_versions WHERE schema_name = $1 AND prefix = $2"
      " ORDER BY change_id DESC LIMIT 2",
      {*objects.schema(), objects.prefix()});
  std::vector<Change> list;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    list.push_back({.id = rows.integer(i, "change_id"),
                    .version = static_cast<int>(rows.integer(i, "version")),
                    .checksum = rows.text(i, "checksum"),
                    .installed_at = rows.text(i, "at"),
                    .found = rows.at(i, "found")});
  }
  return list;
}

/// False where the bookkeeping is there and this role may not read it.
bool may_read_changes(pg::Session& session) {
  return session
      .query("SELECT coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE')"
             "                         AND has_table_privilege(c.oid, 'SELECT')), true) AS may"
             "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
             " WHERE n.nspname = 'scalectl' AND c.relname = 'view_versions'")
      .boolean(0, "may");
}

/// The definitions of those of the two views that are there, by name.
template <typename Connection>
core::Object definitions(Connection& connection, const pg::Naming& objects) {
  core::Object found;
  for (const char* view : kViewNames) {
    const pg::Rows rows = connection.query(
        "SELECT pg_get_viewdef(c.oid) AS definition FROM pg_class c"
        " WHERE c.oid = to_regclass($1) AND c.relkind = 'v'",
        {objects.table(view)});
    if (!rows.empty()) found.set(view, rows.text(0, "definition"));
  }
  return found;
}

void create(pg::Transaction& tx, const ViewVersion& version, const pg::Naming& tables,
            const pg::Naming& objects) {
  const auto quote = [&](const std::string& name) {
    return version.makes(name) ? objects.table(name) : tables.table(name);
  };
  for (const ViewObject& object : version.objects) tx.query(object.create.bind(quote, {}).sql);
}

/// Drops whatever any of the versions makes, last made first. Throws Error (usage) where other
/// objects depend on it.
void drop_all(pg::Transaction& tx, const std::vector<ViewVersion>& versions,
              const pg::Naming& objects) {
  try {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      for (auto object = version->objects.rbegin(); object != version->objects.rend(); ++object) {
        tx.query(fmt::format("DROP {} IF EXISTS {}", object->is_function ? "FUNCTION" : "VIEW",
                             objects.table(object->name)));
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFailed) throw;
    throw usage_error(error.message(),
                      "drop what depends on the views first, and make it again afterwards");
  }
}

void lock(pg::Transaction& tx) {
  tx.query("SET LOCAL lock_timeout = '10s'");
  tx.query("SELECT pg_advisory_xact_lock(8314892176759550060)");  // as for migrations
}

void remember(pg::Transaction& tx, const pg::Naming& objects, int version,
              const std::string& checksum, const core::Object& found,
              const std::string& scalectl_version) {
  tx.query(
      "INSERT INTO scalectl.view_versions (schema_name, prefix, version, checksum, found,"
      "                                    scalectl_version) VALUES ($1, $2, $3, $4, $5, $6)",
      {*objects.schema(), objects.prefix(), std::to_string(version), checksum,
       found.empty() ? pg::Param() : pg::Param(core::to_json(found)), scalectl_version});
}

void restore_found(pg::Transaction& tx, const std::string& json, const pg::Naming& objects) {
  const core::Value value = core::parse_json(json, "scalectl.view_versions");
  for (const char* view : kViewNames) {
    const core::Value* definition = value.if_object()->find(view);
    if (definition == nullptr) continue;
    tx.query(fmt::format("CREATE VIEW {} AS {}", objects.table(view), *definition->if_text()));
  }
}

core::Result new_result(const std::string& verb, const pg::Naming& objects) {
  core::Result result{.command = "workflow views " + verb};
  result.params.set("schema", *objects.schema()).set("prefix", objects.prefix());
  return result;
}

}  // namespace

core::Result install_views(pg::Session& session, const catalog::Catalog& catalog,
                           const pg::Naming& naming, int version, bool replace,
                           const std::string& scalectl_version, core::Observer& observer) {
  const core::Stopwatch watch;
  const ViewVersion wanted = load_version(catalog, version);
  const pg::Naming objects = objects_beside_tables(session, naming);
  core::Result result = new_result("install", objects);

  pg::Transaction tx = session.begin();
  lock(tx);
  const auto before = changes(tx, objects);
  const core::Object found = definitions(tx, objects);
  const bool ours = !before.empty() && before.front().version > 0;
  if (!ours && !found.empty() && !replace) {
    throw usage_error(fmt::format("{} is there, and scalectl did not install it",
                                  objects.table(found.begin()->first)),
                      "--replace puts ours in its place; workflow views rollback brings it back");
  }
  const bool same = ours && before.front().version == wanted.version &&
                    before.front().checksum == wanted.checksum && found.size() == 2;
  result.metrics.set("version", wanted.version);
  if (ours) result.metrics.set("previous_version", before.front().version);
  if (same) {
    result.notes.push_back(fmt::format("nothing to do: v{} is installed", wanted.version));
    watch.stamp(result);
    return result;
  }
  if (!ours && !found.empty()) remember(tx, objects, 0, "", found, scalectl_version);
  drop_all(tx, load_versions(catalog), objects);
  create(tx, wanted, naming, objects);
  remember(tx, objects, wanted.version, wanted.checksum, {}, scalectl_version);
  tx.commit();
  observer.info(fmt::format("Installed the views in version v{}: {}", wanted.version,
                            wanted.summary));
  watch.stamp(result);
  return result;
}

core::Result roll_back_views(pg::Session& session, const catalog::Catalog& catalog,
                             const pg::Naming& naming, core::Observer& observer) {
  const core::Stopwatch watch;
  const pg::Naming objects = objects_beside_tables(session, naming);
  core::Result result = new_result("rollback", objects);

  pg::Transaction tx = session.begin();
  lock(tx);
  const auto before = changes(tx, objects);
  if (before.empty()) {
    throw usage_error("there is nothing to roll back", "scalectl workflow views install comes first");
  }
  drop_all(tx, load_versions(catalog), objects);
  const bool none = before.size() == 1;
  std::string now = "there are none";
  if (!none && before[1].version > 0) {
    const ViewVersion previous = load_version(catalog, before[1].version);
    create(tx, previous, naming, objects);
    now = fmt::format("version v{}", previous.version);
  } else if (!none) {
    restore_found(tx, before[1].found.value_or("{}"), objects);
    now = "those from before scalectl";
    tx.query("DELETE FROM scalectl.view_versions WHERE change_id = $1",
             {std::to_string(before[1].id)});
  }
  tx.query("DELETE FROM scalectl.view_versions WHERE change_id = $1",
           {std::to_string(before[0].id)});
  tx.commit();
  result.metrics.set("version", none ? core::Value() : core::Value(before[1].version))
      .set("previous_version", before[0].version);
  observer.info(fmt::format("Rolled the views back from v{}: now {}", before[0].version, now));
  watch.stamp(result);
  return result;
}

core::Result views_status(pg::Session& session, const catalog::Catalog& catalog,
                          const pg::Naming& naming) {
  const core::Stopwatch watch;
  const pg::Naming objects = objects_beside_tables(session, naming);
  core::Result result = new_result("status", objects);
  const auto before = changes(session, objects);
  const core::Object found = definitions(session, objects);
  core::Table table{.key = "versions",
                    .title = "",
                    .columns = {{"version", "version"}, {"state", "state"},
                                {"installed_at", "installed at (UTC)"}, {"summary", "summary"}},
                    .rows = {}};
  for (const ViewVersion& version : load_versions(catalog)) {
    const bool current = !before.empty() && before.front().version == version.version;
    std::string state = "available";
    if (current) {
      state = found.size() < 2                                ? "dropped since"
              : before.front().checksum == version.checksum ? "installed"
                                                            : "installed, other text";
    }
    if (current && state != "installed") result.verdict = core::Verdict::kWarn;
    table.rows.push_back({fmt::format("v{}", version.version), state,
                          current ? core::Value(before.front().installed_at) : core::Value(),
                          version.summary});
  }
  const bool ours = !before.empty() && before.front().version > 0;
  result.metrics.set("version", ours ? core::Value(before.front().version) : core::Value());
  if (!ours) {
    result.verdict = core::Verdict::kWarn;
    result.notes.emplace_back(found.empty()
                                  ? "no views are installed: scalectl workflow views install"
                                  : "the views that are there were not installed by scalectl");
  }
  result.tables.push_back(std::move(table));
  watch.stamp(result);
  return result;
}

Views Views::open(pg::Session& session, const catalog::Catalog& catalog, const pg::Naming& naming,
                  int version) {
  Views views;
  views.tables_ = naming;
  const pg::Naming objects = objects_beside_tables(session, naming);
  // Whoever may not read the record works with views of its own.
  const auto before =
      may_read_changes(session) ? changes(session, objects) : std::vector<Change>();
  const bool there = !before.empty() && before.front().version > 0 &&
                     definitions(session, objects).size() == 2;
  const bool installed = there && (version == 0 || before.front().version == version);
  const ViewVersion wanted = load_version(catalog, installed ? before.front().version : version);
  if (installed && before.front().checksum != wanted.checksum) {
    throw usage_error(
        fmt::format("the installed views are not this scalectl's v{}", wanted.version),
        "scalectl workflow views install puts them right");
  }
  views.version_ = wanted.version;
  views.has_functions_ = wanted.makes("step_readiness_for_tasks");
  views.temporary_ = !installed;
  views.objects_ = installed ? objects : pg::Naming("pg_temp", {}, naming.prefix());
  if (installed) return views;
  try {
    pg::Transaction tx = session.begin();
    drop_all(tx, load_versions(catalog), views.objects_);  // of an earlier open()
    create(tx, wanted, naming, views.objects_);
    tx.commit();
  } catch (const Error& error) {
    throw Error(error.kind() == ErrorKind::kConnection ? error.kind() : ErrorKind::kUsage,
                fmt::format("the views v{} are not installed, and cannot be made for this session: {}",
                            wanted.version, error.message()),
                "an owner of the tables can run scalectl workflow views install, and grant this role"
                " SELECT on the views and on scalectl.view_versions");
  }
  return views;
}

}  // namespace scalectl::workflow
