// Cookies: what a user's servers have told it to send along (RFC 6265, for one host per server;
// domains wider than a host are left out).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/monotonic.hpp"

namespace scalectl::load::scenario {

class Cookies {
 public:
  /// Takes the value of a Set-Cookie header that came for `target` at `now` (monotonic).
  void take(std::string_view set_cookie, std::string_view target, core::Nanos now);
  /// What to send with a request for `target`: "a=1; b=2", longer paths first; empty for none.
  std::string header(std::string_view target, bool tls, core::Nanos now) const;
  bool empty() const { return cookies_.empty(); }
  void clear() { cookies_.clear(); }

 private:
  struct Cookie {
    std::string name;
    std::string value;
    std::string path;
    bool secure = false;
    core::Nanos expires = 0;  // INT64_MAX: with the user
  };
  std::vector<Cookie> cookies_;
};

}  // namespace scalectl::load::scenario
