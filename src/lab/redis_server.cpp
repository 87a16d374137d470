#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "lab/servers.hpp"
#include "lab/waiting.hpp"
#include "process/files.hpp"
#include "process/host.hpp"
#include "redis/client.hpp"

namespace scalectl::lab {
namespace {

namespace fs = std::filesystem;
using core::Error;

constexpr auto kStartLimit = std::chrono::seconds(60);

fs::path configuration_file(const Layout& layout) { return layout.redis() / "redis.conf"; }
fs::path pid_file(const Layout& layout) { return layout.redis() / "redis.pid"; }

/// A word of redis.conf.
std::string quoted(const fs::path& path) {
  std::string out = "\"";
  for (const char c : path.string()) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// True if a Redis without a password answers, or one with a password asks for it.
bool answers(const Layout& layout) {
  try {
    redis::Target target;
    target.socket = layout.redis_socket().string();
    redis::Client(target, std::chrono::seconds(1)).command({"PING"});
    return true;
  } catch (const Error& error) {
    return error.message().find("NOAUTH") != std::string::npos;
  }
}

}  // namespace

void create_redis(const Site& site) {
  const Options& options = site.options;
  fs::create_directory(site.layout.redis());
  fs::permissions(site.layout.redis(), fs::perms::owner_all);
  give_to(site.account, site.layout.redis());
  std::string text = "# Written by scalectl lab up.\n";
  text += fmt::format("port {}\n", options.redis_port.value_or(0));
  text += "bind 127.0.0.1\n";
  text += fmt::format("unixsocket {}\nunixsocketperm 700\n", quoted(site.layout.redis_socket()));
  text += fmt::format("dir {}\npidfile {}\n", quoted(site.layout.redis()),
                      quoted(pid_file(site.layout)));
  // The configuration's path in the process title is what tells our servers from others.
  text += "daemonize no\nproc-title-template \"{title} {config-file} {listen-addr}\"\n";
  if (options.fast) text += "save \"\"\n";
  if (options.redis_port) {
    text += fmt::format("requirepass {}\n", core::trim(process::read_file(site.layout.password())));
  }
  write_private(configuration_file(site.layout), text, site.account);
}

void start_redis(const Site& site) {
  const fs::path log = site.layout.log("redis");
  fs::remove(log);
  process::Child child = process::Child::start(
      {.argv = {site.programs.redis_server, configuration_file(site.layout).string()},
       .account = site.account,
       .directory = site.layout.directory.string(),
       .output_file = log.string(),
       .daemon = true});
  bool up = false;
  const auto settled = [&] {
    up = answers(site.layout);
    return up || child.poll().has_value();
  };
  wait_until(settled, kStartLimit, site.stop);  // a Child that is thrown over is killed
  if (!up || child.poll()) {
    throw Error(core::ErrorKind::kFailed, fmt::format("Redis did not start: {}", last_words(log)));
  }
  child.detach();
}

pid_t redis_pid(const Layout& layout) {
  std::ifstream file(pid_file(layout));
  pid_t pid = 0;
  file >> pid;
  return file && process::is_running(pid, configuration_file(layout).string()) ? pid : 0;
}

void stop_redis(const Layout& layout) {
  const pid_t pid = redis_pid(layout);
  if (pid != 0) end_process(pid, configuration_file(layout).string(), {SIGTERM, SIGKILL});
}

}  // namespace scalectl::lab
