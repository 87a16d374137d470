#include "lab/lab.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <regex>

#include "core/error.hpp"
#include "core/text.hpp"
#include "lab/layout.hpp"
#include "lab/servers.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::lab {
namespace {

namespace fs = std::filesystem;
using core::Error;
using core::ErrorKind;
using core::usage_error;

/// sun_path of a Unix socket address, with its NUL (unix(7)).
constexpr std::size_t kMaxSocketPath = 107;

void stop_all(const Layout& layout) {
  stop_pgbouncer(layout);
  stop_postgres(layout.replica());
  stop_postgres(layout.postgres());
  stop_redis(layout);
}

/// Undoes a failed up(): all of a new lab, or what was started of an old one.
class Undo {
 public:
  Undo(const Layout& layout, bool is_new) : layout_(layout), is_new_(is_new) {}
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo() {
    if (done_) return;
    try {
      stop_all(layout_);
      if (is_new_) fs::remove_all(layout_.directory);
    } catch (const std::exception&) {  // the first error is the one to report
    }
  }
  void done() { done_ = true; }

 private:
  const Layout& layout_;
  bool is_new_;
  bool done_ = false;
};

/// Resolves "any free port", so that what is remembered is what is used.
Options with_ports(Options options) {
  for (std::optional<int>* port : {&options.port, &options.redis_port}) {
    if (*port) *port = free_port(**port);
  }
  return options;
}

/// True if a lab made with `made` is what `wanted` asks for; port 0 is content with any port.
bool satisfies(const Options& made, Options wanted) {
  if (wanted.port == 0) wanted.port = made.port;
  if (wanted.redis_port == 0) wanted.redis_port = made.redis_port;
  return made == wanted;
}

/// Settings that say where a lab's server is and who may enter; on them all else relies.
constexpr std::array<std::string_view, 10> kOwnSettings{"port",
                                                        "listen_addresses",
                                                        "unix_socket_directories",
                                                        "unix_socket_permissions",
                                                        "hba_file",
                                                        "ident_file",
                                                        "data_directory",
                                                        "config_file",
                                                        "external_pid_file",
                                                        "unix_socket_group"};

void check_settings(const Options& options) {
  static const std::regex kKey("[a-z_][a-z0-9_.]*");
  for (const auto& [key, value] : options.settings) {
    if (!std::regex_match(key, kKey) || value.find_first_of("\n\r") != std::string::npos) {
      throw usage_error(fmt::format("--pg \"{}={}\" is not a setting", key, value),
                        "for example --pg work_mem=64MB");
    }
    if (std::find(kOwnSettings.begin(), kOwnSettings.end(), key) != kOwnSettings.end()) {
      throw usage_error(fmt::format("--pg {}: the lab sets this itself", key),
                        "its sockets, ports and files are its own; --port opens one on loopback");
    }
  }
}

/// A home that somebody else made could be swapped under us.
void check_owner(const fs::path& home) {
  struct stat status {};
  if (stat(home.c_str(), &status) != 0 || (status.st_uid != geteuid() && status.st_uid != 0)) {
    throw usage_error(fmt::format("{} belongs to another user", home.string()),
                      "set SCALECTL_LAB_HOME to a directory of your own");
  }
}

/// The servers' account must get through every directory above theirs.
void check_passable(const fs::path& home, const std::optional<process::Account>& account) {
  if (!account) return;
  for (fs::path path = home; path != path.root_path(); path = path.parent_path()) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) continue;
    const bool owner = status.st_uid == account->uid && (status.st_mode & S_IXUSR) != 0;
    const bool group = status.st_gid == account->gid && (status.st_mode & S_IXGRP) != 0;
    if (owner || group || (status.st_mode & S_IXOTH) != 0) continue;
    throw usage_error(fmt::format("the servers run under the account {}, which may not enter {}",
                                  account->name, path.string()),
                      "chmod o+x it, or set SCALECTL_LAB_HOME to another directory");
  }
}

void create_directory(const Layout& layout, const std::optional<process::Account>& account) {
  if (mkdir(layout.directory.c_str(), 0700) != 0) {
    throw usage_error(fmt::format("cannot make {}: {}", layout.directory.string(),
                                  std::error_code(errno, std::generic_category()).message()));
  }
  give_to(account, layout.directory);
}

bool start_what_is_down(const Site& site, core::Observer& observer) {
  bool started = false;
  const auto ensure = [&](pid_t pid, void (*start)(const Site&), const char* name) {
    if (pid != 0) return;
    start(site);
    observer.log(core::LogLevel::kDebug, fmt::format("Started {}", name));
    started = true;
  };
  ensure(postgres_pid(site.layout.postgres()), start_postgres, "PostgreSQL");
  create_database(site);
  if (site.options.replica) {
    if (!fs::exists(site.layout.replica() / "PG_VERSION")) create_replica(site);
    ensure(postgres_pid(site.layout.replica()), start_replica, "replica");
  }
  if (site.options.pgbouncer) {
    ensure(pgbouncer_pid(site.layout), start_pgbouncer, "PgBouncer");
  }
  ensure(redis_pid(site.layout), start_redis, "Redis");
  return started;
}

std::string percent_encoded(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("/-_.~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string url(const fs::path& directory, int port) {
  return fmt::format("postgresql://{}@/{}?host={}&port={}", kRole, kDatabase,
                     percent_encoded(directory.string()), port);
}

}  // namespace

fs::path default_home() {
  if (const auto home = process::environment("SCALECTL_LAB_HOME")) return *home;
  if (geteuid() == 0) return "/var/lib/scalectl/lab";
  if (const auto state = process::environment("XDG_STATE_HOME"))
    return fs::path(*state) / "scalectl/lab";
  const auto home = process::environment("HOME");
  if (home && access(home->c_str(), W_OK) == 0)
    return fs::path(*home) / ".local/state/scalectl/lab";
  return fmt::format("/tmp/scalectl-{}", geteuid());
}

std::vector<std::string> list(const fs::path& home) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(home, error)) {
    if (entry.is_directory(error)) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Lab::Lab(fs::path home, std::string name)
    : home_(fs::absolute(std::move(home)).lexically_normal()),
      name_(std::move(name)),
      directory_(home_ / name_) {
  static const std::regex kName("[a-z0-9][a-z0-9_-]{0,31}");
  if (!std::regex_match(name_, kName)) {
    throw usage_error(fmt::format("\"{}\" is not a lab's name", name_),
                      "use 1 to 32 of a-z, 0-9, - and _");
  }
  const std::string socket = (directory_ / ".s.PGSQL.54321").string();
  if (socket.size() > kMaxSocketPath) {
    throw usage_error(
        fmt::format("{} is too long a path for a Unix socket ({} bytes)", socket, socket.size()),
        "set SCALECTL_LAB_HOME to a shorter directory");
  }
}

bool Lab::exists() const { return load(Layout(directory_)).has_value(); }

Options Lab::options() const { return load(Layout(directory_)).value_or(Options{}); }

bool Lab::up(const std::stop_token& stop, core::Observer& observer) {
  return up(options(), stop, observer);
}

bool Lab::up(const Options& options, const std::stop_token& stop, core::Observer& observer) {
  check_settings(options);
  const Programs programs = find_programs(options);
  const auto account = server_account();
  const process::DirectoryLock lock(home_);
  check_owner(home_);
  check_passable(home_, account);
  const Layout layout(directory_);
  const auto made = load(layout);
  if (made && !satisfies(*made, options)) {
    throw usage_error(fmt::format("lab {} was made with other options", name_),
                      fmt::format("scalectl lab down --name {} first", name_));
  }
  const Options effective = made ? *made : with_ports(options);
  const Site site{.layout = layout,
                  .programs = programs,
                  .account = account,
                  .options = effective,
                  .lab_name = name_,
                  .stop = stop};
  if (!made && fs::exists(directory_)) {  // left by an up() that was killed
    stop_all(layout);
    fs::remove_all(directory_);
  }
  if (made && running()) return false;

  Undo undo(layout, !made);
  try {
    if (made) {
      observer.warn(fmt::format("Lab {} was not running as it should; starting it again", name_));
    } else {
      create_directory(layout, account);
      create_cluster(site);
      create_redis(site);
      if (effective.pgbouncer) create_pgbouncer(site);
    }
    start_what_is_down(site, observer);
    if (!made) save(layout, effective, account);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kInterrupted,
                fmt::format("lab {} was not brought up: interrupted; {}", name_,
                            made ? "it is stopped" : "nothing of it is left"));
  }
  undo.done();
  if (effective.fast) {
    observer.warn(fmt::format(
        "Lab {} runs with --fast: no fsync; a crash of this machine may lose all its data", name_));
  }
  return true;
}

bool Lab::down(core::Observer& observer) {
  if (!fs::exists(home_)) return false;
  const process::DirectoryLock lock(home_);
  const Layout layout(directory_);
  if (!fs::exists(directory_)) return false;
  load(layout);  // says so if the lab is another user's
  stop_all(layout);
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) {
    throw Error(ErrorKind::kFailed,
                fmt::format("cannot remove {}: {}", directory_.string(), error.message()),
                "its servers are stopped; remove what is left as its owner");
  }
  observer.info(fmt::format("Lab {} is stopped and removed", name_));
  return true;
}

std::vector<Server> Lab::servers() const {
  const Layout layout(directory_);
  const Options made = options();
  std::vector<Server> servers{{.name = "postgres",
                               .pid = postgres_pid(layout.postgres()),
                               .socket = directory_.string(),
                               .port = made.port.value_or(0)}};
  if (made.replica) {
    servers.push_back({.name = "replica",
                       .pid = postgres_pid(layout.replica()),
                       .socket = directory_.string(),
                       .port = 0});
  }
  if (made.pgbouncer) {
    servers.push_back({.name = "pgbouncer",
                       .pid = pgbouncer_pid(layout),
                       .socket = directory_.string(),
                       .port = 0});
  }
  servers.push_back({.name = "redis",
                     .pid = redis_pid(layout),
                     .socket = layout.redis_socket().string(),
                     .port = made.redis_port.value_or(0)});
  return servers;
}

bool Lab::running() const {
  const auto all = servers();
  return exists() &&
         std::all_of(all.begin(), all.end(), [](const Server& s) { return s.pid != 0; });
}

pg::Target Lab::postgres() const {
  return {url(directory_, options().port.value_or(kPrimarySocketPort))};
}

pg::Target Lab::replica() const { return {url(directory_, kReplicaSocketPort)}; }

pg::Target Lab::pgbouncer() const { return {url(directory_, kPgbouncerSocketPort)}; }

redis::Target Lab::redis() const {
  const Layout layout(directory_);
  redis::Target target;
  target.socket = layout.redis_socket().string();
  if (options().redis_port) target.password = core::trim(process::read_file(layout.password()));
  return target;
}

std::vector<Lab::Variable> Lab::environment() const {
  const Layout layout(directory_);
  const Options made = options();
  std::vector<Variable> variables{
      {.name = "DATABASE_URL", .value = postgres().conninfo},
      {.name = "PGHOST", .value = directory_.string()},
      {.name = "PGPORT", .value = std::to_string(made.port.value_or(kPrimarySocketPort))},
      {.name = "PGUSER", .value = kRole},
      {.name = "PGDATABASE", .value = kDatabase},
      {.name = "REDIS_URL", .value = "unix://" + percent_encoded(layout.redis_socket().string())}};
  if (made.replica) variables.push_back({.name = "REPLICA_URL", .value = replica().conninfo});
  if (made.pgbouncer) {
    variables.push_back({.name = "PGBOUNCER_URL", .value = pgbouncer().conninfo});
  }
  if (made.port) variables.push_back({.name = "PGPASSFILE", .value = layout.pgpass().string()});
  if (made.redis_port) {
    variables.push_back(
        {.name = "REDIS_PASSWORD", .value = layout.password().string(), .is_file = true});
  }
  return variables;
}

}  // namespace scalectl::lab
