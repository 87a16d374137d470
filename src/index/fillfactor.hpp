// Fillfactor: how full a table's pages are made, as a pack asks for it.
#pragma once

#include <optional>
#include <string>

#include "index/builder.hpp"
#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// The fillfactor of the table with this quoted name; 100 where it was never set.
int fillfactor_of(pg::Session& session, const std::string& quoted);

/// Sets the table's fillfactor, unless it is what `setting` says; what to note about it. It holds
/// for pages that are made from now on: rows move to such pages as they are updated.
std::optional<std::string> set_fillfactor(pg::Session& session, const Fillfactor& setting,
                                          const pg::Naming& naming, Builder& builder);

}  // namespace scalectl::index
