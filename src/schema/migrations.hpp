// Migrations: the reference schemas (game, …) and scalectl's own bookkeeping, as numbered SQL files
// that are applied once, in order, and remembered with their checksums. Forward only.
//
//   -- migration: partitioned               what the file is called: NNN_partitioned.sql
//   -- summary: One line for db status.
//   -- prefix: tasker_                      what the names begin with, unless told otherwise
//   -- optional: partitioned                applied only where it is asked for by this word
//   -- table: tasks                         a table that it creates (repeated)
//   -- replaces: task_transitions           a table that it makes anew (repeated): owner, grants,
//                                           indexes and views are put back afterwards
//   -- function: make_months(timestamp)     a function that it creates, to be dropped (repeated)
//   -- upkeep: make_months                  one of them, run without arguments by each later init
//                                           that asks for the migration; returns what it made
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/sql_text.hpp"
#include "core/observer.hpp"
#include "core/result.hpp"
#include "pg/session.hpp"

namespace scalectl::schema {

/// A function that a migration creates.
struct Function {
  std::string name;
  std::string types;  ///< of its arguments: "(timestamp)"
};

/// One file of sql/schema/<family>/.
struct Migration {
  int version = 0;
  std::string name;
  std::string summary;
  std::vector<std::string> tables;  ///< the tables it creates, in order
  std::string prefix;               ///< what their names begin with, unless told otherwise
  std::string optional;             ///< the word that asks for it; empty: it is always applied
  std::vector<std::string> replaces;  ///< tables that it makes anew
  std::vector<Function> functions;    ///< that it creates, in order
  std::string upkeep;                 ///< the function that an init runs where it is applied already
  catalog::SqlText sql;
  std::string checksum;
};

/// The family of the bookkeeping, which lives in a schema of the same name.
inline constexpr const char* kBookkeeping = "scalectl";

/// What the functions below need to know.
struct Options {
  std::string family;                 ///< game, …
  std::optional<std::string> schema;  ///< where its tables are; the first of search_path if absent
  std::optional<std::string> prefix;  ///< what their names begin with; as the files say if absent
  std::string version;                ///< of this program, for the record
  std::vector<std::string> optional;  ///< the optional migrations that init is to apply, or keep up
};

/// The migrations of `family` in order. Throws Error (usage) for an unknown family, or a file that
/// is not NNN_name.sql or has broken front matter.
std::vector<Migration> load(const catalog::Catalog& catalog, const std::string& family);

/// Throws Error (usage) for an unknown family, and for an optional migration that it does not have.
void check(const catalog::Catalog& catalog, const Options& options);

/// Applies what is missing, in one transaction; safe to run again and from several places at once.
/// Tables of a migration that somebody else has made, all of them, stand for it and stay theirs; a
/// record of tables that are all gone is forgotten, and they are made again.
/// What an optional migration made stays whether or not it is asked for again. Throws Error (usage)
/// where an applied file has since changed, the database is newer, or only some of a migration's
/// tables are there, and what check() throws.
core::Result init(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                  core::Observer& observer);

/// Which migrations are applied, and how many rows their tables hold. Changes nothing.
core::Result status(pg::Session& session, const catalog::Catalog& catalog, const Options& options);

/// Drops the family's tables that init made, and its record. Tables with rows are dropped only with
/// `confirmed` or in a lab; what depends on them from outside is never dropped.
core::Result drop(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                  bool confirmed, core::Observer& observer);

/// Makes sure that the bookkeeping is there. False, with a warning, where the role may not make it.
bool ensure_bookkeeping(pg::Session& session, const catalog::Catalog& catalog,
                        const std::string& version, core::Observer& observer);

/// In a lab, and only there, applies `family` if nothing of it is there: a lab is made to be used
/// at once.
void ensure_in_lab(pg::Session& session, const catalog::Catalog& catalog, const Options& options,
                   core::Observer& observer);

}  // namespace scalectl::schema
