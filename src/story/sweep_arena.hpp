// SweepArena: the private databases of a sweep, one for each layout, and how every run in them
// comes to begin with the same tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "pg/session.hpp"
#include "pg/target.hpp"
#include "story/bench_databases.hpp"
#include "tick/definition.hpp"

namespace scalectl::story {

/// application_name of the sweep's sessions.
inline constexpr const char* kTickSweep = "scalectl tick sweep";

class SweepArena {
 public:
  /// `admin` is a database in which databases may be made. They are gone when this object is.
  /// Throws Error: busy where another sweep runs from it, usage for a role that may not make
  /// databases.
  SweepArena(const pg::Target& admin, const catalog::Catalog& catalog, const tick::Definition& tick,
             std::string version, std::stop_token stop);

  /// Makes the tables of `layout` anew, with `players` players: packed, frozen, everything due, and
  /// nothing left for a checkpoint to write. The session is one on them.
  pg::Session& fresh(const std::string& layout, std::int64_t players);

  /// False where the role may not checkpoint: then what a run has written before weighs on the
  /// next.
  bool checkpoints() const { return checkpoints_; }

 private:
  pg::Session make(const std::string& layout);
  std::string name_of(const std::string& layout) const { return prefix_ + layout; }

  const catalog::Catalog& catalog_;
  std::vector<std::string> tables_;  // that are seeded
  std::string version_;
  std::chrono::sys_time<std::chrono::microseconds> as_of_;  // that rows are dated by
  bool checkpoints_ = false;
  std::string prefix_;  // of the databases' names
  BenchDatabases databases_;
  std::map<std::string, pg::Session> sessions_;  // by layout
};

}  // namespace scalectl::story
