#include "schema/layout_state.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace scalectl::schema {
namespace {

constexpr const char* kHasEpoch =
    "SELECT to_regclass($1) IS NOT NULL AND EXISTS ("
    "  SELECT FROM pg_attribute WHERE attrelid = to_regclass($2) AND attname = 'stamina_epoch'"
    "     AND NOT attisdropped) AS there";

/// A constraint's index does not depend on its columns in pg_depend, so that the key is asked too.
/// BRIN indexes leave an update heap-only from version 16 on. An INVALID index counts: it is kept
/// up all the same.
constexpr const char* kStaminaIndexes =
    "SELECT format('%I.%I', n.nspname, c.relname) AS quoted, c.relname AS name,"
    "       coalesce(starts_with(obj_description(c.oid, 'pg_class'), 'scalectl pack '), false) AS "
    "ours,"
    "       EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid) AS is_constraint,"
    "       pg_get_indexdef(c.oid) AS definition"
    "  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = "
    "c.relnamespace"
    "  JOIN pg_am m ON m.oid = c.relam"
    "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = $2"
    " WHERE i.indrelid = $1::oid AND i.indislive"
    "   AND NOT (m.amname = 'brin' AND current_setting('server_version_num')::int >= 160000)"
    "   AND (a.attnum = ANY (i.indkey) OR EXISTS ("
    "         SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    "            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid"
    "            AND d.refobjsubid = a.attnum))"
    " ORDER BY c.relname";

}  // namespace

std::string LayoutState::name() const {
  if (epoch) return "epoch";
  if (fillfactor == kHotFillfactor && indexes.empty()) return "hot";
  return fillfactor == 100 ? "seed" : "other";
}

LayoutState look_at(pg::Session& session, const Place& place) {
  LayoutState state{.players = {}, .quoted = place.quoted(kPlayers)};
  state.players = pg::require_relation(session, state.quoted);
  if (!state.players.plain) {
    throw core::usage_error(fmt::format("{} is not a plain table", state.quoted),
                            "layouts are for plain tables: partitions have pages of their own");
  }
  const std::string oid = std::to_string(state.players.oid);
  const pg::Rows about = session.query(
      "SELECT coalesce((SELECT option_value::int FROM pg_options_to_table(reloptions)"
      "                  WHERE option_name = 'fillfactor'), 100) AS fillfactor,"
      "       pg_relation_size(oid) AS bytes, current_setting('block_size')::int AS page"
      "  FROM pg_class WHERE oid = $1::oid",
      {oid});
  state.fillfactor = static_cast<int>(about.integer(0, "fillfactor"));
  state.bytes = about.integer(0, "bytes");
  state.page_bytes = about.integer(0, "page");
  state.epoch =
      session.query(kHasEpoch, {place.quoted("regen_epoch"), state.quoted}).boolean(0, "there");
  const pg::Rows rows = session.query(kStaminaIndexes, {oid, kStamina});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    state.indexes.push_back({.quoted = rows.text(i, "quoted"),
                             .name = rows.text(i, "name"),
                             .ours = rows.boolean(i, "ours"),
                             .constraint = rows.boolean(i, "is_constraint"),
                             .definition = rows.text(i, "definition")});
  }
  return state;
}

std::int64_t bytes_of(pg::Session& session, const LayoutState& state) {
  return session
      .query("SELECT pg_relation_size($1::oid) AS bytes", {std::to_string(state.players.oid)})
      .integer(0, "bytes");
}

bool has_epoch(pg::Transaction& tx, const Place& place) {
  return tx.query(kHasEpoch, {place.quoted("regen_epoch"), place.quoted(kPlayers)})
      .boolean(0, "there");
}

}  // namespace scalectl::schema
