// Neighbours: the other indexes of a table, and which of them do the same work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/table.hpp"
#include "index/look.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// "does what UNIQUE index x does", where a valid index of the table under another name makes one
/// of this form superfluous; "" where none does.
std::string superfluous_beside(pg::Session& session, const Item& item);

/// Indexes of schema `schema` (of the search path without one) that were never scanned since the
/// statistics were reset, unique ones apart: those keep a rule.
core::Table unused(pg::Session& session, const std::optional<std::string>& schema);

/// Indexes that do what another one of the same table does.
core::Table duplicates(pg::Session& session, const std::optional<std::string>& schema);

}  // namespace scalectl::index
