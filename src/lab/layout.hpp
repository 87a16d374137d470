// The files of a lab, its account, and what is remembered of how it was made.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "lab/lab.hpp"

namespace scalectl::lab {

/// Paths below a lab's directory.
struct Layout {
  explicit Layout(std::filesystem::path root) : directory(std::move(root)) {}

  std::filesystem::path directory;
  std::filesystem::path state() const { return directory / "lab.json"; }
  std::filesystem::path password() const { return directory / "password"; }
  std::filesystem::path pgpass() const { return directory / "pgpass"; }
  std::filesystem::path postgres() const { return directory / "postgres"; }
  std::filesystem::path replica() const { return directory / "replica"; }
  std::filesystem::path pgbouncer() const { return directory / "pgbouncer"; }
  std::filesystem::path redis() const { return directory / "redis"; }
  std::filesystem::path redis_socket() const { return directory / "redis.sock"; }
  std::filesystem::path log(const std::string& server) const {
    return directory / (server + ".log");
  }
};

/// Port numbers that name the sockets in the lab's directory that speak PostgreSQL's protocol.
inline constexpr int kPrimarySocketPort = 5432;
inline constexpr int kReplicaSocketPort = 5433;
inline constexpr int kPgbouncerSocketPort = 6432;

/// The superuser and the database of a lab.
inline constexpr const char* kRole = "lab";
inline constexpr const char* kDatabase = "lab";
inline constexpr const char* kReplicaSlot = "replica";

/// The account the servers run under: nothing for a plain user (their own), postgres or nobody for
/// root. Throws Error (usage) where root finds neither.
std::optional<process::Account> server_account();

/// Gives `path` to `account`, where there is one.
void give_to(const std::optional<process::Account>& account, const std::filesystem::path& path);

/// Writes `content` to `path` with mode 0600, owned by `account`.
void write_private(const std::filesystem::path& path, const std::string& content,
                   const std::optional<process::Account>& account);

/// lab.json.
void save(const Layout& layout, const Options& options,
          const std::optional<process::Account>& account);
std::optional<Options> load(const Layout& layout);

/// A password of 128 random bits, in hexadecimal.
std::string new_password();

/// A TCP port on loopback that is free at this moment, or Error (usage) if `wanted` is taken.
int free_port(int wanted);

/// The last lines of a server's log that say why it stopped, on one line.
std::string last_words(const std::filesystem::path& log);

}  // namespace scalectl::lab
