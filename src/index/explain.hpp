// Explain: query plans as the server tells them in JSON, and what can be read off them.
#pragma once

#include <set>
#include <string>

#include "core/value.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// The object that EXPLAIN (…, FORMAT JSON) gives for one statement: "Plan" and, analyzed, its
/// times.
core::Value explain(pg::Transaction& tx, const std::string& options, const std::string& sql,
                    const pg::Params& params = {});

/// The root node of a plan.
const core::Object& root_of(const core::Value& plan);

/// The first node, depth first, that scans one of these indexes; nullptr where none does.
const core::Object* node_using(const core::Value& plan, const std::set<std::string>& indexes);

/// The node that reads table `relation`; the root where nothing does.
const core::Object& node_reading(const core::Value& plan, const std::string& relation);

/// The node whose rows guessed and rows given back can be held against each other: the Limit above
/// `node`, which ends its scan early and leaves its guess as it was; else `node` itself.
const core::Object& node_counted(const core::Value& plan, const core::Object& node);

/// True if running it would write rows or lock them.
bool changes_rows(const core::Value& plan);

/// Names of all indexes in a plan.
std::set<std::string> indexes_of(const core::Value& plan);

/// "Index Scan using idx_a on a", "Seq Scan on a".
std::string describe(const core::Object& node);

/// A number of a node or of the whole; 0 where it is not there.
double number_in(const core::Object& object, std::string_view key);
std::string text_in(const core::Object& object, std::string_view key);

/// Rows that a node gave back, over all its loops.
double real_rows(const core::Object& node);

/// Rows that a statement without RETURNING inserted, updated or deleted.
double rows_written(const core::Value& plan);

/// Pages that a node and those below it touched, in memory or not.
double buffers(const core::Object& node);

}  // namespace scalectl::index
