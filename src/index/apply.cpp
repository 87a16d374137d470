#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.hpp"
#include "core/stopwatch.hpp"
#include "index/builder.hpp"
#include "index/engine.hpp"
#include "index/fillfactor.hpp"
#include "index/grants.hpp"
#include "index/look.hpp"
#include "index/partitioned.hpp"
#include "index/room.hpp"

namespace scalectl::index {
namespace {

using core::Error;
using core::ErrorKind;
using core::Unit;

/// A build takes no lock that waits while it holds another, so that whoever has the table for
/// himself is waited for here, before anything is looked at.
void await_tables(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                  Patience& patience) {
  std::set<std::string> tables;
  for (const IndexDefinition& index : pack.indexes) tables.insert(naming.table(index.table));
  for (const std::string& table : tables) {
    await(session, patience, "table " + table, [&]() -> std::optional<std::int64_t> {
      const pg::Rows rows = session.query(
          "SELECT pid FROM pg_locks WHERE relation = to_regclass($1) AND granted"
          "   AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()",
          {table});
      if (rows.empty()) return std::nullopt;
      return rows.integer(0, "pid");
    });
  }
}

/// Refuses what apply must not touch unasked.
void check_states(const std::vector<Item>& items, const Pack& pack, bool replace) {
  for (const Item& item : items) {
    if (item.state() != State::kInvalid || item.repairable() || replace) continue;
    throw Error(ErrorKind::kFailed,
                fmt::format("index \"{}\" is INVALID: an earlier build did not finish, and it was "
                            "not scalectl's",
                            item.definition->name),
                fmt::format("scalectl index apply {} --replace builds it anew", pack.name));
  }
}

class Applier {
 public:
  Applier(pg::Session& session, const Pack& pack, const pg::Naming& naming,
          const ApplyOptions& options, core::Observer& observer)
      : session_(session),
        pack_(pack),
        naming_(naming),
        options_(options),
        observer_(observer),
        patience_(options.wait, observer),
        builder_(session, patience_, observer) {}

  core::Result run() {
    const core::Stopwatch watch;
    core::Result result = new_result("apply", pack_);
    result.params.set("wait_s", options_.wait.count());
    try {
      work(result);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInterrupted) throw;
      result.interrupted = true;
      result.verdict = core::Verdict::kInconclusive;
      result.notes.push_back(fmt::format("interrupted: {}; {}", error.message(), done()));
    }
    result.metrics.set("created", created_).set("kept", kept_);
    if (repaired_ > 0) result.metrics.set("repaired", repaired_);
    if (replaced_ > 0) result.metrics.set("replaced", replaced_);
    if (drifted_ > 0) result.metrics.set("drifted", drifted_);
    result.metrics.set("waited_s", patience_.waited_s());
    result.tables.push_back(std::move(table_));
    watch.stamp(result);
    return result;
  }

 private:
  std::string done() const {
    return fmt::format("{} of {} indexes done", table_.rows.size(), pack_.indexes.size());
  }

  void work(core::Result& result) {
    if (session_.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
    const SingleFlight alone(session_, patience_);
    await_tables(session_, pack_, naming_, patience_);
    View view = look(session_, pack_, naming_);
    if (await_builders(view.items)) view = look(session_, pack_, naming_);
    check_states(view.items, pack_, options_.replace);
    for (const Item& item : view.items) {
      const State state = item.state();
      const bool keeps = state == State::kPresent || (state == State::kDrift && !options_.replace);
      if (!keeps) require_builder(session_, item.table);
    }
    for (const Item& item : view.items) one(item);
    for (const Fillfactor& setting : pack_.fillfactors) {
      if (auto note = set_fillfactor(session_, setting, naming_, builder_)) {
        result.notes.push_back(*note);
      }
    }
    for (const Item& item : view.items) analyze(item);
    if (!view.forms_unknown_because.empty()) {
      if (kept_ > 0) result.verdict = core::Verdict::kInconclusive;
      result.notes.push_back("definitions were not compared: " + view.forms_unknown_because);
    }
    note_spoilers(session_, pack_, naming_, result);
    if (drifted_ > 0) {
      result.verdict = core::Verdict::kFail;
      result.notes.emplace_back(
          "drift: an index has the right name and another definition; --replace builds it anew and "
          "swaps the two");
    }
  }

  /// Lets the planner look at a table that got an index, where there is something new to see: an
  /// expression, columns without statistics, or many rows changed since. The statistics of a
  /// table's columns do not depend on its indexes.
  void analyze(const Item& item) {
    const std::string table = item.quoted_table();
    if (changed_.count(table) == 0) return;
    const bool expression = take_apart(item.form).keys.find('(') != std::string::npos;
    const bool stale =
        session_
            .query(
                "SELECT NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = $2 AND tablename = $3)"
                "    OR coalesce(s.n_mod_since_analyze > 0.1 * c.reltuples, true) AS stale"
                "  FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid"
                " WHERE c.oid = $1",
                {std::to_string(item.table.oid), item.table.schema, item.table.name})
            .boolean(0, "stale");
    if (!expression && !stale) return;
    changed_.erase(table);
    builder_.run("ANALYZE " + table, "ANALYZE " + table);
  }

  /// Waits for other sessions that are building one of these. True if there were any.
  bool await_builders(const std::vector<Item>& items) {
    bool any = false;
    for (const Item& item : items) {
      if (item.state() != State::kBuilding) continue;
      any = true;
      await(session_, patience_, "index " + item.quoted() + " (another session builds it)", [&] {
        const auto now = find(session_, *item.definition, item.table);
        return now ? now->builder : std::nullopt;
      });
    }
    return any;
  }

  void one(const Item& item) {
    clear_leftovers(item);
    const core::Stopwatch watch;
    const State state = item.state();
    std::string action = "created";
    try {
      if (session_.stop().stop_requested()) throw Error(ErrorKind::kInterrupted, "interrupted");
      if (state == State::kPresent || (state == State::kDrift && !options_.replace)) {
        const bool drift = state == State::kDrift;
        (drift ? drifted_ : kept_) += 1;
        table_.rows.push_back(row_of(item, {drift ? "drift" : "kept", {}, item.found->bytes}));
        if (drift)
          observer_.warn(fmt::format("Index {} is not what the pack says: {}",
                                     item.definition->name, item.found->definition));
        return;
      }
      if (state == State::kDrift) {
        replace(item);
        action = "replaced";
        ++replaced_;
      } else {
        if (state == State::kInvalid && !item.table.partitioned) builder_.drop(item.quoted());
        if (state == State::kInvalid && item.table.partitioned && !item.found->ours) {
          drop_partitioned(session_, *item.definition, item.table, builder_);
        }
        build(item);
        action = state == State::kInvalid ? "repaired" : "created";
        (state == State::kInvalid ? repaired_ : created_) += 1;
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      throw Error(error.kind(), error.message() + after(), error.hint())
          .within("index apply (" + done() + ")");
    }
    changed_.insert(item.quoted_table());
    const double seconds = watch.seconds();
    const std::int64_t bytes =
        session_
            .query(
                "SELECT sum(pg_relation_size(relid))::bigint AS bytes FROM"
                " (SELECT to_regclass($1) AS relid UNION"
                "  SELECT relid FROM pg_partition_tree(to_regclass($1))) AS tree",
                {item.quoted()})
            .integer(0, "bytes");
    table_.rows.push_back(row_of(item, {action, seconds, bytes}));
    observer_.info(fmt::format("{} index {} in {:.2f}s",
                               static_cast<char>(std::toupper(action[0])) + action.substr(1),
                               item.definition->name, seconds));
  }

  /// What else an error's message says.
  std::string after() const {
    return created_ + repaired_ + replaced_ > 0 ? "; those that were built stay" : "";
  }

  void build(const Item& item) {
    const std::string comment = comment_of(pack_, *item.definition);
    if (item.table.partitioned) {
      build_partitioned(session_, *item.definition, item.table, comment, builder_);
      session_.query(
          fmt::format("COMMENT ON INDEX {} IS {}", item.quoted(), pg::quote_literal(comment)));
      return;
    }
    builder_.create(
        create_sql(*item.definition, item.definition->name, item.quoted_table(), "CONCURRENTLY"),
        item.table.oid, item.quoted(), comment);
  }

  /// The right one is built beside the wrong one and takes its place, so that queries always have
  /// one of the two.
  void replace(const Item& item) {
    if (item.table.partitioned) {
      drop_partitioned(session_, *item.definition, item.table, builder_);
      build(item);
      return;
    }
    const std::string name = replacement_name(item.definition->name);
    const std::string beside =
        pg::quote_identifier(item.table.schema) + "." + pg::quote_identifier(name);
    builder_.create(create_sql(*item.definition, name, item.quoted_table(), "CONCURRENTLY"),
                    item.table.oid, beside, comment_of(pack_, *item.definition));
    try {
      builder_.drop(item.quoted());
    } catch (const Error& error) {
      const bool gone = builder_.try_drop(beside);
      throw Error(error.kind(),
                  fmt::format("the index that is there cannot be dropped: {}{}", error.message(),
                              gone ? "; the one built to replace it was dropped" : ""),
                  error.hint());
    }
    builder_.run(fmt::format("ALTER INDEX {} RENAME TO {}", beside,
                             pg::quote_identifier(item.definition->name)),
                 "renaming " + beside);
  }

  /// Drops other tries at this index that were broken off. What another session is rebuilding right
  /// now looks the same until it is done.
  void clear_leftovers(const Item& item) {
    if (leftovers(session_, item).empty()) return;
    await_builds(session_, patience_, item.table.oid);
    for (const Leftover& leftover : leftovers(session_, item)) {
      if (!leftover.ours && !options_.replace) {
        observer_.warn(
            fmt::format("INVALID index {} was left behind, but not by scalectl; "
                        "--replace drops it",
                        leftover.quoted));
        continue;
      }
      require_builder(session_, item.table);
      builder_.drop(leftover.quoted);
      ++repaired_;
      changed_.insert(item.quoted_table());
      observer_.info("Dropped " + leftover.quoted + ", left by an unfinished build");
    }
  }

  pg::Session& session_;
  const Pack& pack_;
  const pg::Naming& naming_;
  const ApplyOptions& options_;
  core::Observer& observer_;
  Patience patience_;
  Builder builder_;
  core::Table table_ = new_table({{"action", "action"},
                                  {"build_s", "build time", Unit::kSeconds},
                                  {"size_bytes", "size", Unit::kBytes}});
  std::set<std::string> changed_;  // tables with an index that was not there
  int created_ = 0;
  int repaired_ = 0;
  int replaced_ = 0;
  int kept_ = 0;
  int drifted_ = 0;
};

}  // namespace

void require_direct(pg::Session& session) {
  require_primary(session);
  if (!session.is_pooled()) return;
  throw core::usage_error(
      "this connection goes through a connection pooler (PgBouncer), where locks and settings do "
      "not belong to us",
      "name the server itself with --dsn: its own host and port");
}

core::Result apply(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Observer& observer, const ApplyOptions& options) {
  require_direct(session);
  return Applier(session, pack, naming, options, observer).run();
}

}  // namespace scalectl::index
