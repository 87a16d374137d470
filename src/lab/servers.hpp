// Starting and stopping the servers of a lab, one at a time.
#pragma once

#include <stop_token>
#include <string>

#include "lab/layout.hpp"

namespace scalectl::lab {

/// The server programs of this host.
struct Programs {
  std::string initdb;
  std::string postgres;
  std::string pg_basebackup;
  std::string redis_server;
  std::string pgbouncer;
};

/// Finds them in $SCALECTL_PG_BINDIR and $SCALECTL_REDIS_BINDIR where those are set, else in PATH
/// and Debian's directories (newest PostgreSQL first). Throws Error (usage) naming the packages of
/// those that a lab with these options misses.
Programs find_programs(const Options& options);

/// What all the functions below need.
struct Site {
  const Layout& layout;
  const Programs& programs;
  const std::optional<process::Account>& account;
  const Options& options;
  std::string lab_name;
  std::stop_token stop;
};

/// Makes the data directory of a new cluster. Throws Error (usage) for settings that PostgreSQL
/// does not know or take.
void create_cluster(const Site& site);
/// Copies the running primary into the data directory of a standby.
void create_replica(const Site& site);
/// Writes redis.conf and its directory.
void create_redis(const Site& site);
/// The same for pgbouncer.ini.
void create_pgbouncer(const Site& site);

/// Starts a server and waits until it answers. Throws Error (failed) with its last words where it
/// does not, and leaves no process behind then.
void start_postgres(const Site& site);
void start_replica(const Site& site);
void start_redis(const Site& site);
void start_pgbouncer(const Site& site);

/// Makes the lab's database, where it is not there, with the extensions that index advise uses in
/// its schema "extensions", as far as this PostgreSQL has them.
void create_database(const Site& site);

/// The process id of a server that runs, or 0.
pid_t postgres_pid(const std::filesystem::path& data);
pid_t redis_pid(const Layout& layout);
pid_t pgbouncer_pid(const Layout& layout);

/// Stops a server and waits for its end, with ever harder signals. Does nothing if it is down.
void stop_postgres(const std::filesystem::path& data);
void stop_redis(const Layout& layout);
void stop_pgbouncer(const Layout& layout);

}  // namespace scalectl::lab
