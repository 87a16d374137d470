// Arena: where contests are held: the scalectl that competes, a directory for all, and a private
// lab, started when somebody first asks for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/observer.hpp"
#include "lab/lab.hpp"
#include "pg/session.hpp"
#include "process/child.hpp"

namespace scalectl::bench {

class Arena {
 public:
  /// `binary` is the scalectl that competes.
  explicit Arena(std::string binary);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  const std::string& binary() const { return binary_; }
  /// PostgreSQL's version, where a contest has used it.
  std::optional<std::string> postgres_version() const;
  /// Settings of the server that differ from PostgreSQL's own.
  std::string settings() const;

  /// Runs SQL as the superuser, outside the contest.
  void sql(const std::string& database, const std::string& statements) const;
  /// Runs `scalectl arguments` on `database`; what it printed. Throws where it fails.
  std::string scalectl(const std::string& database, std::vector<std::string> arguments) const;
  /// A session of the superuser on `database`.
  pg::Session connect(const std::string& database) const;
  /// Runs psql with these -c commands on `database`. Throws where it fails.
  void psql(const std::string& database, const std::vector<std::string>& commands) const;

  /// A directory that the competing programs may write to.
  std::string scratch() const { return scratch_; }

 private:
  const lab::Lab& servers() const;
  std::string dsn(const std::string& database) const;

  std::string binary_;
  std::string scratch_;
  mutable std::optional<lab::Lab> lab_;
};

/// "4 × Intel … at …, 8.0 GiB, Linux 6.1": the machine that the numbers are from.
std::string machine();

}  // namespace scalectl::bench
