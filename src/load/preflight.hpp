// Preflight: what has to be known before a run, and what may get in its way.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/monotonic.hpp"
#include "core/observer.hpp"
#include "net/address.hpp"
#include "net/tls.hpp"
#include "net/url.hpp"

namespace scalectl::load {

/// How a plan gets to its server.
struct Reach {
  const net::Url& url;
  const std::optional<std::string>& unix_path;
  net::IpVersion ip_version = net::IpVersion::kAny;
  const std::vector<net::Address>& sources;
  int connections = 1;
  core::Nanos connect_timeout = 0;
  const net::TlsOptions& tls;
};

/// The server, as workers connect to it.
struct Entry {
  net::Address address;  ///< the first of those its name stands for that took a connection
  std::unique_ptr<net::TlsContext> tls;  ///< null without TLS
};

/// Warns about descriptors, ports and memory that a run may run out of, and notes it; raises the
/// limit of open descriptors first.
void check_resources(const Reach& reach, core::Observer& observer, std::vector<std::string>& notes);

/// Finds the server. Throws Error (connection) with the class of the failure, or Error
/// (interrupted).
Entry find_server(const Reach& reach, const std::stop_token& stop);

}  // namespace scalectl::load
