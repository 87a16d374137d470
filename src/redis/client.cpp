#include "redis/client.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/error.hpp"
#include "core/parse.hpp"
#include "core/text.hpp"

namespace scalectl::redis {
namespace {

using core::Error;
using core::ErrorKind;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Error bad_url() {
  return core::usage_error("the Redis URL cannot be read",
                           "write redis://user:password@host:6379/0 or unix:///path/redis.sock");
}

int number_in(const std::string& text, int low, int high) {
  try {
    const auto value = core::parse_integer(text);
    if (value >= low && value <= high) return static_cast<int>(value);
  } catch (const Error&) {  // reported below, without the text
  }
  throw bad_url();
}

std::string percent_decoded(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      unsigned char byte = 0;
      const char* end = text.data() + std::min(i + 3, text.size());
      const auto parsed = std::from_chars(text.data() + i + 1, end, byte, 16);
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + i + 3) throw bad_url();
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Takes "user:password@" off the front of `rest`; `at` is where its @ stands, or npos.
void take_login(std::string& rest, std::size_t at, Target& target) {
  if (at == std::string::npos) return;
  const std::string login = rest.substr(0, at);
  rest = rest.substr(at + 1);
  const auto colon = login.find(':');
  if (colon == std::string::npos) {
    target.user = percent_decoded(login);
  } else {
    target.user = percent_decoded(login.substr(0, colon));
    target.password = percent_decoded(login.substr(colon + 1));
  }
}

void read_socket_url(std::string rest, Target& target) {
  // A path may hold an @ of its own.
  take_login(rest, rest.rfind('/', 0) == 0 ? std::string::npos : rest.find("@/"), target);
  const auto query = rest.find('?');
  target.socket = percent_decoded(rest.substr(0, query));
  if (target.socket.empty() || target.socket[0] != '/') throw bad_url();
  if (query == std::string::npos) return;
  const std::string parameter = rest.substr(query + 1);
  if (parameter.rfind("db=", 0) != 0) throw bad_url();
  target.database = number_in(parameter.substr(3), 0, 65535);
}

void read_host_url(std::string rest, Target& target) {
  take_login(rest, rest.rfind('@'), target);
  const auto slash = rest.find('/');
  if (slash != std::string::npos && slash + 1 < rest.size()) {
    target.database = number_in(rest.substr(slash + 1), 0, 65535);
  }
  std::string address = rest.substr(0, slash);
  const auto bracket = address.rfind(']');  // [::1]:6379
  const auto colon = address.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    target.port = number_in(address.substr(colon + 1), 1, 65535);
    address = address.substr(0, colon);
  }
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  if (!address.empty()) target.host = address;
}

Reply convert(const redisReply& raw) {
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      reply.text = std::string(raw.str, static_cast<std::size_t>(raw.len));
      break;
    case REDIS_REPLY_INTEGER:
      reply.text = std::to_string(raw.integer);
      break;
    case REDIS_REPLY_ARRAY:
      for (std::size_t i = 0; i < raw.elements; ++i) reply.items.push_back(convert(*raw.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace

Target parse_url(const std::string& url) {
  Target target;
  if (url.rfind("redis://", 0) == 0) {
    read_host_url(url.substr(8), target);
  } else if (url.rfind("unix://", 0) == 0) {
    read_socket_url(url.substr(7), target);
  } else {
    throw bad_url();
  }
  return target;
}

std::optional<Target> find_target(const std::optional<std::string>& url) {
  const auto password = environment("REDIS_PASSWORD");
  std::optional<Target> target;
  if (const auto given = url ? url : environment("REDIS_URL")) {
    target = parse_url(*given);
  } else {
    const auto host = environment("REDIS_HOST");
    const auto port = environment("REDIS_PORT");
    const auto database = environment("REDIS_DB");
    if (!host && !port && !database && !password) return std::nullopt;
    target.emplace();
    if (host) target->host = *host;
    if (port) target->port = number_in(*port, 1, 65535);
    if (database) target->database = number_in(*database, 0, 65535);
  }
  if (target->password.empty()) target->password = password.value_or("");
  return target;
}

struct Client::Connection {
  std::unique_ptr<redisContext, decltype(&redisFree)> context{nullptr, redisFree};
  std::string where;
};

Client::Client(const Target& target, std::chrono::milliseconds timeout)
    : connection_(std::make_unique<Connection>()) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  connection_->where =
      target.socket.empty() ? fmt::format("{}:{}", target.host, target.port) : target.socket;
  connection_->context.reset(
      target.socket.empty()
          ? redisConnectWithTimeout(target.host.c_str(), target.port, limit)
          : redisConnectUnixWithTimeout(target.socket.c_str(), limit));
  const redisContext* context = connection_->context.get();
  if (context == nullptr || context->err != 0) {
    throw Error(ErrorKind::kConnection,
                fmt::format("cannot connect to Redis at {}: {}", connection_->where,
                            context != nullptr ? context->errstr : "out of memory"),
                "check that the server runs and that --redis, REDIS_URL or REDIS_HOST name it");
  }
  redisSetTimeout(connection_->context.get(), limit);
  try {
    if (!target.password.empty() && !target.user.empty()) {
      command({"AUTH", target.user, target.password});
    } else if (!target.password.empty()) {
      command({"AUTH", target.password});
    }
    if (target.database != 0) command({"SELECT", std::to_string(target.database)});
  } catch (const Error& error) {
    throw Error(ErrorKind::kConnection,
                fmt::format("Redis at {} refused the login: {}", connection_->where,
                            error.message()),
                "check user, password and database number");
  }
}

Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Reply Client::command(const std::vector<std::string>& words) {
  std::vector<const char*> argv;
  std::vector<std::size_t> lengths;
  for (const std::string& word : words) {
    argv.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisContext* context = connection_->context.get();
  const std::unique_ptr<void, decltype(&freeReplyObject)> raw(
      redisCommandArgv(context, static_cast<int>(argv.size()), argv.data(), lengths.data()),
      freeReplyObject);
  if (!raw) {
    throw Error(ErrorKind::kConnection,
                fmt::format("lost Redis at {}: {}", connection_->where, context->errstr));
  }
  const auto& reply = *static_cast<const redisReply*>(raw.get());
  if (reply.type == REDIS_REPLY_ERROR) {
    throw Error(ErrorKind::kFailed,
                fmt::format("Redis: {}", std::string_view(reply.str, static_cast<std::size_t>(reply.len))));
  }
  return convert(reply);
}

std::string Client::server_version() {
  const std::string info = command({"INFO", "server"}).text.value_or("");
  for (const std::string& line : core::split(info, '\n')) {
    constexpr std::string_view kKey = "redis_version:";
    if (line.rfind(kKey, 0) == 0) return std::string(core::trim(line.substr(kKey.size())));
  }
  return "unknown";
}

}  // namespace scalectl::redis
