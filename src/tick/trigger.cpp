#include "tick/trigger.hpp"

#include <fmt/format.h>

#include "catalog/front_matter.hpp"
#include "catalog/sql_text.hpp"
#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "pg/identifier.hpp"
#include "pg/relation.hpp"
#include "tick/statements.hpp"

namespace scalectl::tick {
namespace {

using core::Error;
using core::usage_error;

constexpr const char* kFolder = "sql/triggers";

struct TriggerFile {
  std::string table;     ///< as the tick's SQL calls it
  std::string function;  ///< beside the table
  std::string name;      ///< of the trigger
  catalog::SqlText body;
  catalog::SqlText install;
};

/// The text of section `head`; the mark of a comment that says more may stand in front.
const catalog::Section& section_of(const catalog::File& file,
                                   const std::vector<catalog::Section>& sections,
                                   const std::string& head) {
  for (const catalog::Section& section : sections) {
    if (section.head != head) continue;
    check(file, section, {{.key = "summary", .required = true}});
    return section;
  }
  throw catalog::file_error(file, 1, fmt::format("expected a section @{}", head));
}

TriggerFile load_trigger(const catalog::Catalog& catalog, const Definition& tick) {
  for (const catalog::Entry& entry : catalog.newest(kFolder)) {
    if (entry.name != tick.name) continue;
    const auto sections = catalog::parse_sections(entry.file);
    const catalog::Section& head = sections.front();
    check(entry.file, head,
          {{.key = "trigger", .required = true},
           {.key = "summary", .required = true},
           {.key = "table", .required = true},
           {.key = "function", .required = true},
           {.key = "name", .required = true}});
    const catalog::Section& body = section_of(entry.file, sections, "function");
    const catalog::Section& install = section_of(entry.file, sections, "install");
    auto statements = catalog::split_statements(entry.file, install.body, install.body_line);
    if (statements.size() != 1) {
      throw catalog::file_error(entry.file, install.line, "expected one statement in @install");
    }
    return {.table = head.get("table"),
            .function = head.get("function"),
            .name = head.get("name"),
            .body = catalog::SqlText(entry.file, body.body, body.body_line),
            .install = std::move(statements.front())};
  }
  throw usage_error(fmt::format("tick {} has no trigger variant", tick.name),
                    "combat has one: tick run combat --trigger install");
}

/// Where things are: the function stands beside the table, whatever schema the search path means.
class Names {
 public:
  Names(const Statements& statements, const Options& options, const TriggerFile& file,
        const pg::Relation& relation)
      : statements_(statements), options_(options), file_(file), relation_(relation) {}

  std::string table() const {
    return pg::quote_identifier(relation_.schema) + "." + pg::quote_identifier(relation_.name);
  }
  std::string function() const {
    return pg::quote_identifier(relation_.schema) + "." + pg::quote_identifier(file_.function);
  }
  std::string bind(const catalog::SqlText& sql) const {
    return sql
        .bind(
            [this](const std::string& name) {
              if (name == file_.table) return table();
              if (name == file_.function) return function();
              // A function binds no values: what a tick takes as a parameter stands in its text.
              if (const pg::Param* value = statements_.find(name))
                return pg::quote_literal(**value);
              return options_.naming.table(name);
            },
            [](const std::string&) { return std::string(); })
        .sql;
  }

 private:
  const Statements& statements_;
  const Options& options_;
  const TriggerFile& file_;
  const pg::Relation& relation_;
};

/// True where the trigger is there. Throws Error (usage) for one that runs somebody else's
/// function.
bool is_installed(pg::Transaction& tx, const TriggerFile& file, const pg::Relation& relation,
                  const Names& names) {
  const pg::Rows rows = tx.query(
      "SELECT coalesce(t.tgfoid = to_regproc($3), false) AS ours FROM pg_trigger t"
      " WHERE t.tgrelid = $1::oid AND t.tgname = $2",
      {std::to_string(relation.oid), file.name, names.function()});
  if (rows.empty()) return false;
  if (rows.boolean(0, "ours")) return true;
  throw usage_error(fmt::format("table {} has a trigger {} that scalectl did not make",
                                names.table(), pg::quote_identifier(file.name)),
                    "drop or rename it yourself if that is what you want");
}

}  // namespace

void check_trigger(const catalog::Catalog& catalog, const Definition& tick,
                   const Options& options) {
  load_trigger(catalog, tick);
  check(tick, options);
}

core::Result set_trigger(pg::Session& session, const catalog::Catalog& catalog,
                         const Definition& tick, const Options& options, TriggerAction action,
                         core::Observer& observer) {
  const bool install = action == TriggerAction::kInstall;
  const TriggerFile file = load_trigger(catalog, tick);
  check(tick, options);
  const core::Stopwatch watch;
  const Statements statements(tick, options);
  core::Result result{.command = "tick run", .name = tick.name};
  result.params.set("trigger", install ? "install" : "remove");
  if (install) {
    for (const auto& [key, value] : statements.described()) result.params.set(key, value);
  }
  const pg::Relation relation =
      pg::require_relation(session, options.naming.table(file.table), file.table);
  const Names names(statements, options, file, relation);
  bool before = false;
  try {
    pg::Transaction tx = session.begin();
    tx.query(fmt::format("SET LOCAL lock_timeout = {}",
                         static_cast<std::int64_t>(options.lock_timeout.count() * 1000)));
    tx.query(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.table()));
    before = is_installed(tx, file, relation, names);
    if (before) {
      tx.query(
          fmt::format("DROP TRIGGER {} ON {}", pg::quote_identifier(file.name), names.table()));
      tx.query(fmt::format("DROP FUNCTION {}()", names.function()));
    }
    if (install) {
      tx.query(fmt::format("CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}",
                           names.function(), pg::quote_literal(names.bind(file.body))));
      tx.query(names.bind(file.install));
    }
    tx.commit();
  } catch (const Error& error) {
    throw error.within(fmt::format("trigger of tick {}", tick.name));
  }
  result.metrics.set("installed_before", before).set("installed", install);
  if (install) {
    observer.info(fmt::format("Trigger {} of {} {}", file.name, names.table(),
                              before ? "was replaced" : "is installed"));
    result.notes.emplace_back(
        "it works while the game writes the table; the tick itself still ends what nobody writes "
        "after");
  } else if (before) {
    observer.info(fmt::format("Trigger {} of {} is gone", file.name, names.table()));
  } else {
    result.notes.emplace_back("nothing to do: the trigger is not installed");
  }
  watch.stamp(result);
  return result;
}

}  // namespace scalectl::tick
