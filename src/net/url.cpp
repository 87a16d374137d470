#include "net/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scalectl::net {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Whether it begins with "scheme://"; a query may have that too.
bool has_scheme(std::string_view text) {
  const std::size_t colon = text.find("://");
  return colon != std::string_view::npos && text.find_first_of("/?#") == colon + 1;
}

/// The URL with "…" in place of the password, if it has one: errors are for people's screens.
std::string without_secrets(std::string_view text) {
  const std::size_t scheme = has_scheme(text) ? text.find("://") + 3 : 0;
  const std::size_t end = std::min(text.find_first_of("/?#", scheme), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < scheme) return std::string(text);
  const std::size_t colon = text.substr(0, at).find(':', scheme);
  const std::size_t from = colon == std::string_view::npos ? scheme : colon + 1;
  return std::string(text.substr(0, from)) + "…" + std::string(text.substr(at));
}

/// Reads one URL; every error points at a column of it.
class Reader {
 public:
  Reader(std::string_view text, bool websocket) : text_(text) { url_.websocket = websocket; }

  Url read() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const auto c = static_cast<unsigned char>(text_[i]);
      if (c <= ' ' || c >= 0x7f) refuse(i, "a character that must be written as %XX");
    }
    read_scheme();
    const std::size_t end = std::min(text_.find_first_of("/?#", at_), text_.size());
    read_authority(end);
    read_target(end);
    return url_;
  }

 private:
  [[noreturn]] void refuse(std::size_t at, const std::string& why, std::string hint = "") const {
    throw core::usage_error(
        fmt::format("URL \"{}\": {} at column {}", without_secrets(text_), why, at + 1),
        hint.empty() ? "for example http://127.0.0.1:8000/api/health" : std::move(hint));
  }

  void read_scheme() {
    if (!has_scheme(text_)) return;
    const std::size_t colon = text_.find("://");
    const std::string scheme = lower(text_.substr(0, colon));
    const std::vector<std::string> known = url_.websocket
                                               ? std::vector<std::string>{"ws", "wss"}
                                               : std::vector<std::string>{"http", "https"};
    const std::vector<std::string> others = url_.websocket
                                                ? std::vector<std::string>{"http", "https"}
                                                : std::vector<std::string>{"ws", "wss"};
    if (std::find(known.begin(), known.end(), scheme) == known.end()) {
      const bool other = std::find(others.begin(), others.end(), scheme) != others.end();
      refuse(0, fmt::format("scheme \"{}\" is neither {} nor {}", scheme, known[0], known[1]),
             other ? fmt::format("that is for load {}", url_.websocket ? "http" : "ws")
                   : core::did_you_mean(scheme, known));
    }
    url_.tls = scheme == known[1];
    url_.port = url_.tls ? 443 : 80;
    at_ = colon + 3;
  }

  void read_authority(std::size_t end) {
    const std::string_view authority = text_.substr(at_, end - at_);
    if (authority.find('@') != std::string_view::npos) {
      refuse(at_ + authority.find('@'), "a user name and password do not belong into a URL",
             "give -H 'Authorization: Basic …'");
    }
    std::size_t host_end = authority.find(':');
    if (!authority.empty() && authority[0] == '[') {
      const std::size_t close = authority.find(']');
      if (close == std::string_view::npos) refuse(at_, "\"[\" without \"]\"");
      url_.host = authority.substr(1, close - 1);
      host_end = close + 1;
      if (host_end < authority.size() && authority[host_end] != ':') {
        refuse(at_ + host_end, "something after \"]\" that is no port");
      }
    } else {
      url_.host = authority.substr(0, host_end);
    }
    if (url_.host.empty()) refuse(at_, "no host");
    if (host_end == std::string_view::npos || host_end >= authority.size()) return;
    const std::string_view port = authority.substr(host_end + 1);
    const auto [last, failed] = std::from_chars(port.begin(), port.end(), url_.port);
    if (failed != std::errc() || last != port.end() || url_.port == 0) {
      refuse(at_ + host_end + 1, fmt::format("\"{}\" is not a port from 1 to 65535", port));
    }
  }

  void read_target(std::size_t end) {
    std::string_view target = text_.substr(end);
    target = target.substr(0, target.find('#'));  // a fragment is never sent
    if (target.empty()) return;
    url_.target = (target[0] == '?' ? "/" : "") + std::string(target);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Url url_;
};

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

std::string Url::authority() const {
  const bool usual = port == (tls ? 443 : 80);
  return usual ? bracketed(host) : fmt::format("{}:{}", bracketed(host), port);
}

std::string Url::text() const {
  const std::string scheme = websocket ? "ws" : "http";
  return scheme + (tls ? "s://" : "://") + authority() + target;
}

Url parse_url(std::string_view text) { return Reader(text, false).read(); }
Url parse_ws_url(std::string_view text) { return Reader(text, true).read(); }

std::optional<std::string> redirect_target(const Url& url, std::string_view location) {
  if (location.empty()) return std::nullopt;
  try {
    const std::string scheme = url.tls ? "https:" : "http:";
    if (location.starts_with("//") || has_scheme(location)) {
      const Url to =
          parse_url(has_scheme(location) ? std::string(location) : scheme + std::string(location));
      const bool same =
          to.tls == url.tls && lower(to.host) == lower(url.host) && to.port == url.port;
      return same ? std::optional(to.target) : std::nullopt;
    }
    // A path, or something relative to the path's folder, or another query of the same path.
    const std::string path = url.target.substr(0, url.target.find('?'));
    std::string target(location);
    if (target[0] == '?') target = path + target;
    if (target[0] != '/') target = path.substr(0, path.rfind('/') + 1) + target;
    Url to = url;
    to.target.clear();
    return parse_url(to.text() + target).target;
  } catch (const core::Error&) {
    return std::nullopt;
  }
}

}  // namespace scalectl::net
