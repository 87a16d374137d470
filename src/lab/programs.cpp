#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "lab/servers.hpp"
#include "process/host.hpp"

namespace scalectl::lab {
namespace {

namespace fs = std::filesystem;

/// Debian's directories of server programs, the newest PostgreSQL first.
std::vector<std::string> debian_directories() {
  std::vector<std::pair<double, std::string>> versions;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    versions.emplace_back(std::atof(entry.path().filename().c_str()),
                          (entry.path() / "bin").string());
  }
  std::sort(versions.rbegin(), versions.rend());
  std::vector<std::string> directories;
  for (auto& [version, directory] : versions) directories.push_back(std::move(directory));
  directories.insert(directories.end(), {"/usr/local/bin", "/usr/bin", "/usr/sbin"});
  return directories;
}

}  // namespace

Programs find_programs(const Options& options) {
  const auto find = [](const char* bindir, const std::string& name) {
    const auto place = process::environment(bindir);
    return place ? process::find_program(*place + "/" + name)
                 : process::find_program(name, debian_directories());
  };
  const auto find_pg = [&](const char* name) { return find("SCALECTL_PG_BINDIR", name); };
  Programs programs{.initdb = find_pg("initdb"),
                    .postgres = find_pg("postgres"),
                    .pg_basebackup = find_pg("pg_basebackup"),
                    .redis_server = find("SCALECTL_REDIS_BINDIR", "redis-server"),
                    .pgbouncer = process::find_program("pgbouncer", debian_directories())};
  std::vector<std::string> missing;
  std::vector<std::string> packages;
  if (programs.initdb.empty() || programs.postgres.empty()) {
    missing.emplace_back("PostgreSQL's server (initdb, postgres)");
    packages.emplace_back("postgresql-15");
  }
  if (programs.redis_server.empty()) {
    missing.emplace_back("redis-server");
    packages.emplace_back("redis-server");
  }
  if (options.pgbouncer && programs.pgbouncer.empty()) {
    missing.emplace_back("pgbouncer");
    packages.emplace_back("pgbouncer");
  }
  if (!missing.empty()) {
    throw core::usage_error("a lab needs " + core::join(missing, " and ") + ", not found here",
                            "apt-get install " + core::join(packages, " "));
  }
  return programs;
}

}  // namespace scalectl::lab
