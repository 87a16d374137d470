#include "index/changes.hpp"

#include <fmt/format.h>

#include <cctype>

#include "core/text.hpp"
#include "index/copies.hpp"

namespace scalectl::index {
namespace {

constexpr std::int64_t kRows = 5'000;

/// The columns of a table's primary key, quoted.
std::vector<std::string> primary_key(pg::Transaction& tx, const std::string& table) {
  const pg::Rows rows = tx.query(
      "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
      "   AND a.attnum = ANY (i.indkey) WHERE i.indrelid = $1::regclass AND i.indisprimary",
      {table});
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    columns.push_back(pg::quote_identifier(rows.text(i, "attname")));
  }
  return columns;
}

/// True if a column of `table` is not what it was in scalectl_before. Without a key, its values are
/// compared as a whole, which says something only where no row came or went.
bool differs(pg::Transaction& tx, const std::string& table, const std::vector<std::string>& key,
             const std::string& column) {
  const std::string sql =
      key.empty()
          ? fmt::format(
                "SELECT 1 WHERE (SELECT count(*) FROM {0}) = (SELECT count(*) FROM scalectl_before)"
                " AND EXISTS (SELECT {1}::text, count(*) FROM {0} GROUP BY 1 EXCEPT"
                "             SELECT {1}::text, count(*) FROM scalectl_before GROUP BY 1)",
                table, column)
          : fmt::format(
                "SELECT 1 FROM {0} a JOIN scalectl_before b USING ({2})"
                " WHERE a.{1}::text IS DISTINCT FROM b.{1}::text LIMIT 1",
                table, column, core::join(key, ", "));
  return !tx.query(sql).empty();
}

}  // namespace

std::set<std::string> changed_columns(pg::Session& session, const Write& write,
                                      const pg::Naming& naming) {
  pg::Transaction tx = session.begin();  // rolled back
  const std::vector<std::string> key = primary_key(tx, naming.table(write.table()));
  Copies copies(tx, write.sql.identifiers(), naming,
                {.temporary = true, .sample_rows = kRows, .fillfactors = {}, .without = {}});
  const std::string table = copies.quoted(write.table());
  tx.query("CREATE TEMP TABLE scalectl_before AS SELECT * FROM " + table);
  tx.query(write.sql.bind([&](const std::string& name) { return copies.quoted(name); }, {}).sql);
  const pg::Rows columns = tx.query(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
      "   AND NOT attisdropped",
      {table});
  std::set<std::string> changed;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string name = columns.text(i, "attname");
    const std::string quoted = pg::quote_identifier(name);
    if (differs(tx, table, key, quoted)) changed.insert(name);
  }
  return changed;
}

std::vector<std::string> named_by(const std::string& form, const std::set<std::string>& columns) {
  const auto is_word = [&](std::size_t at) {
    return at < form.size() &&
           (std::isalnum(static_cast<unsigned char>(form[at])) != 0 || form[at] == '_');
  };
  std::vector<std::string> named;
  for (const std::string& column : columns) {
    for (auto at = form.find(column); at != std::string::npos; at = form.find(column, at + 1)) {
      if ((at > 0 && is_word(at - 1)) || is_word(at + column.size())) continue;
      named.push_back(column);
      break;
    }
  }
  return named;
}

}  // namespace scalectl::index
