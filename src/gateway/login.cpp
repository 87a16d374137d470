#include "gateway/login.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace scalectl::gateway {
namespace {

constexpr std::size_t kTokenLength = 16;
// Odd, so that multiplying by it takes no two numbers to one.
constexpr std::uint64_t kScatter = 0x9E3779B97F4A7C15ULL;

bool is_token(std::string_view text) {
  return text.size() == kTokenLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// The cookie called `name` among "a=1; b=2".
std::string_view cookie(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::string_view pair = cookies.substr(0, cookies.find(';'));
    cookies.remove_prefix(std::min(cookies.size(), pair.size() + 1));
    const std::string_view trimmed =
        pair.substr(std::min(pair.size(), pair.find_first_not_of(' ')));
    if (trimmed.size() > name.size() && trimmed.starts_with(name) && trimmed[name.size()] == '=') {
      return trimmed.substr(name.size() + 1);
    }
  }
  return {};
}

void answer(std::string_view key, std::string_view value, net::ServerResponse& response) {
  fmt::format_to(std::back_inserter(response.buffer), "{{\"{}\":\"{}\"}}\n", key, value);
  response.use_buffer();
}

}  // namespace

void log_in(const net::ServerRequest& request, std::uint64_t number,
            net::ServerResponse& response) {
  if (request.body.empty()) {
    response.status = 400;
    return answer("error", "say who you are", response);
  }
  const std::string token = fmt::format("{:016x}", (number + 1) * kScatter);
  response.add_header("Set-Cookie", fmt::format("session={}; Path=/; HttpOnly", token));
  answer("token", token, response);
}

void show_session(const net::ServerRequest& request, net::ServerResponse& response) {
  std::string_view token = cookie(request.header("Cookie"), "session");
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("Authorization");
  if (authorization.starts_with(kBearer)) token = authorization.substr(kBearer.size());
  if (!is_token(token)) {
    response.status = 401;
    response.add_header("WWW-Authenticate", "Bearer");
    return answer("error", "log in first", response);
  }
  answer("token", token, response);
}

}  // namespace scalectl::gateway
