// Lab: a private PostgreSQL and Redis, on Unix sockets in a directory that nobody else may enter.
//
//   <home>/<name>/            0700, owned by the account the servers run under
//     lab.json                how it was made; written last, so that a half-made lab is recognised
//     password, pgpass        for the loopback ports, where asked for
//     postgres/ replica/ pgbouncer/ redis/   data
//     *.log
//     .s.PGSQL.5432 redis.sock
//
// Works as a plain user and as root; PostgreSQL refuses root, so the servers then run under the
// account postgres, else nobody. up() and down() of one home exclude each other.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/observer.hpp"
#include "pg/target.hpp"
#include "process/child.hpp"
#include "redis/client.hpp"

namespace scalectl::lab {

/// How a lab is to be made.
struct Options {
  bool fast = false;  ///< no fsync and the like: faster, and a crash may lose everything
  std::map<std::string, std::string> settings;  ///< postgresql.conf: key, value
  std::optional<int> port;                      ///< PostgreSQL on 127.0.0.1 too; 0: any free port
  std::optional<int> redis_port;                ///< Redis on 127.0.0.1 too; 0: any free port
  bool replica = false;                         ///< a hot standby of the PostgreSQL
  bool pgbouncer = false;                       ///< a PgBouncer before it, in transaction pooling

  bool operator==(const Options&) const = default;
};

/// One server of a lab.
struct Server {
  std::string name;    ///< postgres, replica, pgbouncer, redis
  pid_t pid = 0;       ///< 0 while it is down
  std::string socket;  ///< path of its socket, or the directory that holds it
  int port = 0;        ///< on loopback; 0 where it has none
};

/// Where labs live: $SCALECTL_LAB_HOME, else /var/lib/scalectl/lab for root, else
/// $XDG_STATE_HOME/scalectl/lab, else ~/.local/state/scalectl/lab, else /tmp/scalectl-<uid>.
std::filesystem::path default_home();

/// The names of the labs in `home`, sorted.
std::vector<std::string> list(const std::filesystem::path& home);

class Lab {
 public:
  /// Does not touch anything yet. Throws Error (usage) for a name that is not 1 to 32 of a-z, 0-9,
  /// - and _, or a home whose sockets' paths would be too long.
  Lab(std::filesystem::path home, std::string name);

  /// Makes the lab if it is not there, starts what does not run, and returns when the servers
  /// answer. True if anything had to be started. Throws Error: usage for missing server programs
  /// (naming the packages), for settings that the server refuses, or options other than those the
  /// lab was made with; interrupted on a stop request. A lab that could not be made leaves neither
  /// process nor file behind.
  bool up(const Options& options, const std::stop_token& stop, core::Observer& observer);
  /// As it was made before, or with the defaults.
  bool up(const std::stop_token& stop, core::Observer& observer);

  /// Stops the servers and removes everything. False if there was nothing.
  bool down(core::Observer& observer);

  bool exists() const;
  /// The options it was made with.
  Options options() const;
  std::vector<Server> servers() const;
  /// True if every server of it runs.
  bool running() const;

  const std::string& name() const { return name_; }
  const std::filesystem::path& directory() const { return directory_; }
  pg::Target postgres() const;
  pg::Target replica() const;
  pg::Target pgbouncer() const;
  redis::Target redis() const;
  /// What other programs need to reach it: DATABASE_URL, REDIS_URL, libpq's PGHOST, …. With
  /// `is_file` the value is the content of the file named, which never appears in any output.
  struct Variable {
    std::string name;
    std::string value;
    bool is_file = false;
  };
  std::vector<Variable> environment() const;

 private:
  std::filesystem::path home_;
  std::string name_;
  std::filesystem::path directory_;
};

}  // namespace scalectl::lab
