// HttpPlan: what a load run over HTTP is to do. Pure data; run() carries it out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/monotonic.hpp"
#include "load/schedule.hpp"
#include "load/threshold.hpp"
#include "net/address.hpp"
#include "net/http_parser.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

namespace scalectl::load {

struct HttpRequest {
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value"
  std::optional<std::string> body;
  bool keep_alive = true;
  int follow = 0;  ///< redirects to follow, within the same server; 0 follows none

  /// The bytes to send for `target` of `url`.
  std::string wire(const net::Url& url, const std::string& target) const;
};

struct HttpPlan {
  net::Url url;
  std::optional<std::string> unix_path;  ///< a Unix socket to connect to, whatever the URL's host
  HttpRequest request;

  int connections = 10;
  int threads = 1;
  int pipeline = 1;                  ///< requests in flight on one connection
  std::optional<Schedule> schedule;  ///< open model; without it every connection asks again at once
  std::optional<Shard> shard;
  std::optional<std::chrono::system_clock::time_point> start_at;
  std::optional<core::Nanos> duration;  ///< closed model: when to stop starting
  std::optional<std::uint64_t> count;   ///< closed model: how many to start

  core::Nanos timeout =
      30 * core::kSecond;  ///< of a request, from its first byte written to its end
  core::Nanos connect_timeout = 5 * core::kSecond;  ///< of a connection, TLS handshake included
  core::Nanos drain = 5 * core::kSecond;  ///< how long to wait at the end for what is in flight

  net::IpVersion ip_version = net::IpVersion::kAny;
  bool resolve_each = false;  ///< look the name up for every connection, not once
  std::vector<net::Address> sources;
  net::TlsOptions tls;
  net::HttpLimits limits;

  std::vector<Threshold> thresholds;
  bool abort_on_fail = false;
  core::Nanos abort_delay = 0;  ///< thresholds are not looked at before

  bool is_open() const { return schedule.has_value(); }
};

/// Throws Error (usage) for what contradicts itself or cannot be.
void check(const HttpPlan& plan);

}  // namespace scalectl::load
