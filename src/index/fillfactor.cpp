#include "index/fillfactor.hpp"

#include <fmt/format.h>

#include "index/grants.hpp"
#include "pg/relation.hpp"

namespace scalectl::index {

int fillfactor_of(pg::Session& session, const std::string& quoted) {
  const pg::Rows rows = session.query(
      "SELECT option_value::int AS percent FROM pg_class, pg_options_to_table(reloptions)"
      " WHERE oid = to_regclass($1) AND option_name = 'fillfactor'",
      {quoted});
  return rows.empty() ? 100 : static_cast<int>(rows.integer(0, "percent"));
}

std::optional<std::string> set_fillfactor(pg::Session& session, const Fillfactor& setting,
                                          const pg::Naming& naming, Builder& builder) {
  const std::string table = naming.table(setting.table);
  const pg::Relation relation = pg::require_relation(session, table, setting.table);
  if (relation.partitioned) {
    return fmt::format("{} is partitioned: set fillfactor {} on its partitions", table,
                       setting.percent);
  }
  const int before = fillfactor_of(session, table);
  if (before == setting.percent) return std::nullopt;
  require_builder(session, relation);
  builder.run(fmt::format("ALTER TABLE {} SET (fillfactor = {})", table, setting.percent),
              "fillfactor of " + table);
  return fmt::format(
      "{} has fillfactor {} now (it was {}), for the pages made from now on: rows move there as "
      "they "
      "are updated, or all at once by VACUUM FULL, which locks the table",
      table, setting.percent, before);
}

}  // namespace scalectl::index
