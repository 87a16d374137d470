#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "lab/servers.hpp"
#include "lab/waiting.hpp"

namespace scalectl::lab {
namespace {

namespace fs = std::filesystem;
using core::Error;

constexpr auto kStartLimit = std::chrono::seconds(60);

fs::path configuration_file(const Layout& layout) { return layout.pgbouncer() / "pgbouncer.ini"; }
fs::path pid_file(const Layout& layout) { return layout.pgbouncer() / "pgbouncer.pid"; }

pg::Target target_of(const Layout& layout) {
  return {fmt::format("host='{}' port={} user={} dbname={}", layout.directory.string(),
                      kPgbouncerSocketPort, kRole, kDatabase)};
}

}  // namespace

void create_pgbouncer(const Site& site) {
  fs::create_directory(site.layout.pgbouncer());
  fs::permissions(site.layout.pgbouncer(), fs::perms::owner_all);
  give_to(site.account, site.layout.pgbouncer());
  // Whoever gets to the socket, in a directory that only the lab's owner may enter, is the lab's
  // superuser; on TCP it does not listen.
  write_private(
      configuration_file(site.layout),
      fmt::format("; Written by scalectl lab up.\n"
                  "[databases]\n* = host='{0}' port={1} user={2}\n"
                  "[pgbouncer]\nlisten_port = {3}\nunix_socket_dir = {0}\n"
                  "unix_socket_mode = 0700\nauth_type = any\npool_mode = transaction\n"
                  "default_pool_size = 20\nmax_client_conn = 1000\npidfile = {4}\n",
                  site.layout.directory.string(), site.options.port.value_or(kPrimarySocketPort),
                  kRole, kPgbouncerSocketPort, pid_file(site.layout).string()),
      site.account);
}

void start_pgbouncer(const Site& site) {
  const fs::path log = site.layout.log("pgbouncer");
  fs::remove(log);
  fs::remove(pid_file(site.layout));  // one that crashed has left it
  fs::remove(site.layout.directory / fmt::format(".s.PGSQL.{}", kPgbouncerSocketPort));
  process::Child child = process::Child::start(
      {.argv = {site.programs.pgbouncer, configuration_file(site.layout).string()},
       .account = site.account,
       .directory = site.layout.directory.string(),
       .output_file = log.string(),
       .daemon = true});
  bool up = false;
  const auto settled = [&] {
    up = pg::accepts_connections(target_of(site.layout));
    return up || child.poll().has_value();
  };
  wait_until(settled, kStartLimit, site.stop);  // a Child that is thrown over is killed
  if (!up || child.poll()) {
    throw Error(core::ErrorKind::kFailed,
                fmt::format("PgBouncer did not start: {}", last_words(log)));
  }
  child.detach();
}

pid_t pgbouncer_pid(const Layout& layout) {
  std::ifstream file(pid_file(layout));
  pid_t pid = 0;
  file >> pid;
  return file && process::is_running(pid, configuration_file(layout).string()) ? pid : 0;
}

void stop_pgbouncer(const Layout& layout) {
  const pid_t pid = pgbouncer_pid(layout);
  if (pid != 0) end_process(pid, configuration_file(layout).string(), {SIGTERM, SIGKILL});
}

}  // namespace scalectl::lab
