#include "index/copies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "index/definition.hpp"

namespace scalectl::index {
namespace {

/// The SQL that makes an index of this form on a table.
std::string create_of(const std::string& form, const std::string& name, const std::string& table) {
  constexpr std::string_view kUnique = "UNIQUE ";
  const bool unique = form.rfind(kUnique, 0) == 0;
  return fmt::format("CREATE {}INDEX {}{}ON {} USING {}", unique ? kUnique : "", name,
                     name.empty() ? "" : " ", table, unique ? form.substr(kUnique.size()) : form);
}

}  // namespace

Copies::Copies(pg::Transaction& tx, const std::vector<std::string>& tables,
               const pg::Naming& naming, const CopyOptions& options)
    : tx_(tx) {
  for (const std::string& table : tables) copy(table, naming.table(table), options);
}

void Copies::copy(const std::string& table, const std::string& original,
                  const CopyOptions& options) {
  const pg::Rows about = tx_.query(
      "SELECT n.nspname, c.reltuples::float8 AS tuples, c.relkind = 'r' AS plain, pg_backend_pid() "
      "AS pid,"
      "       coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions)"
      "                  WHERE option_name = 'fillfactor'), '100') AS fillfactor"
      "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.oid = $1::regclass",
      {original});
  const std::string name =
      fmt::format("scalectl_copy_{}_{}", about.integer(0, "pid"), copies_.size());
  Copy made{.original = original,
            .name = name,
            .quoted = options.temporary
                          ? "pg_temp." + name
                          : pg::quote_identifier(about.text(0, "nspname")) + "." + name};
  const auto wanted = options.fillfactors.find(table);
  tx_.query(
      fmt::format("CREATE {}TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING GENERATED"
                  " INCLUDING STORAGE) WITH (fillfactor = {}, autovacuum_enabled = off)",
                  options.temporary ? "TEMP " : "", made.quoted, original,
                  wanted == options.fillfactors.end() ? about.text(0, "fillfactor")
                                                      : std::to_string(wanted->second)));
  const pg::Rows rows = tx_.query(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
      "   AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
      {made.quoted});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    made.columns += (i == 0 ? "" : ", ") + pg::quote_identifier(rows.text(i, "attname"));
  }
  if (!options.empty) fill(made, about.real(0, "tuples"), about.boolean(0, "plain"), options);
  copy_indexes(made, options);
  copies_.emplace(table, std::move(made));
}

void Copies::fill(const Copy& copy, double tuples, bool plain, const CopyOptions& options) {
  const double share = static_cast<double>(options.sample_rows) / std::max(1.0, tuples);
  const bool sample = options.sample_rows > 0 && share < 1;
  sampled_ = sampled_ || sample;
  const std::string some =
      sample ? fmt::format(" TABLESAMPLE {} ({}) REPEATABLE (1)", plain ? "SYSTEM" : "BERNOULLI",
                           std::clamp(share * 100, 0.0001, 100.0))
             : "";
  tx_.query(fmt::format("INSERT INTO {0} ({1}) SELECT {1} FROM {2}{3}", copy.quoted, copy.columns,
                        copy.original, some));
}

void Copies::copy_indexes(const Copy& copy, const CopyOptions& options) {
  const pg::Rows rows = tx_.query(
      fmt::format("SELECT c.relname, {} AS form FROM pg_index i"
                  "  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid"
                  "  JOIN pg_namespace tn ON tn.oid = t.relnamespace"
                  " WHERE t.oid = $1::regclass AND i.indisvalid ORDER BY c.oid",
                  kForm),
      {copy.original});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (options.without.count(rows.text(i, "relname")) > 0) continue;
    tx_.query(create_of(rows.text(i, "form"), "", copy.quoted));
  }
}

std::string Copies::quoted(const std::string& table) const { return copies_.at(table).quoted; }

std::string Copies::columns(const std::string& table) const { return copies_.at(table).columns; }

std::string Copies::name(const std::string& table) const { return copies_.at(table).name; }

void Copies::add_index(const CopiedIndex& index) {
  tx_.query(create_of(index.form, index.name.empty() ? "" : pg::quote_identifier(index.name),
                      quoted(index.table)));
}

void Copies::analyze() {
  for (const auto& [table, copy] : copies_) tx_.query("ANALYZE " + copy.quoted);
}

}  // namespace scalectl::index
