#include "schema/layout.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "core/text.hpp"
#include "pg/identifier.hpp"
#include "schema/epoch.hpp"
#include "schema/layout_files.hpp"
#include "schema/layout_state.hpp"
#include "schema/layout_work.hpp"
#include "schema/record.hpp"
#include "schema/rewrite.hpp"

namespace scalectl::schema {
namespace {

using core::Error;
using core::ErrorKind;
using core::usage_error;

/// "scalectl" and "layout" in ASCII, as far as they fit.
constexpr const char* kLockKey = "8314892176759552376";

/// Holds the one lock that layout work in a database takes, on a connection of its own that does
/// nothing else: it has no snapshot, so that it holds back neither VACUUM nor index builds.
class SingleFlight {
 public:
  explicit SingleFlight(pg::Session& session) : session_(session.another(session.stop())) {
    if (session_.query("SELECT pg_try_advisory_lock($1::bigint) AS held", {kLockKey})
            .boolean(0, "held")) {
      return;
    }
    throw Error(ErrorKind::kBusy,
                "another scalectl db migrate --layout is under way in this database",
                "wait for it to end");
  }

 private:
  pg::Session session_;
};

void require_rights(pg::Session& session, const LayoutState& state) {
  if (session.is_pooled()) {
    throw usage_error(
        "this connection goes through a pooler, which VACUUM and session locks do not",
        "connect to the server itself");
  }
  if (state.players.owned) return;
  const std::string role = session.query("SELECT current_user AS role").text(0, "role");
  throw usage_error(
      fmt::format("role {} does not own {}", pg::quote_identifier(role), state.quoted),
      "connect as the owner of the table, or as a member of that role");
}

/// The indexes that a heap-only layout cannot have. Throws Error (usage) naming all those that are
/// not ours to drop.
void refuse_foreign(const LayoutState& state, bool foreign) {
  std::vector<std::string> others;
  std::vector<std::string> constraints;
  for (const StaminaIndex& index : state.indexes) {
    if (index.constraint) {
      constraints.push_back(index.quoted);
    } else if (!index.ours && !foreign) {
      others.push_back(index.quoted);
    }
  }
  if (others.empty() && constraints.empty()) return;
  const auto listed = [](const std::vector<std::string>& names) {
    return (names.size() == 1 ? "index " : "indexes ") + core::join(names, ", ") +
           (names.size() == 1 ? " names" : " name");
  };
  std::vector<std::string> found;
  if (!others.empty()) found.push_back(listed(others) + " stamina and scalectl did not make it");
  if (!constraints.empty())
    found.push_back(listed(constraints) + " stamina and holds a constraint");
  std::vector<std::string> hints;
  if (!others.empty()) {
    hints.emplace_back("--foreign drops what is no constraint's, and notes how to make it again");
  }
  if (!constraints.empty()) {
    hints.emplace_back("ALTER TABLE … DROP CONSTRAINT yourself if the constraint can go");
  }
  throw usage_error(core::join(found, "; ") + ": no update of stamina can be heap-only",
                    core::join(hints, "; "));
}

void drop_indexes(LayoutWork& work) {
  for (const StaminaIndex& index : work.before.indexes) {
    work.heed_stop();
    work.session.query("DROP INDEX CONCURRENTLY IF EXISTS " + index.quoted);
    work.counts.dropped += 1;
    // In the log too: a failure behind this has no Result.
    work.observer.info(index.ours
                           ? fmt::format("Dropped index {}", index.name)
                           : fmt::format("Dropped index {}: {};", index.name, index.definition));
    if (!index.ours) {
      work.notes.push_back(fmt::format("dropped {}, which scalectl did not make: {};", index.quoted,
                                       index.definition));
    }
  }
}

/// Builds the layout's indexes that are not there; one that an earlier run left INVALID is built
/// anew.
void make_indexes(LayoutWork& work, const LayoutFile& file) {
  for (const LayoutIndex& index : file.indexes) {
    work.heed_stop();
    const std::string quoted =
        pg::quote_identifier(work.place.schema) + "." + pg::quote_identifier(index.name);
    const pg::Rows found = work.session.query(
        "SELECT coalesce(i.indisvalid, false) AS valid FROM pg_class c"
        "  LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE c.oid = to_regclass($1)",
        {quoted});
    if (!found.empty() && found.boolean(0, "valid")) continue;
    if (!found.empty()) work.session.query("DROP INDEX CONCURRENTLY " + quoted);
    try {
      work.session.query(index.create.bind(work.place).sql);
    } catch (const Error& error) {
      throw error.within(
          fmt::format("index {} (run it again: an unfinished one is built anew)", quoted));
    }
    work.session.query(
        fmt::format("COMMENT ON INDEX {} IS {}", quoted, pg::quote_literal(index.comment)));
    work.counts.created += 1;
    work.observer.info(fmt::format("Created index {}", index.name));
  }
}

void note_triggers(pg::Session& session, const LayoutState& state, core::Observer& observer) {
  const pg::Rows rows = session.query(
      "SELECT string_agg(quote_ident(tgname), ', ' ORDER BY tgname) AS names FROM pg_trigger"
      " WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 16 <> 0"
      "   AND tgname NOT LIKE 'zz\\_stamina\\_%'",
      {std::to_string(state.players.oid)});
  if (const pg::Param names = rows.at(0, "names")) {
    observer.warn(
        fmt::format("Moving rows fires the UPDATE triggers of {}: {}", state.quoted, *names));
  }
}

/// The steps themselves, in an order that leaves a sound table wherever it is stopped.
void change(LayoutWork& work, const catalog::Catalog& catalog, const LayoutFile& file) {
  const std::string& to = work.options.layout;
  if (to == "epoch") {
    if (work.before.epoch) {
      refresh_view(work, file);
    } else {
      install_epoch(work, file);
    }
    return;
  }
  if (work.before.epoch) remove_epoch(work, load_layout(catalog, work.place.family, "epoch"));
  note_triggers(work.session, work.before, work.observer);
  work.set_fillfactor(file.fillfactor.value_or(100));
  if (to == "hot") {
    drop_indexes(work);
    spread(work, file);
  } else {
    // The indexes last: rows that are moved need not be entered into them.
    gather(work, file);
    make_indexes(work, file);
  }
}

/// True where nothing had to be done.
bool was_there(const LayoutWork& work, const LayoutState& after) {
  const LayoutCounts& counts = work.counts;
  return work.notes.empty() && work.before.name() == after.name() &&
         work.before.fillfactor == after.fillfactor &&
         counts.moved + counts.settled + counts.dropped + counts.created == 0 &&
         work.before.bytes == after.bytes;
}

void fill_metrics(core::Result& result, const LayoutWork& work, const LayoutState& after) {
  result.metrics.set("layout_before", work.before.name())
      .set("layout_after", after.name())
      .set("rows_moved", work.counts.moved)
      .set("players_settled", work.counts.settled)
      .set("batches", work.counts.batches)
      .set("indexes_created", work.counts.created)
      .set("indexes_dropped", work.counts.dropped)
      .set("size_before_bytes", work.before.bytes)
      .set("size_after_bytes", after.bytes);
}

}  // namespace

std::vector<std::string> layouts_of(const catalog::Catalog& catalog, const std::string& family) {
  std::vector<std::string> names;
  for (const catalog::Entry& entry : catalog.newest("sql/layouts/" + family)) {
    names.push_back(entry.name);
  }
  return names;
}

void check(const catalog::Catalog& catalog, const LayoutOptions& options) {
  check(catalog, options.place);
  const std::vector<std::string> names = layouts_of(catalog, options.place.family);
  if (names.empty()) {
    throw usage_error(fmt::format("{} has one layout only", options.place.family),
                      "layouts are for the players of: game");
  }
  if (options.layout.empty()) {
    throw usage_error("db migrate: to which layout?", "--layout " + core::join(names, ", or "));
  }
  load_layout(catalog, options.place.family, options.layout);
  if (options.batch < 1) {
    throw usage_error("--batch 0 is too few", "give at least 1, for example --batch 10k");
  }
  if (options.lock_timeout.count() < 0.001) {
    throw usage_error("--lock-timeout must be at least 1ms", "for example --lock-timeout 1s");
  }
}

core::Result migrate(pg::Session& session, const catalog::Catalog& catalog,
                     const LayoutOptions& options, core::Observer& observer) {
  check(catalog, options);
  const core::Stopwatch watch;
  const std::string& family = options.place.family;
  const LayoutFile file = load_layout(catalog, family, options.layout);
  const Place place = place_of(session, load(catalog, family), options.place);
  core::Result result{.command = "db migrate", .name = family};
  result.params.set("schema", place.schema)
      .set("layout", options.layout)
      .set("batch", options.batch);
  const LayoutState before = look_at(session, place);
  require_rights(session, before);
  if (options.layout == "hot") refuse_foreign(before, options.foreign);
  const SingleFlight alone(session);

  LayoutWork work{.session = session,
                  .place = place,
                  .options = options,
                  .before = before,
                  .observer = observer,
                  .counts = {},
                  .notes = {}};
  try {
    change(work, catalog, file);
    const LayoutState after = look_at(session, place);
    fill_metrics(result, work, after);
    if (was_there(work, after)) {
      result.notes.push_back(fmt::format("already {}: nothing to do", options.layout));
    } else {
      observer.info(
          fmt::format("Players of schema {} have layout {} now", place.schema, options.layout));
      if (after.epoch && !before.epoch) {
        result.notes.emplace_back(
            "from the next tick on, an UPDATE that names players.stamina is refused where "
            "settle_player() has not been called before it in the transaction; UPDATE "
            "players_current needs nothing");
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    pg::Session other = session.another({});
    fill_metrics(result, work, look_at(other, place));
    result.interrupted = true;
    result.verdict = core::Verdict::kInconclusive;
    result.notes.emplace_back(
        "interrupted: what was done stays, every player is right; run it again to go on");
  }
  for (std::string& note : work.notes) result.notes.push_back(std::move(note));
  watch.stamp(result);
  return result;
}

void take_off_layout(pg::Transaction& tx, const catalog::Catalog& catalog,
                     const std::string& family, const std::string& schema,
                     const std::string& prefix) {
  const Place place{.family = family, .schema = schema, .prefix = prefix, .key = family};
  const std::vector<std::string> names = layouts_of(catalog, family);
  if (std::find(names.begin(), names.end(), "epoch") == names.end() || !has_epoch(tx, place))
    return;
  const LayoutFile epoch = load_layout(catalog, family, "epoch");
  for (const LayoutStatement& statement : epoch.step("remove")) {
    tx.query(statement.bind(place).sql);
  }
}

}  // namespace scalectl::schema
