// SweepArena: the private databases of a sweep: for one size a seeded original of each layout, and
// for each run a copy of one of them.
#pragma once

#include <cstdint>
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

  /// Makes and seeds the originals of `players` players, in place of those of the size before.
  void prepare(std::int64_t players, const std::vector<std::string>& layouts);

  /// A session on a fresh copy of the original of `layout`, in place of the copy before it. Every
  /// run begins with the same bytes: vacuumed, everything due, nothing to be written by a
  /// checkpoint, and read once.
  pg::Session fresh_copy(const std::string& layout);

 private:
  std::string original(const std::string& layout) const { return prefix_ + layout; }
  std::string copy() const { return prefix_ + "run"; }
  void seed(pg::Session& session, std::int64_t players) const;

  const catalog::Catalog& catalog_;
  const tick::Definition& tick_;
  std::string version_;
  std::string prefix_;  // of the databases' names
  BenchDatabases databases_;
};

}  // namespace scalectl::story
