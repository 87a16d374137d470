#include "index/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "index/changes.hpp"

namespace scalectl::index {
namespace {

constexpr double kPageBytes = 8192;
constexpr double kPageHeaderBytes = 24 + 16;  // the page's and the b-tree's own
constexpr double kBtreeFillfactor = 0.9;
constexpr double kHeaderBytes = 8;       // of an entry
constexpr double kLinePointerBytes = 4;  // to it
constexpr double kRowBytes = 6;          // of a row's place, in the list of those with one key
constexpr double kListBytes = kPageBytes / 10 - kLinePointerBytes;
constexpr double kSampleRows = 30'000;   // looked at for the share that a predicate holds for
constexpr double kExpressionBytes = 32;  // of a value that there are no statistics for

// Measured by tools/bench index (README, "Measured"): CREATE INDEX CONCURRENTLY reads the table
// twice, and sorts what goes into the index.
constexpr double kReadSecondsPerByte = 1.0 / 1.5e9;
constexpr double kSortSecondsPerRow = 0.4e-6;
constexpr double kWordsSecondsPerByte = 0.1e-6;  // of text that is taken apart for a GIN index
constexpr double kGinShare = 0.1;  // of that text's size: words that come again cost a few bits

double aligned(double bytes) { return std::ceil(bytes / 8) * 8; }

/// Rows of the table as the last ANALYZE counted them, its partitions' together.
double rows_of(pg::Session& session, const pg::Relation& table) {
  return session
      .query(
          "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 AS n"
          "  FROM pg_class c WHERE c.oid IN"
          "       (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid::regclass))"
          "   AND c.relkind = 'r'",
          {std::to_string(table.oid)})
      .real(0, "n");
}

/// Of a table of `rows` rows, those that `predicate` holds for, by a sample of its pages: of a
/// comparison of two columns the planner only knows to say a third.
double rows_where(pg::Transaction& tx, const std::string& quoted, const std::string& predicate,
                  double rows) {
  if (predicate.empty()) return rows;
  const double percent = std::clamp(100 * kSampleRows / std::max(1.0, rows), 1e-4, 100.0);
  const pg::Rows sample = tx.query(
      fmt::format("SELECT count(*)::float8 AS seen, count(*) FILTER (WHERE {})::float8 AS held"
                  "  FROM {} TABLESAMPLE SYSTEM ({}) REPEATABLE (1)",
                  predicate, quoted, percent));
  const double seen = sample.real(0, "seen");
  return seen > 0 ? rows * sample.real(0, "held") / seen : rows;
}

}  // namespace

std::int64_t btree_bytes(double rows, const Keys& keys) {
  const double key = aligned(keys.width) + kHeaderBytes;
  const double longest = std::max(1.0, std::floor((kListBytes - key) / kRowBytes));
  const double equal = std::clamp(rows / std::max(1.0, keys.distinct), 1.0, longest);
  // A list holds the places of all its rows, the first one's too; a single row stands in the
  // header.
  const double list = key + aligned(equal * kRowBytes);
  // Between one and two rows to a key, some stand alone and some in twos.
  const double pair = key + aligned(2 * kRowBytes);
  const double entry = equal < 2 ? key + (equal - 1) * (pair - key) : list;
  const double entries = rows / equal;
  const double room = (kPageBytes - kPageHeaderBytes) * kBtreeFillfactor;
  const auto per_page = [&](double bytes) {
    return std::max(1.0, room / (bytes + kLinePointerBytes));
  };
  const double leaves = std::ceil(entries / per_page(entry));
  // Inner pages hold one key for each page below; one page is the index's own.
  const double pages = leaves + std::ceil(leaves / per_page(key)) + 1;
  return static_cast<std::int64_t>(pages * kPageBytes);
}

std::optional<Keys> keys_of(pg::Session& session, const pg::Relation& table, const Shape& shape) {
  std::set<std::string> known;
  for (const pg::RelationColumn& column : table.columns) known.insert(column.name);
  const std::vector<std::string> columns = named_by(shape.keys + shape.rest, known);
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  if (columns.empty()) return Keys{kExpressionBytes, kUnknown};
  // Columns of INCLUDE, and types whose equal values may differ in their bytes, are stored each for
  // itself; so are those of a unique index.
  bool apart = shape.unique || shape.rest.find("INCLUDE") != std::string::npos;
  const double rows = rows_of(session, table);
  Keys keys{.distinct = 1};
  bool any = false;
  for (const std::string& column : columns) {
    const pg::Rows found = session.query(
        "SELECT s.avg_width, s.n_distinct,"
        "       t.typcategory IN ('A', 'C', 'R')"
        "       OR t.typname IN ('numeric', 'float4', 'float8', 'jsonb') AS apart"
        "  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
        "  LEFT JOIN LATERAL (SELECT avg_width, n_distinct FROM pg_stats"
        "         WHERE schemaname = $2 AND tablename = $3 AND attname = a.attname"
        "         ORDER BY inherited DESC LIMIT 1) s ON true"
        " WHERE a.attrelid = $1::oid AND a.attname = $4",
        {std::to_string(table.oid), table.schema, table.name, column});
    if (found.empty() || !found.at(0, "avg_width")) {
      keys.width += 8;
      apart = true;
      continue;
    }
    any = true;
    keys.width += static_cast<double>(found.integer(0, "avg_width"));
    const double distinct = found.real(0, "n_distinct");
    keys.distinct *= distinct < 0 ? -distinct * rows : std::max(1.0, distinct);
    apart = apart || found.boolean(0, "apart");
  }
  if (!any) return std::nullopt;
  if (apart) keys.distinct = kUnknown;
  return keys;
}

std::optional<Estimate> estimate(pg::Session& session, const Item& item) {
  if (item.form.empty()) return std::nullopt;
  const Shape shape = take_apart(item.form);
  const auto keys = keys_of(session, item.table, shape);
  if (!keys) return std::nullopt;
  const double table_rows = rows_of(session, item.table);
  pg::Transaction tx = session.begin();  // rolled back
  const double heap = static_cast<double>(
      tx.query("SELECT sum(pg_relation_size(relid))::bigint AS bytes"
               "  FROM (SELECT $1::oid AS relid UNION"
               "        SELECT relid FROM pg_partition_tree($1::oid::regclass)) t",
               {std::to_string(item.table.oid)})
          .integer(0, "bytes"));
  Estimate made{.rows = rows_where(tx, item.quoted_table(), shape.predicate, table_rows)};
  const bool gin = shape.method == "gin";
  made.bytes = gin ? static_cast<std::int64_t>(made.rows * keys->width * kGinShare)
                   : btree_bytes(made.rows, *keys);
  made.build_s = 2 * heap * kReadSecondsPerByte + made.rows * kSortSecondsPerRow +
                 (gin ? made.rows * keys->width * kWordsSecondsPerByte : 0);
  return made;
}

Disk disk_of(pg::Session& session) {
  const pg::Rows rows = session.query(
      "SELECT inet_server_addr() IS NULL AS here,"
      "       coalesce(nullif(pg_tablespace_location(s.oid), ''),"
      "                (SELECT setting FROM pg_settings WHERE name = 'data_directory')) AS path"
      "  FROM pg_tablespace s"
      " WHERE s.spcname = coalesce(nullif(current_setting('default_tablespace'), ''),"
      "   (SELECT t.spcname FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace"
      "     WHERE d.datname = current_database()))");
  Disk disk;
  if (rows.empty() || !rows.at(0, "path")) return disk;
  disk.path = rows.text(0, "path");
  if (!rows.boolean(0, "here")) return disk;
  std::error_code error;
  const auto space = std::filesystem::space(disk.path, error);
  if (!error) disk.free_bytes = static_cast<std::int64_t>(space.available);
  return disk;
}

}  // namespace scalectl::index
