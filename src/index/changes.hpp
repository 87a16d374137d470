// Changes: which columns of its table a write changes, found by doing it to a few rows.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "index/look.hpp"
#include "index/writes.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// The columns that the UPDATE `write` changes in at least one row of a small temporary copy; none
/// for an INSERT or DELETE, and for a table without a primary key.
std::set<std::string> changed_columns(pg::Session& session, const Write& write,
                                      const pg::Naming& naming);

/// Those of `columns` that an index of this form names: in its key, its INCLUDE or its predicate.
std::vector<std::string> named_by(const std::string& form, const std::set<std::string>& columns);

}  // namespace scalectl::index
