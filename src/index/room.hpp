// Room: whether the room that a pack leaves on its tables' pages is of use to updates, or an index
// that is there keeps them from being heap-only.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "index/pack.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"

namespace scalectl::index {

/// A sentence for each valid index of the pack's tables that names a column which the pack keeps
/// free, with the statement that drops it. It reads the catalogue alone, so that it works on a
/// standby and for any role.
std::vector<std::string> spoilers(pg::Session& session, const Pack& pack, const pg::Naming& naming);

/// Puts them into the notes; a result that would pass is a warning then.
void note_spoilers(pg::Session& session, const Pack& pack, const pg::Naming& naming,
                   core::Result& result);

}  // namespace scalectl::index
