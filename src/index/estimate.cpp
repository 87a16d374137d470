#include "index/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "index/changes.hpp"
#include "index/explain.hpp"

namespace scalectl::index {
namespace {

constexpr double kPageBytes = 8192;
constexpr double kPageHeaderBytes = 24 + 16;  // the page's and the b-tree's own
constexpr double kBtreeFillfactor = 0.9;
constexpr double kEntryOverheadBytes = 8 + 4;  // header and line pointer
constexpr double kExpressionBytes = 32;        // of a value that there are no statistics for

// Measured by tools/bench index (README, "Measured"): CREATE INDEX CONCURRENTLY reads the table
// twice, and sorts what goes into the index.
constexpr double kReadSecondsPerByte = 1.0 / 1.5e9;
constexpr double kSortSecondsPerRow = 0.4e-6;
constexpr double kWordsSecondsPerByte = 0.1e-6;  // of text that is taken apart for a GIN index
constexpr double kGinShare = 0.1;  // of that text's size: words that come again cost a few bits

double aligned(double bytes) { return std::ceil(bytes / 8) * 8; }

}  // namespace

std::int64_t btree_bytes(double rows, double width) {
  const double entry = aligned(width) + kEntryOverheadBytes;
  const double per_page =
      std::max(1.0, std::floor((kPageBytes - kPageHeaderBytes) * kBtreeFillfactor / entry));
  const double leaves = std::ceil(rows / per_page);
  // Inner pages hold about as many entries as leaves do; one page is the index's own.
  const double pages = leaves + std::ceil(leaves / per_page) + 1;
  return static_cast<std::int64_t>(pages * kPageBytes);
}

std::optional<double> width_of(pg::Session& session, const pg::Relation& table,
                               const std::string& keys) {
  std::set<std::string> known;
  for (const pg::RelationColumn& column : table.columns) known.insert(column.name);
  const std::vector<std::string> columns = named_by(keys, known);
  if (columns.empty()) return kExpressionBytes;
  double width = 0;
  bool any = false;
  for (const std::string& column : columns) {
    const pg::Rows rows = session.query(
        "SELECT avg_width FROM pg_stats WHERE schemaname = $1 AND tablename = $2 AND attname = $3"
        " ORDER BY inherited DESC LIMIT 1",
        {table.schema, table.name, column});
    any = any || !rows.empty();
    width += rows.empty() ? 8 : static_cast<double>(rows.integer(0, "avg_width"));
  }
  if (!any) return std::nullopt;
  return width;
}

std::optional<Estimate> estimate(pg::Session& session, const Item& item) {
  if (item.form.empty()) return std::nullopt;
  const Shape shape = take_apart(item.form);
  const std::string keys = shape.keys + shape.rest;
  const auto width = width_of(session, item.table, keys);
  if (!width) return std::nullopt;
  pg::Transaction tx = session.begin();  // rolled back
  const core::Value plan =
      explain(tx, "",
              "SELECT 1 FROM " + item.quoted_table() +
                  (shape.predicate.empty() ? "" : " WHERE " + shape.predicate));
  const double heap = static_cast<double>(
      tx.query("SELECT sum(pg_relation_size(relid))::bigint AS bytes"
               "  FROM (SELECT $1::oid AS relid UNION"
               "        SELECT relid FROM pg_partition_tree($1::oid::regclass)) t",
               {std::to_string(item.table.oid)})
          .integer(0, "bytes"));
  Estimate made{.rows = number_in(root_of(plan), "Plan Rows")};
  const bool gin = shape.method == "gin";
  made.bytes = gin ? static_cast<std::int64_t>(made.rows * *width * kGinShare)
                   : btree_bytes(made.rows, *width);
  made.build_s = 2 * heap * kReadSecondsPerByte + made.rows * kSortSecondsPerRow +
                 (gin ? made.rows * *width * kWordsSecondsPerByte : 0);
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
