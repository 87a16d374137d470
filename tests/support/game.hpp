// GameTest: a database of one test's own with the game's tables in it, and what reads results.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "schema/migrations.hpp"
#include "seed/game.hpp"
#include "support/database.hpp"
#include "support/recorder.hpp"

namespace scalectl::test {

inline constexpr const char* kGameTables[] = {
    "locations",      "items",         "players",        "inventory",
    "active_combats", "dropped_items", "status_effects", "wandering_enemies"};

/// A name that SQL must quote, and quote right.
inline const std::string kAwkward = "Weird \"World\"; --";

/// The first column of what `sql` returns; "NULL" for NULL.
inline std::vector<std::string> lines(pg::Session& session, const std::string& sql) {
  std::vector<std::string> out;
  const pg::Rows rows = session.query(sql);
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(rows.at(i, 0).value_or("NULL"));
  return out;
}

/// A metric as JSON; "" where the result has none of that name.
inline std::string metric(const core::Result& result, std::string_view key) {
  const core::Value* value = result.metrics.find(key);
  return value == nullptr ? "" : core::to_json(*value);
}

/// Column `key` of the result's table number `table`, as JSON.
inline std::vector<std::string> column(const core::Result& result, const std::string& key,
                                       std::size_t table = 0) {
  const core::Table& from = result.tables.at(table);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < from.columns.size(); ++i) {
    if (from.columns[i].key != key) continue;
    for (const core::Array& row : from.rows) out.push_back(core::to_json(row.at(i)));
  }
  return out;
}

/// What a table holds, as a digest over its rows in the order of `order` (ctid: as they are
/// stored).
inline std::string digest(pg::Session& session, const std::string& quoted,
                          const std::string& order = "t::text COLLATE \"C\"") {
  return scalar(session,
                "SELECT count(*) || ':' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY " +
                    order + "), '')) FROM " + quoted + " AS t");
}

/// The digests of all of the game's tables.
inline std::map<std::string, std::string> digests(pg::Session& session,
                                                  const pg::Naming& naming = {}) {
  std::map<std::string, std::string> out;
  for (const char* table : kGameTables) out[table] = digest(session, naming.table(table));
  return out;
}

class GameTest : public testing::Test {
 protected:
  Database database;
  pg::Session session = database.connect();
  Recorder recorder;
  catalog::Catalog catalog;

  core::Result init(const std::optional<std::string>& schema = std::nullopt) {
    return schema::init(session, catalog, {.family = "game", .schema = schema, .version = "test"},
                        recorder);
  }
  core::Result seed(const seed::GameOptions& options) {
    return seed::seed_game(session, options, recorder);
  }
  std::string scalar(const std::string& sql) { return test::scalar(session, sql); }
  std::vector<std::string> lines(const std::string& sql) { return test::lines(session, sql); }
};

}  // namespace scalectl::test
