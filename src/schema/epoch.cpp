#include "schema/epoch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "pg/identifier.hpp"

namespace scalectl::schema {
namespace {

using core::Error;
using core::ErrorKind;

constexpr int kPasses = 5;
constexpr const char* kCurrent = "players_current";
constexpr const char* kEpochColumn = "stamina_epoch";
constexpr const char* kLastKey = "9223372036854775807";

const std::map<std::string, std::string> kTypes{
    {"after", "bigint"}, {"upto", "bigint"}, {"batch", "bigint"}};

/// Columns of the table for the view, which shows them all with another stamina, and for its
/// trigger, which writes those that change.
std::map<std::string, std::string> lists_of(pg::Transaction& tx, const std::string& players) {
  const pg::Rows rows = tx.query(
      "SELECT attname AS name, attgenerated = '' AND attidentity <> 'a' AS writable"
      "  FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped"
      " ORDER BY attnum",
      {players});
  std::string before;
  std::string after;
  std::string others;
  bool behind = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.text(i, "name");
    const std::string column = pg::quote_identifier(name);
    if (name == kEpochColumn) continue;  // the layout's own
    if (name == kStamina) {
      behind = true;
      continue;
    }
    if (behind) {
      after += ", p." + column;
    } else {
      before += "p." + column + ", ";
    }
    if (!rows.boolean(i, "writable")) continue;
    // As text: not every type has an equality.
    others += fmt::format(
        ",\n         {0} = CASE WHEN NEW.{0}::text IS DISTINCT FROM OLD.{0}::text THEN NEW.{0} "
        "ELSE "
        "p.{0} END",
        column);
  }
  return {{"columns before stamina", before},
          {"columns after stamina", after},
          {"other columns", others}};
}

/// Who may read or write the players may do so through the view; who may write them may tick.
void grant_alike(pg::Transaction& tx, const Place& place) {
  const pg::Rows rows = tx.query(
      "SELECT DISTINCT a.privilege_type AS privilege,"
      "       CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END "
      "AS role"
      "  FROM pg_class c, aclexplode(c.relacl) AS a"
      " WHERE c.oid = $1::regclass AND a.grantee <> c.relowner"
      "   AND a.privilege_type IN ('SELECT', 'UPDATE') ORDER BY 1, 2",
      {place.quoted(kPlayers)});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string privilege = rows.text(i, "privilege");
    const std::string role = rows.text(i, "role");
    tx.query(fmt::format("GRANT {} ON {} TO {}", privilege, place.quoted(kCurrent), role));
    if (privilege == "UPDATE") {
      tx.query(fmt::format("GRANT UPDATE ON {} TO {}", place.quoted("regen_epoch"), role));
    }
  }
}

/// Everything is the table owner's, so that the owner can take it away again.
void become_owner(pg::Transaction& tx, const std::string& players) {
  const pg::Rows rows = tx.query(
      "SELECT pg_get_userbyid(relowner) AS owner, pg_get_userbyid(relowner) <> current_user AS "
      "other"
      "  FROM pg_class WHERE oid = $1::regclass",
      {players});
  if (rows.boolean(0, "other")) {
    tx.query("SET LOCAL ROLE " + pg::quote_identifier(rows.text(0, "owner")));
  }
}

void run_step(pg::Transaction& tx, const LayoutFile& file, const std::string& step,
              const Place& place, const std::map<std::string, std::string>& lists = {}) {
  for (const LayoutStatement& statement : file.step(step))
    tx.query(statement.bind(place, lists).sql);
}

/// A view that reads with the rights of its reader, so that it gets round no row security.
void read_as_reader(pg::Transaction& tx, const LayoutWork& work) {
  const bool can = tx.query("SELECT current_setting('server_version_num')::int >= 150000 AS can")
                       .boolean(0, "can");
  if (can) {
    tx.query(
        fmt::format("ALTER VIEW {} SET (security_invoker = true)", work.place.quoted(kCurrent)));
  } else if (tx.query("SELECT relrowsecurity AS on FROM pg_class WHERE oid = $1::regclass",
                      {work.before.quoted})
                 .boolean(0, "on")) {
    throw core::usage_error(
        fmt::format("{} has row security, which a view would get round on this server",
                    work.before.quoted),
        "PostgreSQL 15 has views with the rights of who reads them");
  }
}

/// The table's columns that the view does not show, by name.
std::vector<std::string> columns_not_shown(pg::Transaction& tx, const LayoutWork& work) {
  const pg::Rows rows = tx.query(
      "SELECT attname AS name FROM pg_attribute AS a WHERE attrelid = $1::regclass AND attnum > 0"
      "   AND NOT attisdropped AND attname <> $3 AND NOT EXISTS ("
      "     SELECT FROM pg_attribute AS v WHERE v.attrelid = $2::regclass AND v.attname = "
      "a.attname)"
      " ORDER BY attnum",
      {work.before.quoted, work.place.quoted(kCurrent), kEpochColumn});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names.push_back(rows.text(i, "name"));
  return names;
}

/// Runs those statements of @install again that list the table's columns: the view, which takes
/// columns at its end, and the function of its trigger.
void make_view_again(pg::Transaction& tx, const LayoutFile& epoch, const LayoutWork& work) {
  const auto lists = lists_of(tx, work.before.quoted);
  const std::string create = "CREATE ";
  for (const LayoutStatement& statement : epoch.step("install")) {
    std::string sql = statement.bind(work.place, lists).sql;
    for (const std::string& what :
         {"VIEW " + work.place.quoted(kCurrent),
          "FUNCTION " + work.place.quoted(std::string(kCurrent) + "_update")}) {
      const auto at = sql.find(create + what);
      if (at == std::string::npos) continue;
      tx.query(sql.replace(at, create.size(), "CREATE OR REPLACE "));
      break;
    }
  }
}

std::int64_t epoch_of(pg::Session& session, const Place& place) {
  return session
      .query("SELECT epoch FROM " + place.quoted("regen_epoch") + " WHERE tick = 'stamina'")
      .integer(0, "epoch");
}

std::int64_t settle(pg::Transaction& tx, const LayoutFile& file, const Place& place,
                    const std::string& after, const std::string& upto) {
  const catalog::BoundSql bound = file.step("settle").front().bind(place, {}, kTypes);
  pg::Params params;
  for (const std::string& name : bound.parameters)
    params.emplace_back(name == "after" ? after : upto);
  return tx.query(bound.sql, params).affected();
}

/// One pass over all players.
void settle_all(LayoutWork& work, const LayoutFile& file) {
  const catalog::BoundSql next = file.step("next").front().bind(work.place, {}, kTypes);
  const pg::Rows about = work.session.query("SELECT count(*) AS n FROM " + work.before.quoted);
  const auto total = static_cast<std::uint64_t>(about.integer(0, "n"));
  std::uint64_t done = 0;
  std::string after = "-9223372036854775808";
  while (true) {
    work.heed_stop();
    pg::Params params;
    for (const std::string& name : next.parameters) {
      params.emplace_back(name == "after" ? after : std::to_string(work.options.batch));
    }
    const pg::Param upto = work.session.query(next.sql, params).at(0, "upto");
    if (!upto) break;
    work.briefly("settling players", [&](pg::Transaction& tx) {
      work.counts.settled += settle(tx, file, work.place, after, *upto);
    });
    work.counts.batches += 1;
    after = *upto;
    done = std::min(total, done + static_cast<std::uint64_t>(work.options.batch));
    work.observer.progress("settling players", done, total, "players");
  }
}

}  // namespace

void install_epoch(LayoutWork& work, const LayoutFile& epoch) {
  const Place& place = work.place;
  work.briefly("layout epoch", [&](pg::Transaction& tx) {
    tx.query(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", work.before.quoted));
    if (has_epoch(tx, place)) return;  // somebody was quicker
    become_owner(tx, work.before.quoted);
    // The view shows the columns that there are so far: what a player looked like without epochs.
    run_step(tx, epoch, "install", place, lists_of(tx, work.before.quoted));
    read_as_reader(tx, work);
    grant_alike(tx, place);
  });
  work.observer.info(fmt::format("{} counts epochs now; {} shows the present stamina",
                                 place.quoted("regen_epoch"), place.quoted(kCurrent)));
}

void refresh_view(LayoutWork& work, const LayoutFile& epoch) {
  std::vector<std::string> columns;
  work.briefly("showing the new columns", [&](pg::Transaction& tx) {
    columns = columns_not_shown(tx, work);
    if (columns.empty()) return;
    become_owner(tx, work.before.quoted);
    make_view_again(tx, epoch, work);
    read_as_reader(tx, work);
  });
  if (columns.empty()) return;
  work.notes.push_back(fmt::format("{} shows the columns that the table got since: {}",
                                   work.place.quoted(kCurrent), core::join(columns, ", ")));
}

void remove_epoch(LayoutWork& work, const LayoutFile& epoch) {
  for (int pass = 0; pass < kPasses; ++pass) {
    const std::int64_t since = epoch_of(work.session, work.place);
    settle_all(work, epoch);
    bool done = false;
    work.briefly("leaving layout epoch", [&](pg::Transaction& tx) {
      // In the order in which everybody else takes them: a player, then the epoch.
      tx.query(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", work.before.quoted));
      tx.query(
          fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", work.place.quoted("regen_epoch")));
      // After a tick all of them are behind again: too many to settle while nobody can read.
      const pg::Rows now = tx.query("SELECT epoch FROM " + work.place.quoted("regen_epoch") +
                                    " WHERE tick = 'stamina'");
      if (now.integer(0, "epoch") != since) return;
      work.counts.settled += settle(tx, epoch, work.place, "-9223372036854775808", kLastKey);
      become_owner(tx, work.before.quoted);
      run_step(tx, epoch, "remove", work.place);
      done = true;
    });
    if (done) {
      work.observer.info(
          fmt::format("Settled every player, and dropped what layout epoch had made"));
      return;
    }
    work.observer.info("A tick came meanwhile: settling the players again");
  }
  throw Error(
      ErrorKind::kBusy, "ticks come faster than the players can be settled",
      "stop the ticks for as long as that takes, and run it again; every player is right as "
      "it is");
}

}  // namespace scalectl::schema
