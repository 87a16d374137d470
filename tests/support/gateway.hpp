// The reference server in the test's own process, on a port of its own.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "gateway/reference.hpp"
#include "net/http_server.hpp"
#include "net/url.hpp"

namespace scalectl::test {

class Gateway {
 public:
  explicit Gateway(gateway::RoomOptions rooms = {}, net::ServerOptions options = {})
      : reference_(options.threads, std::move(rooms)),
        server_(with_free_port(std::move(options)), reference_) {
    reference_.watch(server_);
    server_.start();
  }
  ~Gateway() { stop(); }

  std::string target() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  net::Url url(const std::string& path) const {
    return net::parse_ws_url("ws://127.0.0.1:" + std::to_string(server_.port()) + path);
  }
  gateway::RoomCounters counters() const { return reference_.room_counters(); }
  void stop() { server_.stop(std::chrono::milliseconds(0)); }

 private:
  static net::ServerOptions with_free_port(net::ServerOptions options) {
    options.port = 0;
    return options;
  }
  gateway::Reference reference_;
  net::HttpServer server_;
};

}  // namespace scalectl::test
