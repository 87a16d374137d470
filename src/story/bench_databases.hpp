// BenchDatabases: databases that a bench makes on somebody's server, and drops again whatever
// happens.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "pg/session.hpp"
#include "pg/target.hpp"

namespace scalectl::story {

class BenchDatabases {
 public:
  /// Nothing but `names` will be made; what an earlier run that was killed left of them is dropped.
  /// `application` is the application_name of its sessions. Throws Error (busy) where another bench
  /// runs from the same database: each would measure the other.
  BenchDatabases(const pg::Target& admin, std::string application, std::vector<std::string> names,
                 std::stop_token stop);
  ~BenchDatabases();
  BenchDatabases(const BenchDatabases&) = delete;
  BenchDatabases& operator=(const BenchDatabases&) = delete;

  void create(const std::string& name);
  /// A copy of `from`, to which nobody may be connected. `big` ones are copied file by file where
  /// the server can (15 and later): it takes two checkpoints, and spares the WAL.
  void copy(const std::string& from, const std::string& to, bool big);
  /// Ends whatever is connected to it.
  void drop(const std::string& name);
  pg::Session connect(const std::string& name) const;

 private:
  void drop_all();

  pg::Target admin_;
  std::string application_;
  std::vector<std::string> names_;
  std::stop_token stop_;
  pg::Session session_;
};

}  // namespace scalectl::story
