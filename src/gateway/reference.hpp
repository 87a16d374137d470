// Reference: the routes of `scalectl serve`, a target whose answers are known and whose counts are
// exact.
//
//   GET  /api/health      200 {"status":"ok"}
//   POST /api/login       200 {"token":"…"} and a cookie, see login.hpp
//   GET  /api/session     200 for who sends one of them, else 401
//   GET  /delay/{ms}      200 after so many milliseconds, 0 to 60000
//   GET  /status/{code}   that status, 200 to 599; 3xx lead to /api/health; 204, 205, 304 have no
//                         body
//   POST /echo            the body back, with its content type
//   GET  /metrics         Prometheus text (version 0.0.4)
//   GET  /ws/echo         a WebSocket: every message comes back
//   GET  /ws/room/{name}  a WebSocket: what one says reaches everyone in the room, see rooms.hpp
//
// HEAD goes wherever GET does. Another method is answered with 405, another path with 404, a number
// out of range with 400.
//
// A request is counted when its response is made, before the first byte of that leaves: whoever has
// read a response finds it in the next /metrics. A request for /metrics is not yet in the figures
// it shows (its bytes that came in are); the next one shows it. Each thread counts for itself and
// the sums are made when they are asked for, so no count is ever lost.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/rooms.hpp"
#include "net/http_server.hpp"

namespace scalectl::gateway {

/// One row of scalectl_serve_requests_total.
struct RequestCount {
  std::string_view route;   ///< "/api/health", "/delay/{ms}", …; "other" for unknown paths
  std::string_view method;  ///< "GET", …; "other" for unknown methods
  int status = 0;
  std::uint64_t count = 0;
};

class Reference final : public net::ServerHandler {
 public:
  /// `threads` as in the server's options.
  explicit Reference(int threads, RoomOptions rooms = {});
  ~Reference() override;

  /// Where /metrics finds the counts of connections and bytes, and whose threads the rooms span.
  /// Call before the server starts; this must outlive it.
  void watch(net::HttpServer& server);

  void handle(const net::ServerRequest& request, net::ServerResponse& response) override;

  /// The counts that are not zero, over all threads. Any thread may ask.
  std::vector<RequestCount> counts() const;
  RoomCounters room_counters() const { return rooms_.counters(); }
  /// What /metrics shows.
  void write_metrics(std::string& text) const;

 private:
  struct Counts;
  void upgrade(const net::ServerRequest& request, std::string_view room,
               net::ServerResponse& response);

  std::vector<std::unique_ptr<Counts>> counts_;  ///< one for each thread
  const net::HttpServer* server_ = nullptr;
  std::atomic<std::uint64_t> logins_{0};
  Rooms rooms_;
};

}  // namespace scalectl::gateway
