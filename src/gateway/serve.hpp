// serve: the reference server for as long as it is wanted, and what it did as a Result.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>

#include "core/observer.hpp"
#include "core/parse.hpp"
#include "core/result.hpp"
#include "gateway/rooms.hpp"
#include "net/http_server.hpp"

namespace scalectl::gateway {

struct ServeOptions {
  net::ServerOptions server;
  RoomOptions rooms;
  std::optional<core::Seconds> duration;  ///< ends by itself after that long
  core::Seconds drain{5};                 ///< for requests in flight at the end
};

/// Serves gateway::Reference until `stop` is requested or the duration is over; raises the limit of
/// descriptors first. Being stopped is the normal end of a server: the verdict is pass, and warn
/// where requests were still in flight when the drain was over and had to be cut off. Says where it
/// listens to `observer` once it does. Throws Error (usage) where it cannot listen.
core::Result serve(const ServeOptions& options, const std::stop_token& stop,
                   core::Observer& observer);

}  // namespace scalectl::gateway
