// Logging in at the reference server: just enough of it to try clients that keep a cookie or a
// token. Anybody is let in, and a token that looks like one of ours is one: nothing is remembered,
// so that any number of users costs nothing and every thread answers alike.
#pragma once

#include <cstdint>

#include "net/http_server.hpp"

namespace scalectl::gateway {

/// 200 {"token":"0123456789abcdef"}, and the same as cookie "session"; 400 without a body. `number`
/// makes the token: no two of one process are equal.
void log_in(const net::ServerRequest& request, std::uint64_t number, net::ServerResponse& response);

/// 200 {"token":"…"} for who sends a token as cookie "session" or as "Authorization: Bearer …";
/// else 401.
void show_session(const net::ServerRequest& request, net::ServerResponse& response);

}  // namespace scalectl::gateway
