#include "load/scenario/cookies.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/text.hpp"

namespace scalectl::load::scenario {
namespace {

using core::Nanos;

constexpr std::int64_t kForever_s = 100LL * 365 * 24 * 3600;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// RFC 6265, 5.1.4: up to the last slash, without it.
std::string default_path(std::string_view target) {
  const std::string_view path = path_of(target);
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string_view::npos ? "/" : std::string(path.substr(0, slash));
}

/// RFC 6265, 5.1.4.
bool path_matches(std::string_view path, std::string_view cookie) {
  if (!path.starts_with(cookie)) return false;
  return path.size() == cookie.size() || cookie.ends_with('/') || path[cookie.size()] == '/';
}

/// True for a date in the past. Servers that delete a cookie say 1970; what else they say lies
/// beyond the end of a run.
bool is_past(std::string_view date) { return date.find("1970") != std::string_view::npos; }

}  // namespace

void Cookies::take(std::string_view set_cookie, std::string_view target, Nanos now) {
  const std::vector<std::string> parts = core::split(set_cookie, ';');
  const std::size_t equals = parts[0].find('=');
  if (equals == std::string::npos || core::trim(parts[0].substr(0, equals)).empty()) return;
  Cookie cookie{.name = std::string(core::trim(parts[0].substr(0, equals))),
                .value = std::string(core::trim(parts[0].substr(equals + 1))),
                .path = default_path(target),
                .expires = INT64_MAX};
  bool has_age = false;  // which goes before a date
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::size_t at = parts[i].find('=');
    const std::string name = lower(core::trim(parts[i].substr(0, at)));
    const std::string value(
        at == std::string::npos ? "" : core::trim(std::string_view(parts[i]).substr(at + 1)));
    if (name == "path" && value.starts_with('/')) cookie.path = value;
    if (name == "secure") cookie.secure = true;
    if (name == "expires" && !has_age && is_past(value)) cookie.expires = now;
    std::int64_t age_s = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), age_s);
    if (name != "max-age" || error != std::errc() || end != value.data() + value.size()) continue;
    has_age = true;
    cookie.expires =
        age_s > kForever_s ? INT64_MAX : now + std::max<std::int64_t>(age_s, 0) * core::kSecond;
  }
  std::erase_if(cookies_, [&](const Cookie& other) {
    return other.name == cookie.name && other.path == cookie.path;
  });
  if (cookie.expires > now) cookies_.push_back(std::move(cookie));
}

std::string Cookies::header(std::string_view target, bool tls, Nanos now) const {
  std::vector<const Cookie*> found;
  for (const Cookie& cookie : cookies_) {
    if (cookie.expires > now && (tls || !cookie.secure) &&
        path_matches(path_of(target), cookie.path)) {
      found.push_back(&cookie);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Cookie* a, const Cookie* b) {
    return a->path.size() > b->path.size();
  });
  std::string text;
  for (const Cookie* cookie : found) {
    if (!text.empty()) text += "; ";
    text += cookie->name + "=" + cookie->value;
  }
  return text;
}

}  // namespace scalectl::load::scenario
