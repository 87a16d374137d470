// Copies: tables with the rows and indexes of others, made inside a transaction that is rolled
// back: nobody else ever sees them, and no lock is held on their originals but that of a reader.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "index/look.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// What the copies are to be.
struct CopyOptions {
  bool temporary = true;         ///< without WAL, and no right to create in the schema needed
  std::int64_t sample_rows = 0;  ///< at most about so many of each; 0 for all
  bool empty = false;            ///< none at all
  std::map<std::string, int> fillfactors;  ///< by the catalog's name; the original's where absent
  std::set<std::string> without;           ///< names of indexes that are left out
};

/// An index to be made on a copy.
struct CopiedIndex {
  std::string table;  ///< as the catalog calls it
  std::string name;   ///< empty: one that nobody has
  std::string form;
};

class Copies {
 public:
  /// Copies the tables (as the catalog calls them). Throws Error (usage) where the role may not.
  Copies(pg::Transaction& tx, const std::vector<std::string>& tables, const pg::Naming& naming,
         const CopyOptions& options);

  /// The quoted name of a copy.
  std::string quoted(const std::string& table) const;
  /// Its columns that can be written, quoted, with commas between them.
  std::string columns(const std::string& table) const;
  /// Its bare name, as plans call it.
  std::string name(const std::string& table) const;
  /// Makes an index on a copy, called `name`.
  void add_index(const CopiedIndex& index);
  /// Lets the planner look at all of them.
  void analyze();
  /// True if a copy holds only some of the rows.
  bool sampled() const { return sampled_; }

 private:
  struct Copy {
    std::string original;
    std::string name;
    std::string quoted;
    std::string columns;
  };
  void copy(const std::string& table, const std::string& original, const CopyOptions& options);
  void fill(const Copy& copy, double tuples, bool plain, const CopyOptions& options);
  void copy_indexes(const Copy& copy, const CopyOptions& options);

  pg::Transaction& tx_;
  std::map<std::string, Copy> copies_;
  bool sampled_ = false;
};

}  // namespace scalectl::index
