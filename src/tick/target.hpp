// Target: the tables of a tick as the server knows them, and whether its strategy fits them.
#pragma once

#include <string>
#include <vector>

#include "pg/relation.hpp"
#include "pg/session.hpp"
#include "tick/definition.hpp"
#include "tick/options.hpp"

namespace scalectl::tick {

struct Target {
  std::vector<pg::Relation> relations;  ///< every table that the strategy names
  std::string schema;                   ///< of the table that the tick names first
  std::string quoted;                   ///< that table, qualified; its schema where it names none
};

/// `options` with the strategy that the layout of the tables asks for, where they leave it to that.
Options fit_layout(pg::Session& session, const Definition& tick, Options options);

/// Throws Error (usage) naming the first table that is not there; for a key that is no whole
/// number; and for a strategy that the layout of the tables rules out: epoch without the epoch's
/// table, any other one with it, since the two would not agree.
Target find_target(pg::Session& session, const Definition& tick, const Options& options);

}  // namespace scalectl::tick
