// Replaced: what hangs on tables that a migration makes anew, taken off before and put back after.
#pragma once

#include <string>
#include <vector>

#include "core/observer.hpp"
#include "pg/session.hpp"

namespace scalectl::schema {

/// Owner, grants and further indexes of some tables, and the views and functions that read them.
/// What it cannot put back (triggers, policies, …) makes it refuse. Both halves happen in one
/// transaction, under one search_path.
class Replaced {
 public:
  /// Remembers what hangs on `tables` (quoted and qualified) and drops the views and functions
  /// among it. Throws Error (usage) that names what would be lost.
  Replaced(pg::Transaction& tx, const std::vector<std::string>& tables);

  /// Puts it all back on the tables that are called the same now. Unique indexes, which the new
  /// tables may not be able to have, are left to the migration; one that is missing then is named
  /// in a warning.
  void put_back(pg::Transaction& tx, core::Observer& observer) const;

 private:
  void refuse_what_would_be_lost(pg::Transaction& tx, const std::string& oids) const;
  void remember_tables(pg::Transaction& tx, const std::string& oids);
  void take_off_readers(pg::Transaction& tx, const std::string& oids);
  /// The sequences of serial columns, which would go with the old table and which the new one uses.
  void release_sequences(pg::Transaction& tx, const std::string& oids);
  void remember_unique_indexes(pg::Transaction& tx, const std::string& oids);
  void remember(const pg::Rows& rows);

  std::vector<std::string> statements_;  ///< that put it back, in order
  /// Of each unique index: its name, its table, and its columns.
  struct Unique {
    std::string name;
    std::string table;
    std::string columns;
  };
  std::vector<Unique> unique_;
};

}  // namespace scalectl::schema
