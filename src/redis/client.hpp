// Client: one connection to Redis, for one thread. hiredis stays behind it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scalectl::redis {

/// Where Redis is and how to log in.
struct Target {
  std::string host = "localhost";
  int port = 6379;
  std::string socket;  ///< path of a Unix socket; takes the place of host and port
  int database = 0;
  std::string user;
  std::string password;
};

/// Reads redis://[user[:password]@]host[:port][/db] or unix://[user[:password]@]/path[?db=N].
/// Throws Error (usage), which does not quote the URL, since it may hold a password.
Target parse_url(const std::string& url);

/// `url` where given, else REDIS_URL, else REDIS_HOST, REDIS_PORT, REDIS_DB and REDIS_PASSWORD where
/// any of them is set, else nothing. Where the URL has no password, REDIS_PASSWORD is used.
std::optional<Target> find_target(const std::optional<std::string>& url);

/// What a command answered: text for strings, integers and statuses; nothing for nil; lists nest.
struct Reply {
  std::optional<std::string> text;
  std::vector<Reply> items;
};

class Client {
 public:
  /// Connects, logs in and selects the database. Throws Error (connection).
  explicit Client(const Target& target,
                  std::chrono::milliseconds timeout = std::chrono::seconds(5));
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Runs one command. An error reply throws Error (failed), a lost connection Error (connection).
  Reply command(const std::vector<std::string>& words);
  /// The server's version, as "7.0.15".
  std::string server_version();

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace scalectl::redis
