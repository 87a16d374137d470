#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"
#include "lab/servers.hpp"
#include "lab/waiting.hpp"
#include "pg/identifier.hpp"
#include "pg/session.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::lab {
namespace {

using core::Error;
using core::ErrorKind;

constexpr auto kStartLimit = std::chrono::seconds(120);  // crash recovery takes a while
constexpr auto kSharedMemoryLimit = std::chrono::seconds(20);

/// A quarter of the memory, as PostgreSQL's manual advises, but at most 2 GB: a lab is a guest.
std::int64_t shared_buffers_mb() {
  return std::clamp<std::int64_t>(process::memory_bytes() / 4 / 1048576, 128, 2048);
}

std::string quoted_setting(const std::string& value) {
  std::string out = "'";
  for (const char c : value) {
    out += c;
    if (c == '\'' || c == '\\') out += c;
  }
  return out + "'";
}

/// True if the server can load this module: Debian has them beside its programs, and with another
/// layout the lab does without.
bool has_module(const Site& site, const std::string& name) {
  std::error_code error;
  const auto program = std::filesystem::canonical(site.programs.postgres, error);
  const std::filesystem::path beside = program.parent_path().parent_path() / "lib";
  return std::filesystem::exists(beside / (name + ".so"), error);
}

std::string configuration(const Site& site) {
  const Options& options = site.options;
  std::map<std::string, std::string> settings{
      {"cluster_name", std::string(pg::kLabClusterPrefix) + site.lab_name},
      {"listen_addresses", options.port ? "127.0.0.1" : ""},
      {"port", std::to_string(options.port.value_or(kPrimarySocketPort))},
      {"unix_socket_directories", site.layout.directory.string()},
      {"unix_socket_permissions", "0700"},
      {"shared_buffers", fmt::format("{}MB", shared_buffers_mb())},
      // Checkpoints in the midst of a measurement make noise; give them room.
      {"max_wal_size", "4GB"},
      {"checkpoint_timeout", "15min"},
      {"log_line_prefix", "%m [%p] "},
  };
  if (has_module(site, "pg_stat_statements")) {
    settings["shared_preload_libraries"] = "pg_stat_statements";
  }
  if (options.fast) {
    settings["fsync"] = "off";
    settings["synchronous_commit"] = "off";
    settings["full_page_writes"] = "off";
  }
  for (const auto& [key, value] : options.settings) settings[key] = value;
  std::string text = "# Written by scalectl lab up.\n";
  for (const auto& [key, value] : settings) {
    text += fmt::format("{} = {}\n", key, quoted_setting(value));
  }
  return text;
}

process::Command server(const Site& site, const std::filesystem::path& data, const std::string& log,
                        std::vector<std::string> more) {
  std::vector<std::string> argv{site.programs.postgres, "-D", data.string()};
  argv.insert(argv.end(), more.begin(), more.end());
  return {.argv = std::move(argv),
          .env = {{"LC_ALL", "C.UTF-8"}},
          .account = site.account,
          .directory = site.layout.directory.string(),
          .output_file = site.layout.log(log).string(),
          .daemon = true};
}

bool blocked_by_old_memory(const std::string& words) {
  return words.find("pre-existing shared memory block") != std::string::npos;
}

/// Starts a server and waits until `target` takes connections. After a crash the old backends may
/// hold the shared memory for a moment; such a start is tried again.
void start(const Site& site, const process::Command& command, const std::string& log,
           const pg::Target& target) {
  const auto give_up = std::chrono::steady_clock::now() + kSharedMemoryLimit;
  for (;;) {
    std::filesystem::remove(site.layout.log(log));
    process::Child child = process::Child::start(command);
    bool answers = false;
    const auto settled = [&] {
      answers = pg::accepts_connections(target);
      return answers || child.poll().has_value();
    };
    try {
      wait_until(settled, kStartLimit, site.stop);
    } catch (const Error&) {
      child.signal(SIGQUIT);  // the postmaster takes its children with it
      child.wait(std::chrono::seconds(10));
      throw;
    }
    if (answers && !child.poll()) {
      child.detach();
      return;
    }
    const std::string words = last_words(site.layout.log(log));
    if (blocked_by_old_memory(words) && std::chrono::steady_clock::now() < give_up) continue;
    throw Error(ErrorKind::kFailed, fmt::format("PostgreSQL did not start: {}", words));
  }
}

/// Lets the server read its configuration without starting it.
void check_configuration(const Site& site) {
  try {
    run_helper({.argv = {site.programs.postgres, "-D", site.layout.postgres().string(), "-C",
                         "cluster_name"},
                .env = {{"LC_ALL", "C.UTF-8"}},
                .account = site.account,
                .directory = site.layout.directory.string(),
                .output_file = site.layout.log("check").string()},
               site.stop);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFailed) throw;
    throw core::usage_error(
        "PostgreSQL refuses its settings: " + last_words(site.layout.log("check")),
        "check the values given with --pg");
  }
}

pg::Target target_of(const Site& site, int socket_port, const std::string& database) {
  std::string host;
  for (const char c : site.layout.directory.string()) {
    if (c == '\'' || c == '\\') host += '\\';
    host += c;
  }
  return {fmt::format("host='{}' port={} user={} dbname={}", host, socket_port, kRole, database)};
}

int socket_port(const Site& site) { return site.options.port.value_or(kPrimarySocketPort); }

/// In a schema of their own: what is made and dropped beside them is none of their business.
void create_extensions(const Site& site) {
  pg::Session session(target_of(site, socket_port(site), kDatabase), "scalectl lab", site.stop);
  session.query("CREATE SCHEMA IF NOT EXISTS extensions");
  const pg::Rows rows = session.query(
      "SELECT name FROM pg_available_extensions WHERE name IN ('hypopg', 'pg_stat_statements')");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    session.query("CREATE EXTENSION IF NOT EXISTS " + pg::quote_identifier(rows.text(i, "name")) +
                  " SCHEMA extensions");
  }
}

/// A crashed server leaves its lock files behind, and PostgreSQL takes a zombie, or a stranger that
/// got the number, for their owner. Whether old backends live on, it sees by their shared memory.
void remove_stale_locks(const Site& site, const std::filesystem::path& data, int port) {
  if (postgres_pid(data) != 0) return;
  std::filesystem::remove(data / "postmaster.pid");
  std::filesystem::remove(site.layout.directory / fmt::format(".s.PGSQL.{}.lock", port));
}

}  // namespace

void create_cluster(const Site& site) {
  const std::filesystem::path password = site.layout.password();
  const std::string secret = new_password();
  write_private(password, secret + "\n", site.account);
  write_private(site.layout.pgpass(), fmt::format("*:*:*:{}:{}\n", kRole, secret), site.account);
  std::vector<std::string> argv{site.programs.initdb,
                                "--pgdata=" + site.layout.postgres().string(),
                                std::string("--username=") + kRole,
                                "--pwfile=" + password.string(),
                                "--encoding=UTF8",
                                "--no-locale",
                                "--auth-local=trust",
                                "--auth-host=scram-sha-256",
                                "--no-instructions"};
  if (site.options.fast) argv.emplace_back("--no-sync");
  run_helper({.argv = std::move(argv),
              .env = {{"LC_ALL", "C.UTF-8"}},
              .account = site.account,
              .directory = site.layout.directory.string(),
              .output_file = site.layout.log("initdb").string()},
             site.stop);
  write_private(site.layout.postgres() / "lab.conf", configuration(site), site.account);
  std::ofstream(site.layout.postgres() / "postgresql.conf", std::ios::app)
      << "include 'lab.conf'\n";
  check_configuration(site);
}

void start_postgres(const Site& site) {
  remove_stale_locks(site, site.layout.postgres(), socket_port(site));
  start(site, server(site, site.layout.postgres(), "postgres", {}), "postgres",
        target_of(site, socket_port(site), "postgres"));
}

void create_database(const Site& site) {
  pg::Session session(target_of(site, socket_port(site), "postgres"), "scalectl lab", site.stop);
  const bool there =
      !session.query("SELECT 1 FROM pg_database WHERE datname = $1", {kDatabase}).empty();
  if (there) return;
  session.query("CREATE DATABASE " + pg::quote_identifier(kDatabase));
  create_extensions(site);
}

void create_replica(const Site& site) {
  std::filesystem::remove_all(site.layout.replica());
  {
    // The slot makes the primary keep what a slow replica has not read yet; without it, one that
    // falls behind by a checkpoint can never follow again.
    pg::Session session(target_of(site, socket_port(site), "postgres"), "scalectl lab", site.stop);
    session.query(
        "SELECT pg_create_physical_replication_slot($1)"
        " WHERE NOT EXISTS (SELECT 1 FROM pg_replication_slots WHERE slot_name = $1)",
        {kReplicaSlot});
  }
  run_helper(
      {.argv = {site.programs.pg_basebackup, "--pgdata=" + site.layout.replica().string(),
                "--write-recovery-conf", std::string("--slot=") + kReplicaSlot, "--checkpoint=fast",
                "--no-sync", "--host=" + site.layout.directory.string(),
                fmt::format("--port={}", socket_port(site)), std::string("--username=") + kRole},
       .account = site.account,
       .directory = site.layout.directory.string(),
       .output_file = site.layout.log("replica").string()},
      site.stop);
}

void start_replica(const Site& site) {
  remove_stale_locks(site, site.layout.replica(), kReplicaSocketPort);
  // On its own socket, and never on TCP, whatever the primary's configuration says.
  start(site,
        server(site, site.layout.replica(), "replica",
               {"-c", fmt::format("port={}", kReplicaSocketPort), "-c", "listen_addresses=", "-c",
                "hot_standby=on"}),
        "replica", target_of(site, kReplicaSocketPort, "postgres"));
}

pid_t postgres_pid(const std::filesystem::path& data) {
  std::ifstream file(data / "postmaster.pid");
  pid_t pid = 0;
  file >> pid;
  return file && process::is_running(pid, data.string()) ? pid : 0;
}

void stop_postgres(const std::filesystem::path& data) {
  const pid_t pid = postgres_pid(data);
  // Immediate shutdown: what it leaves out is work on data that is about to be removed, or that a
  // recovery puts right.
  if (pid != 0) end_process(pid, data.string(), {SIGQUIT, SIGKILL});
}

}  // namespace scalectl::lab
