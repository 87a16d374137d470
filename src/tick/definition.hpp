// Definition: a tick as its SQL file states it.
//
//   -- tick: NAME                       -- @rows
//   -- summary, family, every, …        SELECT what to do;     (its columns are the values
//   -- param: NAME TYPE = DEFAULT "…"   UPDATE one :of_them;    of the second statement)
//
//   UPDATE … ;                          -- @epoch
//                                       UPDATE one row that all others are read by;
//
//   -- @batched                         -- @batched
//   -- key: COLUMN                      -- batch: 100
//   -- batch: 10k
//   SELECT the key that the next        UPDATE … WHERE … (SELECT … WHERE … < :started
//     :batch rows behind :after end at;   LIMIT :batch FOR UPDATE SKIP LOCKED);
//   UPDATE … WHERE key > :after           (a queue: repeated until it finds none)
//     AND key <= :upto;
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"
#include "core/parse.hpp"
#include "tick/parameter.hpp"

namespace scalectl::tick {

/// The row-by-row form of a tick: one look, then one statement for each row found.
struct RowByRow {
  catalog::SqlText select;
  catalog::SqlText each;
};

/// The form in batches, each a transaction of its own.
struct Batched {
  /// One row with one column: the upper key of the next batch. Absent for a queue.
  std::optional<catalog::SqlText> upper;
  catalog::SqlText work;
  std::string key;         ///< the column that the ranges are cut by; "" for a queue
  std::int64_t batch = 0;  ///< rows in a batch, unless told otherwise

  bool is_queue() const { return !upper; }
  /// The table that the key is a column of: the first that `upper` names.
  const std::string& key_table() const { return upper->identifiers().front(); }
};

/// The form that changes one row, by which all others are read.
struct Epoch {
  catalog::SqlText advance;
  std::string log;  ///< with {rows} and {elapsed}
};

/// The ways to run a tick.
enum class Strategy {
  kSet,      ///< the whole tick as one statement
  kRows,     ///< seed 000's "before": one look, then one statement for each row
  kBatched,  ///< ranges of the key, or a queue, each batch a transaction of its own
  kEpoch,    ///< one row, whatever the number of players
};

/// As the command line calls it: set, rows, batched, epoch.
std::string name_of(Strategy strategy);
/// The strategy of that name; throws Error (usage) where there is none.
Strategy strategy_of(const std::string& name);

struct Definition {
  std::string name;
  std::string summary;
  std::string family;  ///< reference schema whose tables it works on
  core::Seconds every;
  core::Seconds warn_after;
  std::string log;   ///< with {rows} and {elapsed}
  std::string slow;  ///< with {elapsed} and {threshold}
  std::vector<Parameter> parameters;
  catalog::SqlText set;  ///< the whole tick as one statement
  std::optional<RowByRow> rows;
  std::optional<Batched> batched;
  std::optional<Epoch> epoch;

  const Parameter* find_parameter(const std::string& name) const;
  bool has(Strategy strategy) const;
  /// What it can be run with, in the order of their declaration.
  std::vector<Strategy> strategies() const;
  /// The tables that its statements name, each once: all of them, or those of one strategy.
  std::vector<std::string> tables() const;
  std::vector<std::string> tables(Strategy strategy) const;
  /// The table that its statement names first: what it is a tick of. A file may name none.
  const std::string& target() const { return set.identifiers().front(); }
};

/// Reads a tick file. Throws Error (usage) naming file, line and what was expected.
Definition parse(const catalog::File& file);

/// Every tick of the catalog, by name.
std::vector<Definition> load_all(const catalog::Catalog& catalog);

/// The newest version of one tick; throws Error (usage) where there is none of that name.
Definition load(const catalog::Catalog& catalog, const std::string& name);

}  // namespace scalectl::tick
