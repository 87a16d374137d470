#include "lab/layout.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "process/files.hpp"
#include "process/host.hpp"

namespace scalectl::lab {
namespace {

using core::Error;
using core::ErrorKind;
using core::Value;

core::Value or_null(const std::optional<int>& number) { return number ? Value(*number) : Value(); }

std::optional<int> integer_in(const core::Object& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->if_integer() == nullptr) return std::nullopt;
  return static_cast<int>(*value->if_integer());
}

bool flag_in(const core::Object& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->if_bool() != nullptr && *value->if_bool();
}

}  // namespace

std::optional<process::Account> server_account() {
  if (geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (auto account = process::find_account(name)) return account;
  }
  throw core::usage_error("PostgreSQL refuses to run as root, and there is no account to drop to",
                          "create an account called postgres, or run as a plain user");
}

void give_to(const std::optional<process::Account>& account, const std::filesystem::path& path) {
  if (account && chown(path.c_str(), account->uid, account->gid) != 0) {
    throw Error(ErrorKind::kFailed, fmt::format("cannot give {} to {}: {}", path.string(),
                                                account->name, std::strerror(errno)));
  }
}

void write_private(const std::filesystem::path& path, const std::string& content,
                   const std::optional<process::Account>& account) {
  process::write_file(path, content, 0600);
  give_to(account, path);
}

void save(const Layout& layout, const Options& options,
          const std::optional<process::Account>& account) {
  core::Object settings;
  for (const auto& [key, value] : options.settings) settings.set(key, value);
  const core::Object object{{"version", 1},
                            {"fast", options.fast},
                            {"settings", settings},
                            {"port", or_null(options.port)},
                            {"redis_port", or_null(options.redis_port)},
                            {"replica", options.replica},
                            {"pgbouncer", options.pgbouncer}};
  write_private(layout.state(), core::to_json(object, 2) + "\n", account);
}

std::optional<Options> load(const Layout& layout) {
  std::error_code error;
  if (!std::filesystem::exists(layout.state(), error)) {
    if (error) {
      throw core::usage_error(
          fmt::format("cannot look into {}: {}", layout.directory.string(), error.message()),
          "the lab belongs to another user");
    }
    return std::nullopt;
  }
  const Value value = core::parse_json(process::read_file(layout.state()), layout.state().string());
  const core::Object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  Options options{.fast = flag_in(*object, "fast"),
                  .settings = {},
                  .port = integer_in(*object, "port"),
                  .redis_port = integer_in(*object, "redis_port"),
                  .replica = flag_in(*object, "replica"),
                  .pgbouncer = flag_in(*object, "pgbouncer")};
  const Value* settings = object->find("settings");
  if (settings != nullptr && settings->if_object() != nullptr) {
    for (const auto& [key, setting] : *settings->if_object()) {
      if (const auto* text = setting.if_text()) options.settings[key] = *text;
    }
  }
  return options;
}

std::string new_password() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(ErrorKind::kFailed, "the system gave no random bytes");
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

int free_port(int wanted) {
  const process::Descriptor probe(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(wanted));
  socklen_t length = sizeof address;
  if (bind(probe.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw core::usage_error(
        fmt::format("port {} of 127.0.0.1 cannot be used: {}", wanted, std::strerror(errno)),
        "give another one, or 0 for any that is free");
  }
  return ntohs(address.sin_port);
}

std::string last_words(const std::filesystem::path& log) {
  std::string text;
  try {
    text = process::read_file(log);
  } catch (const Error&) {
    return "it left no log";
  }
  std::string last;
  std::string fatal;
  for (const std::string& line : core::split(text, '\n')) {
    const std::string trimmed(core::trim(line));
    if (trimmed.empty()) continue;
    last = trimmed;
    for (const std::string_view mark : {"FATAL:", "PANIC:", "LOG:  unrecognized", "error:",
                                        "LOG:  invalid value", "*** FATAL", "Fatal error"}) {
      const auto at = trimmed.find(mark);
      if (at != std::string::npos) fatal += (fatal.empty() ? "" : "; ") + trimmed.substr(at);
    }
  }
  return fatal.empty() ? last : fatal;
}

}  // namespace scalectl::lab
