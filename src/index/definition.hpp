// Form: what the server itself calls an index (pg_get_indexdef), without the names of index and
// table: "UNIQUE btree (a, b) WHERE c". Two indexes of one table with equal forms do the same work.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// SQL for the form of an index: `i` is its pg_index, `c` its pg_class, `t` the table's pg_class
/// and `tn` that one's pg_namespace.
extern const char* const kForm;

/// A pack's CREATE INDEX with other names in it. `how` is CONCURRENTLY or nothing; `table` stands
/// there as it is.
std::string create_sql(const IndexDefinition& index, const std::string& name,
                       const std::string& table, const std::string& how);

/// A form taken apart.
struct Shape {
  bool unique = false;
  std::string method;     ///< btree, gin, …
  std::string keys;       ///< what stands in the parentheses
  std::string rest;       ///< INCLUDE, WITH, …
  std::string predicate;  ///< as SQL; empty where it has none
};
Shape take_apart(const std::string& form);

/// The form with the ways to write a boolean made one, as the planner sees it: "(a = true)" is "a".
std::string comparable(const std::string& form);

/// What one index is to another one of the same table.
enum class Overlap { kNone, kDuplicate, kCovered };
/// kDuplicate where an index of form `other` does all that one of `form` does; kCovered where its
/// key begins with all of that key.
Overlap overlap(const std::string& form, const std::string& other);

/// The forms of the valid indexes of a table (quoted and qualified), by name.
std::map<std::string, std::string> forms_on(pg::Session& session, const std::string& table);

/// The forms of a pack's indexes, in its order.
struct Forms {
  std::vector<std::string> forms;    ///< empty where the server could not be asked
  std::string unknown_because;       ///< and why it could not, with the remedy
  std::vector<std::string> misfits;  ///< why one does not fit its table; empty where it does
};

/// Has the server read the pack's definitions, on empty temporary tables of the same columns that
/// are gone again at once. Throws Error (usage) for a definition that does not fit its table,
/// unless told to report it with the others.
Forms forms_of(pg::Session& session, const Pack& pack, const pg::Naming& naming,
               bool throws = true);

}  // namespace scalectl::index
