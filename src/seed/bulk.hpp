// Bulk loads: what seeding any set of tables has in common. All of it happens in one transaction:
// look whether there are rows, empty the tables if asked to, copy, put the foreign keys back.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/identifier.hpp"
#include "pg/relation.hpp"
#include "pg/session.hpp"
#include "seed/foreign_keys.hpp"
#include "seed/loader.hpp"

namespace scalectl::seed {

/// What to do with rows that are there already.
enum class Existing { kRefuse, kAppend, kReplace };

/// A column that rows are made for, with the type it must have: the rows are binary.
struct ColumnSpec {
  std::string_view name;
  std::string_view type;  ///< as format_type writes it
};

/// A table of the database that rows are made for.
struct BulkTable {
  std::string name;  ///< as the catalog calls it
  std::string key;   ///< its identity column; empty where it has none
  std::vector<ColumnSpec> columns;
  std::string quoted;
  pg::Relation relation;
};

/// Finds table `name` and holds its columns against `columns`. Throws Error (usage) that names what
/// is missing or has another type; `hint` tells which tables are wanted.
BulkTable find_table(pg::Session& session, const pg::Naming& naming, std::string_view name,
                     std::string_view key, const std::vector<ColumnSpec>& columns,
                     const std::string& hint);

/// True if there is any row in the table with this quoted name.
bool has_rows(pg::Transaction& tx, const std::string& quoted);

/// What a load needs from outside.
struct BulkContext {
  Existing existing = Existing::kRefuse;
  int workers = 1;  ///< threads that make rows
  core::Observer& observer;
  std::stop_token stop;
};

/// The load of some tables inside `tx`. Where they are empty (or emptied) and ours, their foreign
/// keys are checked once, after the load, and the rows are stored frozen.
class BulkLoad {
 public:
  /// Throws Error (usage) for tables that hold rows, unless `existing` says what to do with them.
  BulkLoad(pg::Transaction& tx, std::vector<BulkTable> tables, const BulkContext& context);

  const std::vector<BulkTable>& tables() const { return tables_; }
  /// Copies the rows that `make` makes for `units` ("rows", "tasks") into `table`.
  void copy(const BulkTable& table, Units units, std::string_view unit, const MakeRows& make);
  /// Puts the foreign keys back, lets identities go on after the last row, and has the planner look
  /// at what the tables hold.
  void finish();

  std::int64_t rows() const { return rows_; }
  /// Rows and seconds of each copy.
  const core::Table& summary() const { return summary_; }

 private:
  bool owns_all() const;
  void refuse_rows() const;
  void empty_tables();

  pg::Transaction& tx_;
  std::vector<BulkTable> tables_;
  const BulkContext& context_;
  bool frozen_ = false;
  std::vector<ForeignKey> suspended_;
  std::int64_t rows_ = 0;
  core::Table summary_;
};

/// Runs `work` in a transaction and commits it; no other load runs meanwhile. A stop request rolls back and is reported in the
/// Result; an Error rolls back too and says so. `result` names the command.
core::Result all_or_nothing(pg::Session& session, core::Result result,
                            const std::function<void(pg::Transaction&, core::Result&)>& work);

}  // namespace scalectl::seed
