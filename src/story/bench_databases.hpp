// BenchDatabases: databases that a bench makes on somebody's server, and drops again whatever
// happens.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "pg/session.hpp"
#include "pg/target.hpp"

namespace scalectl::story {

/// application_name of the bench's sessions.
inline constexpr const char* kWorkflowBench = "scalectl workflow bench";

class BenchDatabases {
 public:
  /// Nothing but `names` will be made; what an earlier run that was killed left of them is dropped.
  /// Throws Error (busy) where another bench runs on the server: each would measure the other.
  BenchDatabases(const pg::Target& admin, std::vector<std::string> names, std::stop_token stop);
  ~BenchDatabases();
  BenchDatabases(const BenchDatabases&) = delete;
  BenchDatabases& operator=(const BenchDatabases&) = delete;

  void create(const std::string& name);
  /// A copy of `from`, to which nobody may be connected. `big` ones are copied file by file where
  /// the server can (15 and later): it takes two checkpoints, and spares the WAL.
  void copy(const std::string& from, const std::string& to, bool big);
  pg::Session connect(const std::string& name) const;

 private:
  void drop();

  pg::Target admin_;
  std::vector<std::string> names_;
  std::stop_token stop_;
  pg::Session session_;
};

}  // namespace scalectl::story
